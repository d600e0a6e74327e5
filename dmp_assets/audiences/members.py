"""From answers to members, in SQL: who may be reached, how many that are, who was in before, and who entered and left.

Every function works on temporary tables of one connection; nothing of it grows with customers × audiences but columns of flags and
the members themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

import duckdb
import numpy as np
import pandas as pd

from dmp_assets.audiences.define import Audience
from dmp_assets.platform.permissions import IDENTIFIERS, PERMISSIONS
from dmp_assets.platform.warehouse import has_table, literal, quoted
from dmp_assets.rules.customers import CUSTOMERS
from dmp_assets.rules.judge import Judgement

RULE_CHANGED = "the rule was changed"
NOT_ALLOWED = "may not be reached any more"
MERGED = "is one person with another now"
GONE = "is no customer who may be profiled any more"

FLAGS = "audience_flags"
"""The temporary table of who is in what: customer_id, is_simulated, and for each audience ``matches_…`` and ``is_in_…``."""
BEFORE = "audience_members_before"
"""The temporary table of who was in what before: audience, customer_id, entered_on."""

_STORED, _CHANGES = "audiences.audience_members", "audiences.audience_changes"

Words = Callable[[str, Collection[str]], Mapping[str, tuple[str, str]]]
"""Returns of some customers who are judged, for one audience, the deciding conditions with their own values, and without."""


def make_flags(judged: Judgement, audiences: Mapping[str, Audience]) -> None:
    """Make `FLAGS`: who meets each rule, and who of them may be reached for its purpose by its channel."""
    pairs = sorted({(each.purpose, each.channel) for each in audiences.values() if each.purpose and each.channel})
    allowed = {pair: f"allowed_{number}" for number, pair in enumerate(pairs)}
    permissions = "".join(
        f", bool_or(is_allowed) filter (where purpose = {literal(purpose)} and channel = {literal(channel)}) as {name}"
        for (purpose, channel), name in allowed.items()
    )
    flags = []
    for name, audience in sorted(audiences.items()):
        matches = f"coalesce(judged.{quoted(judged.compiled.answers[name])}, false)"
        flags.append(f"{matches} as {quoted(f'matches_{name}')}")
        may = ""
        if audience.purpose and audience.channel:
            may = f" and coalesce(permissions.{allowed[audience.purpose, audience.channel]}, false)"
        flags.append(f"{matches}{may} as {quoted(f'is_in_{name}')}")
    judged.connection.execute(
        f"""
        create or replace temporary table {FLAGS} as
        select judged.customer_id, persons.is_simulated, {", ".join(flags)}
        from {judged.table} as judged
        inner join {CUSTOMERS} as persons on judged.customer_id = persons.customer_id
        left join (select customer_id{permissions} from {PERMISSIONS} group by customer_id) as permissions
            on judged.customer_id = permissions.customer_id
        order by judged.customer_id
        """
    )


def sizes(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pd.DataFrame:
    """Return how many customers meet each rule, may not be reached, are members, and are simulated members.

    Returns:
        audience, matching, left_out, members, simulated; one row per audience in the order of the names.
    """
    counts = [
        f"sum(cast({flag} as integer))"
        for name in names
        for flag in (
            quoted(f"matches_{name}"),
            quoted(f"is_in_{name}"),
            f"({quoted(f'is_in_{name}')} and is_simulated)",
        )
    ]
    found = [int(each or 0) for each in connection.execute(f"select {', '.join(counts)} from {FLAGS}").fetchone() or ()]
    rows = [
        (name, matching, matching - members, members, simulated)
        for name, matching, members, simulated in zip(names, found[::3], found[1::3], found[2::3], strict=True)
    ]
    return pd.DataFrame(rows, columns=pd.Index(["audience", "matching", "left_out", "members", "simulated"]))


def make_before(connection: duckdb.DuckDBPyConnection, as_of_on: dt.date) -> None:
    """Make `BEFORE`: who was in which audience before an as-of date.

    What was stored last is taken back change by change as far as this date, so that a rerun, or a run as of an earlier date, sees
    what the first run of that date saw.
    """
    empty = "select '' as audience, '' as customer_id, date '1970-01-01' as entered_on where false"
    stored, changes = empty, f"select *, '' as change, date '1970-01-01' as as_of_on from ({empty})"
    if has_table(connection, _STORED) and has_table(connection, _CHANGES):
        stored, changes = f"select audience, customer_id, entered_on from {_STORED}", f"select * from {_CHANGES}"
    connection.execute(
        f"""
        create or replace temporary table {BEFORE} as
        with undone as (
            select audience, customer_id, change, entered_on from ({changes}) as changes where as_of_on >= date '{as_of_on}'
            qualify row_number() over (partition by audience, customer_id order by as_of_on) = 1
        )
        select audience, customer_id, entered_on from ({stored}) as stored
        where entered_on < date '{as_of_on}' and not exists (
            select 1 from undone where undone.audience = stored.audience and undone.customer_id = stored.customer_id
        )
        union all
        select audience, customer_id, entered_on from undone where change = 'left' and entered_on < date '{as_of_on}'
        """
    )


def members(names: Sequence[str], wrong: Collection[str], *, is_stored: bool, as_of_on: dt.date) -> str:
    """Return the query of who is in which audience; of wrong ones those of the last run, as they were.

    Args:
        names: the audiences whose rules were answered.
        wrong: those that could not be.
        is_stored: whether there are members of an earlier run.
        as_of_on: now.
    """
    parts = [
        f"select {literal(name)} as audience, customer_id, is_simulated from {FLAGS} where {quoted(f'is_in_{name}')}"
        for name in names
    ] or ["select '' as audience, '' as customer_id, false as is_simulated where false"]
    kept = ", ".join(map(literal, sorted(wrong)))
    last = f" union all select * from {_STORED} where audience in ({kept})" if is_stored and wrong else ""
    return f"""
        select found.audience, found.customer_id, date '{as_of_on}' as as_of_on,
            coalesce(earlier.entered_on, date '{as_of_on}') as entered_on, found.is_simulated
        from ({" union all ".join(parts)}) as found
        left join {BEFORE} as earlier on found.audience = earlier.audience and found.customer_id = earlier.customer_id
        {last}
    """


def changes(
    connection: duckdb.DuckDBPyConnection, reasons: Mapping[str, str | None], as_of_on: dt.date, words: Words
) -> pd.DataFrame:
    """Return who entered and left audiences that were there before.

    Args:
        connection: with `FLAGS` and `BEFORE`.
        reasons: by audience why everybody entered or left, where it is no customer's own doing; None otherwise.
        as_of_on: now.
        words: what decided.

    Returns:
        audience, customer_id, as_of_on, change, because, conditions, entered_on (since when who left had been in, and who entered
        is); sorted by audience and customer_id.
    """
    parts = [_differences(connection, name, reason, as_of_on, words) for name, reason in sorted(reasons.items())]
    columns = ["audience", "customer_id", "as_of_on", "change", "because", "conditions", "entered_on"]
    parts = [part for part in parts if not part.empty]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=pd.Index(columns))


def _differences(
    connection: duckdb.DuckDBPyConnection, name: str, reason: str | None, as_of_on: dt.date, words: Words
) -> pd.DataFrame:
    is_in, matches = quoted(f"is_in_{name}"), quoted(f"matches_{name}")
    found = connection.execute(
        f"""
        with earlier as (select customer_id, entered_on from {BEFORE} where audience = ?)
        select coalesce(flags.customer_id, earlier.customer_id) as customer_id,
            if(earlier.customer_id is null, 'entered', 'left') as change,
            flags.customer_id is not null as is_judged, coalesce(flags.{matches}, false) as matches,
            owned.customer_id as now_called, coalesce(earlier.entered_on, date '{as_of_on}') as entered_on
        from {FLAGS} as flags
        full join earlier on flags.customer_id = earlier.customer_id
        left join {IDENTIFIERS} as owned on earlier.customer_id = owned.identifier_id and owned.kind = 'customer'
            and owned.customer_id <> owned.identifier_id
        where coalesce(flags.{is_in}, false) <> (earlier.customer_id is not null)
        order by 1
        """,
        [name],
    ).df()
    if found.empty:
        return found
    decided = (found["change"] == "entered") | (found["is_judged"] & ~found["matches"])
    told = words(name, found.loc[decided, "customer_id"].to_list()) if reason is None and decided.any() else {}
    merged = found["now_called"].notna() & (found["change"] == "left")
    because = np.select(
        [decided, merged, found["is_judged"]],
        [
            found["customer_id"].map(lambda customer: told.get(customer, (GONE, GONE))[0]),
            "is one person with " + found["now_called"].astype(object).fillna("") + " now",
            NOT_ALLOWED,
        ],
        GONE,
    )
    conditions = np.select(
        [decided, merged, found["is_judged"]],
        [found["customer_id"].map(lambda customer: told.get(customer, (GONE, GONE))[1]), MERGED, NOT_ALLOWED],
        GONE,
    )
    return found.assign(
        audience=name,
        as_of_on=pd.to_datetime(as_of_on),
        because=reason or because,
        conditions=reason or conditions,
    )
