"""Every table of the layer from the audiences of a project and the warehouse, in one pass over the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from dmp_assets.audiences import schema
from dmp_assets.audiences.compare import Traits, compare
from dmp_assets.audiences.define import Audience, Audiences, checked, version
from dmp_assets.audiences.members import RULE_CHANGED, changes, make_before, make_flags, members, sizes
from dmp_assets.platform.emptiness import as_table, empty_table
from dmp_assets.platform.warehouse import columns_of, has_table, quoted
from dmp_assets.rules.customers import PROFILES, customer_subject
from dmp_assets.rules.files import RuleError
from dmp_assets.rules.judge import Judgement, compiled_for, judge
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.words import in_words, why

TABLES = ("audiences", "audience_changes", "audience_overlap", "audience_counts", "audience_traits")
"""The tables of the layer beside the members."""
TRAITS = 12
"""How many traits of each audience are kept."""
_MOST_VALUES = 30
"""Different texts above which a column of the profile tells no group of customers from others."""
_NO_TRAITS = ("customer_id", "as_of_on", "cluster_id", "rfm_score")
"""Columns of the profile that are no trait: keys, and numbers without an order."""


@dataclass(frozen=True)
class Built:
    """What one run found out.

    Attributes:
        tables: the tables of the layer but the members, by name; of histories the rows of this as-of date.
        members: the query of the members, on the connection that they were found with.
        wrong: what is wrong with the audiences that are left out, by name.
    """

    tables: Mapping[str, pd.DataFrame]
    members: str
    wrong: Mapping[str, str]


def build_audiences(connection: duckdb.DuckDBPyConnection, audiences: Audiences, as_of_on: dt.date) -> Built:
    """Judge every customer by every audience.

    Args:
        connection: to the warehouse; temporary tables are made in it.
        audiences: of the project.
        as_of_on: the as-of date.

    Raises:
        UserError: the warehouse has no customers or profiles yet.
    """
    subject = customer_subject(connection, as_of_on, audiences.right)
    audiences, judged = _answered(connection, checked(audiences, subject), subject, as_of_on)
    names = sorted(audiences.right)
    make_before(connection, as_of_on)
    is_stored = has_table(connection, "audiences.audience_members")
    query = members(names, audiences.wrong, is_stored=is_stored, as_of_on=as_of_on)
    if judged is None:
        return Built({name: empty_table(getattr(schema, name.upper())) for name in TABLES}, query, audiences.wrong)
    make_flags(judged, audiences.right)
    counted = sizes(connection, names).assign(as_of_on=pd.to_datetime(as_of_on))
    counted["version"] = [version(audiences.right[name], audiences.right) for name in names]
    happened = changes(
        connection, _reasons(connection, counted), as_of_on, lambda name, customers: _words(judged, name, customers)
    )
    overlaps, traits = compare(connection, names, _compared(connection, subject), as_of_on, most=TRAITS)
    tables = {
        "audiences": _described(connection, audiences, subject, counted, happened),
        "audience_changes": happened,
        "audience_overlap": overlaps,
        "audience_counts": counted,
        "audience_traits": traits,
    }
    shaped = {
        name: as_table(table, contract) if len(table) else empty_table(contract)
        for name, table in tables.items()
        for contract in [getattr(schema, name.upper())]
    }
    return Built(shaped, query, audiences.wrong)


def _answered(
    connection: duckdb.DuckDBPyConnection, audiences: Audiences, subject: Subject, as_of_on: dt.date
) -> tuple[Audiences, Judgement | None]:
    """Answer audiences together; where that fails each alone, and those that fail are among the wrong ones afterwards."""
    if not audiences.right:
        return audiences, None
    try:
        return audiences, judge(connection, sorted(audiences.right), subject, as_of_on)
    except RuleError:
        wrong = {}
        for name, audience in sorted(audiences.right.items()):
            try:
                judge(connection, [name], subject, as_of_on)
            except RuleError as error:
                wrong[name] = audience.problem(f"audience '{name}'", str(error))
        if not wrong:
            raise
        return _answered(connection, audiences.without(wrong), subject, as_of_on)


def _reasons(connection: duckdb.DuckDBPyConnection, counted: pd.DataFrame) -> dict[str, str | None]:
    """Return, by each audience that was counted before this as-of date, why everybody changed where only its rule did."""
    if not has_table(connection, "audiences.audience_counts"):
        return {}
    before = dict(
        connection.execute(
            "select audience, arg_max(version, as_of_on) from audiences.audience_counts where as_of_on < ? group by audience",
            [counted["as_of_on"].max()],
        ).fetchall()
    )
    now = zip(counted["audience"], counted["version"], strict=True)
    return {name: RULE_CHANGED if before[name] != version else None for name, version in now if name in before}


def _words(judged: Judgement, name: str, customers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return of customers what decided: the conditions with their own values, and without."""
    asked = judged.asked(name, customers)
    explained = why(asked.drop(columns="customer_id"), judged.subject.rules[name])
    return {
        key: ("; ".join(each.because), "; ".join(map(in_words, each.questions)))
        for key, each in zip(asked["customer_id"], explained, strict=True)
    }


def _described(
    connection: duckdb.DuckDBPyConnection,
    audiences: Audiences,
    subject: Subject,
    counted: pd.DataFrame,
    happened: pd.DataFrame,
) -> pd.DataFrame:
    changed = happened.groupby(["audience", "change"]).size().to_dict() if len(happened) else {}
    rows = []
    for size in counted.to_dict("records"):
        name = str(size["audience"])
        audience: Audience = audiences.right[name]
        rows.append(
            {
                **size,
                **audience.model_dump(include={"title", "description", "owner", "purpose", "channel", "threshold"}),
                "words": in_words(audience),
                "sql": compiled_for(connection, [name], subject, size["as_of_on"].date()).sql(),
                "entered": changed.get((name, "entered"), 0),
                "left": changed.get((name, "left"), 0),
                "is_small": size["members"] < audience.threshold,
            }
        )
    return pd.DataFrame(rows)


def _compared(connection: duckdb.DuckDBPyConnection, subject: Subject) -> Traits:
    """Return the columns of the profile that customers can be compared by."""
    known = [name for name in columns_of(connection, PROFILES) if name in subject.columns and name not in _NO_TRAITS]
    numbers = [name for name in known if subject.columns[name].kind == "number"]
    texts = [name for name in known if subject.columns[name].kind in ("text", "flag")]
    selected = [
        "customer_id",
        *map(quoted, numbers),
        *(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in texts),
    ]
    values = {name: _values(connection, name) for name in texts}
    return Traits(
        f"select {', '.join(selected)} from {PROFILES}",
        numbers,
        {name: found for name, found in values.items() if 1 < len(found) <= _MOST_VALUES},
    )


def _values(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    name = quoted(column)
    rows = connection.execute(
        f"select distinct cast({name} as varchar) from {PROFILES} where {name} is not null order by 1 limit {_MOST_VALUES + 1}"
    ).fetchall()
    return [value for (value,) in rows]


def allowed(connection: duckdb.DuckDBPyConnection, audience: Audience, customers: Collection[str]) -> set[str]:
    """Return those of some customers who may be reached for an audience's purpose by its channel."""
    if audience.purpose is None:
        return set(customers)
    rows = connection.execute(
        "select customer_id from marts.contact_permissions where purpose = ? and channel = ? and is_allowed",
        [audience.purpose, audience.channel],
    ).fetchall()
    return {customer for (customer,) in rows}.intersection(customers)
