"""Why a customer is in an audience, or why not and how far off; with the rows behind each condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from dmp_assets.audiences.define import Audience, Audiences, checked
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import IDENTIFIERS, LEFT_OUT, PERMISSIONS
from dmp_assets.platform.warehouse import has_table
from dmp_assets.rules.check import unknown
from dmp_assets.rules.conditions import Question
from dmp_assets.rules.customers import customer_subject
from dmp_assets.rules.judge import judge
from dmp_assets.rules.related import rows_behind
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.words import in_words, why

ROWS_SHOWN = 5


@dataclass(frozen=True)
class Evidence:
    """One deciding condition.

    Attributes:
        condition: in words.
        rows: the newest of the related rows that count for it.
        count: how many there are; None where the condition asks a column of the customer.
    """

    condition: str
    rows: Sequence[dict]
    count: int | None


@dataclass(frozen=True)
class Explanation:
    """What decides whether a customer is in an audience.

    Attributes:
        audience: its name.
        customer_id: the customer's, as it is called today.
        as_of_on: the as-of date.
        is_member: whether the customer is in.
        meets_rule: True, False, or None where something unknown leaves it open.
        because: the deciding conditions, each with the customer's own value.
        short_of: how far off those are that fail.
        permission: whether the customer may be reached, and by which decision; '' for an audience without purpose.
        evidence: the rows behind each deciding condition.
    """

    audience: str
    customer_id: str
    as_of_on: dt.date
    is_member: bool
    meets_rule: bool | None
    because: Sequence[str]
    short_of: Sequence[str]
    permission: str
    evidence: Sequence[Evidence]

    def in_words(self) -> Iterator[str]:
        """Yield the explanation, a sentence a line."""
        is_in = "is in" if self.is_member else "is not in"
        yield f"{self.customer_id} {is_in} the audience {self.audience}, as of {self.as_of_on}."
        if self.meets_rule is None:
            yield "Whether the rule is met is left open by what is not known, so it is not:"
        else:
            yield "The rule is met:" if self.meets_rule else "The rule is not met:"
        yield from (f"  {words}" for words in self.because)
        if self.short_of:
            yield "How far off:"
            yield from (f"  {words}" for words in self.short_of)
        if self.permission:
            yield self.permission
        for each in self.evidence:
            if each.count is not None:
                shown = f", the newest {len(each.rows)}" if each.count > len(each.rows) else ""
                yield f"{each.count:,} rows behind: {each.condition}{shown}"
                for row in each.rows:
                    yield "  " + ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)


def find(audiences: Audiences, name: str) -> Audience:
    """Return an audience by its name.

    Raises:
        UserError: there is none, or its file is wrong.
    """
    if name in audiences.wrong:
        raise UserError(audiences.wrong[name])
    if name not in audiences.right:
        raise UserError(f"{unknown('audience', name, audiences.names)}.".capitalize())
    return audiences.right[name]


def explain(
    connection: duckdb.DuckDBPyConnection, audiences: Audiences, name: str, customer: str, as_of_on: dt.date
) -> Explanation:
    """Explain one customer's membership of one audience, by the rule as its file has it now.

    Args:
        connection: to the warehouse.
        audiences: of the project.
        name: the audience.
        customer: any id that is the customer's.
        as_of_on: the as-of date.

    Raises:
        UserError: there is no such audience or customer, no profile may be made of the customer, or the rule is wrong.
    """
    find(audiences, name)
    subject = customer_subject(connection, as_of_on, audiences.right)
    audience = find(checked(audiences, subject), name)
    customer_id = _customer(connection, customer)
    judged = judge(connection, [name], subject, as_of_on)
    asked = judged.asked(name, [customer_id])
    if asked.empty:
        raise UserError(f"{customer_id} is judged by no audience.")
    (found,) = why(asked.drop(columns="customer_id"), audience)
    is_allowed, permission = _permission(connection, audience, customer_id)
    return Explanation(
        audience=name,
        customer_id=customer_id,
        as_of_on=as_of_on,
        is_member=bool(found.holds) and is_allowed,
        meets_rule=found.holds,
        because=found.because,
        short_of=found.short_of,
        permission=permission,
        evidence=[_evidence(connection, subject, each, customer_id, as_of_on) for each in found.questions],
    )


def _customer(connection: duckdb.DuckDBPyConnection, customer: str) -> str:
    """Return what a customer is called today."""
    known = connection.execute(f"select customer_id from {IDENTIFIERS} where identifier_id = ?", [customer]).fetchall()
    if not known:
        known = connection.execute(
            "select customer_id from marts.dim_customers where customer_id = ?", [customer]
        ).fetchall()
    if not known:
        raise UserError(f"There is no customer {customer}: give an id as in marts.dim_customers, such as shop:42.")
    ((customer_id,), *_) = known
    if connection.execute(f"select 1 where ? in {LEFT_OUT}", [customer_id]).fetchall():
        raise UserError(f"{customer_id} refuses analytics or personalization, so no audience judges them.")
    return customer_id


def _permission(connection: duckdb.DuckDBPyConnection, audience: Audience, customer_id: str) -> tuple[bool, str]:
    """Return whether a customer may be reached, and that in words."""
    if audience.purpose is None:
        return True, ""
    what = f"{audience.purpose} by {audience.channel}"
    rows = connection.execute(
        f"select is_allowed, reason, decided_at from {PERMISSIONS} where customer_id = ? and purpose = ? and channel = ?",
        [customer_id, audience.purpose, audience.channel],
    ).fetchall()
    if not rows:
        return False, f"Nothing says whether {what} is allowed, so it is not."
    ((is_allowed, reason, decided_at),) = rows
    since = f", decided {decided_at:%Y-%m-%d %H:%M}" if decided_at else ""
    return is_allowed, f"{what.capitalize()} is {'allowed' if is_allowed else 'not allowed'}: {reason}{since}."


def _evidence(
    connection: duckdb.DuckDBPyConnection, subject: Subject, question: Question, customer_id: str, as_of_on: dt.date
) -> Evidence:
    """Return the rows behind a condition."""
    rows: list[dict] = []
    count = None
    for query in rows_behind(question, subject, as_of_on, customer_id):
        found = connection.execute(query.sql(dialect="duckdb")).df()
        count = (count or 0) + len(found)
        found = found.head(ROWS_SHOWN).astype(object)
        rows += found.where(found.notna(), None).to_dict("records")
    return Evidence(in_words(question), rows, count)


_SHOWN = {
    "Size": """
        select cast(as_of_on as varchar) as as_of_on, matching, left_out, members
        from audiences.audience_counts where audience = ? order by 1 desc limit 20
    """,
    "What sets members apart": """
        select trait, round(members_average, 3) as members, round(others_average, 3) as others,
            round(difference, 2) as difference
        from audiences.audience_traits where audience = ? order by rank
    """,
    "Also in": """
        select other_audience, shared_members, round(share, 3) as share
        from audiences.audience_overlap where audience = ? order by share desc, other_audience limit 10
    """,
    "Newest changes": """
        select cast(as_of_on as varchar) as as_of_on, change, conditions, count(*) as customers
        from audiences.audience_changes where audience = ?
        group by all order by 1 desc, customers desc, conditions limit 10
    """,
}
"""What is shown of an audience beside its rule, by title."""


def shown(
    connection: duckdb.DuckDBPyConnection, audiences: Audiences, name: str
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return an audience as the last build found it: its row of audiences.audiences, and tables by title.

    Raises:
        UserError: there is no such audience, its file is wrong, or it has not been built.
    """
    find(audiences, name)
    row = pd.DataFrame()
    if has_table(connection, "audiences.audiences"):
        row = connection.execute("select * from audiences.audiences where audience = ?", [name]).df().astype(object)
    if row.empty:
        raise UserError(f"{name} has not been built yet: run `dmp build --layer audiences`, or `dmp audience preview`.")
    (audience,) = row.where(row.notna(), None).to_dict("records")
    return audience, {title: connection.execute(query, [name]).df() for title, query in _SHOWN.items()}


def difference(connection: duckdb.DuckDBPyConnection, name: str, since: dt.date) -> pd.DataFrame:
    """Return who entered and left an audience since a date, and why: customer_id, as_of_on, change, because; the newest first.

    Who entered and left again since then has a row for each.

    Raises:
        UserError: there are no changes of any audience yet.
    """
    if not has_table(connection, "audiences.audience_changes"):
        raise UserError("There is no audiences.audience_changes yet: run `dmp build`, which makes it.")
    return connection.execute(
        """
        select customer_id, cast(as_of_on as varchar) as as_of_on, change, because from audiences.audience_changes
        where audience = ? and as_of_on >= ?
        order by audience_changes.as_of_on desc, change, customer_id
        """,
        [name, since],
    ).df()
