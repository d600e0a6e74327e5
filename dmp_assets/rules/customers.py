"""What rules can ask of a customer: columns of the person, of the features and of the profile, and the rows that are theirs.

Who refuses analytics or personalization is not judged at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import IDENTIFIERS, LEFT_OUT, PERMISSIONS
from dmp_assets.platform.warehouse import quoted
from dmp_assets.rules.conditions import Allowed, Comparison, Conditions, LookAlikes, Measure, Question, Rows, Top
from dmp_assets.rules.conditions import Sequence as Happened
from dmp_assets.rules.subject import Column, Related, Subject
from dmp_assets.rules.values import AS_OF, kind_of_type

if TYPE_CHECKING:
    import duckdb

CUSTOMERS, FEATURES, PROFILES, PRODUCTS = (
    "marts.dim_customers",
    "marts.customer_features",
    "profiles.customer_profiles",
    "marts.dim_products",
)
LOYALTY = "profiles.loyalty_status"
VECTORS = "profiles.customer_embeddings"

_OF_LOYALTY = ("next_tier", "missing_amount", "missing_weeks", "held_weeks")
"""What only the table of loyalty has."""
_OF_PERSONS = ("source", "is_simulated")
"""What only the table of persons has."""
_DERIVED = {"first_order_on": "tenure_days", "last_order_on": "recency_days"}
"""Dates that are counted back from the as-of date by so many days."""
_OF_PRODUCTS = ("department", "product_category", "product_type", "brand", "is_private_label")
_UNASKED = frozenset(
    {"customer_id", "as_of_on", "source_customer_id", "identifier_id", "input_version", "code_version", "_load_id"}
    | {"email_token", "phone_token", "properties", "consent", "previous_id"}
)
"""Columns that say nothing of a customer: keys, versions, pseudonyms, and what is not one value."""


@dataclass(frozen=True)
class _Rows:
    """Related rows: of which table, and what tells them apart, dates and orders them."""

    table: str
    row: str
    day: str | None = None
    at: str | None = None
    condition: str = "true"
    has_products: bool = False
    columns: Sequence[str] = ()
    """Those that can be asked; all of the table's if none are named."""

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, PRODUCTS) if self.has_products else (self.table,)

    def origin(self, column: str) -> list[str]:
        """Return the columns that a column of the rows comes from."""
        if self.has_products and column in _OF_PRODUCTS:
            return [f"{PRODUCTS}.{column}", f"{self.table}.product_id"]
        return [f"{self.table}.{column}"]


RELATED: Mapping[str, _Rows] = {
    "orders": _Rows("marts.fct_orders", "order_id", "order_on", "ordered_at", "happened.has_sale"),
    "returns": _Rows(
        "marts.fct_orders", "order_id", "order_on", "ordered_at", "happened.original_order_id is not null"
    ),
    "order_lines": _Rows("marts.fct_order_lines", "order_line_id", "order_on", "ordered_at", has_products=True),
    "events": _Rows(
        "marts.fct_events", "event_id", "occurred_on", "occurred_at", "not happened.is_bot", has_products=True
    ),
    "sessions": _Rows("marts.fct_sessions", "session_id", "started_on", "started_at", "not happened.is_bot"),
    "touches": _Rows("marts.fct_touches", "touch_id", "touched_on", "touched_at"),
    "department_shares": _Rows("marts.customer_department_shares", "department"),
    "interests": _Rows("profiles.customer_interests", "tag"),
    "tags": _Rows("profiles.customer_tags", "tag"),
    "categories": _Rows("forecasts.category_propensity", "product_category"),
    "recommendations": _Rows("recommendations.customer_recommendations", "product_id", has_products=True),
}
"""The tables whose rows can be counted, summed and put in order, by the name that conditions know them by."""

_PRESENT = frozenset({"marts.customer_department_shares"})
"""Tables that hold several as-of dates, of which the present one counts."""
_AT_OR_MIDNIGHT = frozenset({"marts.fct_touches"})
"""Tables some of whose rows have a day and no instant: they count from the beginning of the day."""


def customer_subject(
    connection: duckdb.DuckDBPyConnection,
    as_of_on: dt.date,
    rules: Mapping[str, Conditions] | None = None,
    *,
    without: Sequence[str] = (),
) -> Subject:
    """Return customers as what rules judge, with the columns that the warehouse has.

    Args:
        connection: to the warehouse.
        as_of_on: the as-of date.
        rules: the rules that membership can be asked of, by name.
        without: related rows that cannot be asked, because they are made later.

    Raises:
        UserError: the warehouse has no customers or profiles yet.
    """
    types = _types(connection)
    missing = [table for table in ALWAYS_READ if table not in types]
    if missing:
        raise UserError(f"There is no {missing[0]} yet: run `dmp build`, which makes it.")
    permitted: dict[str, list[str]] = {}
    for purpose, channel in connection.execute(
        f"select distinct purpose, channel from {PERMISSIONS} order by all"
    ).fetchall():
        permitted.setdefault(purpose, []).append(channel)
    related = {
        name: _related(types, rows, as_of_on)
        for name, rows in RELATED.items()
        if name not in without and types.keys() >= set(rows.tables)
    }
    return Subject(
        key="customer_id",
        columns=_columns(types, as_of_on),
        source=_source(as_of_on),
        related=related,
        permissions=f"select customer_id, purpose, channel, is_allowed from {PERMISSIONS}",
        permitted=permitted,
        vectors=f"select customer_id, embedding from {VECTORS}" if VECTORS in types else "",
        rules=rules or {},
    )


ALWAYS_READ = (CUSTOMERS, FEATURES, PROFILES, LOYALTY, PERMISSIONS, IDENTIFIERS)
"""The tables by which every rule is answered."""


def reads(conditions: Conditions, profile_columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns that conditions read, ``layer.table.column``, as far as their names are known; some several times.

    Args:
        conditions: of customers.
        profile_columns: the columns of profiles.customer_profiles; others are the features'.
    """
    for question in conditions.questions():
        yield from reads_of(question, profile_columns)


def reads_of(question: Question, profile_columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns that one question reads; see `reads`."""
    match question:
        case Comparison() | Top():
            column = question.column if isinstance(question, Comparison) else question.by
            if column != AS_OF:
                yield f"{_table_of(column, profile_columns)}.{_DERIVED.get(column, column)}"
        case Measure():
            yield from _reads_of_rows(question)
            if question.of in RELATED and question.column:
                yield from RELATED[question.of].origin(question.column)
        case Happened():
            for step in question.sequence:
                yield from _reads_of_rows(step)
        case LookAlikes():
            yield f"{VECTORS}.embedding"
        case Allowed():
            yield f"{PERMISSIONS}.is_allowed"


def _reads_of_rows(rows: Rows) -> Iterator[str]:
    related = RELATED.get(rows.of)
    if related is None:
        return
    yield f"{related.table}.customer_id"
    if related.day:
        yield f"{related.table}.{related.day}"
    for question in rows.where.questions() if rows.where is not None else ():
        if isinstance(question, Comparison):
            yield from related.origin(question.column)


def _table_of(column: str, profile_columns: Sequence[str]) -> str:
    if column in _OF_PERSONS:
        return CUSTOMERS
    if column in _OF_LOYALTY:
        return LOYALTY
    return PROFILES if _DERIVED.get(column, column) in profile_columns else FEATURES


Types = Mapping[str, Mapping[str, str]]
"""The type of each column, by ``layer.table`` and column."""


def _types(connection: duckdb.DuckDBPyConnection) -> Types:
    types: dict[str, dict[str, str]] = {}
    rows = connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by 1, column_index"
    ).fetchall()
    for table, column, kind in rows:
        types.setdefault(table, {})[column] = kind
    return types


def _columns(types: Types, as_of_on: dt.date) -> dict[str, Column]:
    """Return every column of a customer."""
    columns = {"customer_id": Column("text", "persons.customer_id"), AS_OF: Column("date", f"date '{as_of_on}'")}
    profiled = types[PROFILES]
    for alias, table in (("profiles", profiled), ("features", types[FEATURES])):
        for column, kind in table.items():
            if column not in _UNASKED and column not in columns:
                columns[column] = Column(kind_of_type(kind), f"{alias}.{quoted(column)}")
    persons = types[CUSTOMERS]
    for column in _OF_PERSONS:
        columns[column] = Column(kind_of_type(persons[column]), f"persons.{column}")
    loyalty = types[LOYALTY]
    for column in _OF_LOYALTY:
        columns[column] = Column(kind_of_type(loyalty[column]), f"loyalty.{column}")
    for column, days in _DERIVED.items():
        alias = "profiles" if days in profiled else "features"
        columns[column] = Column("date", f"date '{as_of_on}' - cast({alias}.{days} as integer)")
    return columns


def _source(as_of_on: dt.date) -> str:
    return (
        f"from {CUSTOMERS} as persons"
        f" left join {FEATURES} as features on persons.customer_id = features.customer_id"
        f" and features.as_of_on = date '{as_of_on}'"
        f" left join {PROFILES} as profiles on persons.customer_id = profiles.customer_id"
        f" left join {LOYALTY} as loyalty on persons.customer_id = loyalty.customer_id"
        f" where persons.customer_id not in {LEFT_OUT}"
    )


def _related(types: Types, rows: _Rows, as_of_on: dt.date) -> Related:
    present = types[rows.table]
    columns = {
        name: Column(kind_of_type(kind), f"happened.{quoted(name)}")
        for name, kind in present.items()
        if name not in _UNASKED
    }
    join = ""
    if rows.has_products:
        join = f"left join {PRODUCTS} as products on happened.product_id = products.product_id"
        products = types[PRODUCTS]
        columns |= {
            name: Column(kind_of_type(products[name]), f"products.{quoted(name)}", joined=True)
            for name in _OF_PRODUCTS
            if name in products and name not in present
        }
    condition, at = rows.condition, rows.at
    if rows.table in _PRESENT:
        condition = f"happened.as_of_on = date '{as_of_on}'"
    if rows.table in _AT_OR_MIDNIGHT:
        at = "touched_or_day_at"
        sql = f"coalesce(happened.{rows.at}, cast(happened.{rows.day} as timestamp))"
        columns[at] = Column("date", sql)
    columns["customer_id"] = Column("text", "happened.customer_id")
    return Related(f"from {rows.table} as happened", columns, rows.row, rows.day, at, condition, join)
