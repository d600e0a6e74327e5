"""Take the direct identifiers out of a table: into the vault, with pseudonyms in their place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import duckdb
import pandas as pd

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import columns_of, quoted
from dmp_assets.privacy.condition import may_hold_one_sql
from dmp_assets.privacy.identifiers import clean_cell
from dmp_assets.privacy.keys import is_pseudonym, pseudonym, read_keys
from dmp_assets.privacy.texts import Found, Search, Token, is_value, read_search
from dmp_assets.privacy.vault import add_identifiers
from dmp_assets.privacy.words import DROPPED, Name


def pseudonymise(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    *,
    source: str,
    now: dt.datetime,
    identifiers: Mapping[str, str] = MappingProxyType({}),
    customer: str | None = None,
) -> None:
    """Replace every value of the named columns, and what looks like an identifier in any other text.

    Args:
        connection: holds the table, which is changed.
        settings: name the vault.
        table: whose columns of type VARCHAR are searched; the named ones become text.
        source: which the vault shall name.
        now: UTC without time zone.
        identifiers: the kind of identifier of each column that has nothing else; a pseudonym in it stays.
        customer: column that names the customer, for the vault; None if there is none.

    Raises:
        UserError: the vault cannot be opened.
    """
    keys, search = read_keys(settings), read_search(settings, source)
    seen_at = now.isoformat() + "+00:00"

    def token(kind: str, value: str) -> str:
        return pseudonym(kind, value, keys.pseudonyms)

    present = columns_of(connection, table)
    for column in identifiers.keys() & present.keys():
        connection.execute(f"alter table {table} alter column {quoted(column)} set data type varchar")
        present[column] = "VARCHAR"
    person = "null" if customer not in present else f"cast({quoted(customer)} as varchar)"
    found: list[tuple] = []
    # The customer's column first: the vault knows a person by the id that the raw layer has.
    for column in sorted(
        (name for name, kind in present.items() if kind == "VARCHAR"), key=lambda name: name != customer
    ):
        kind = identifiers.get(column)
        name = quoted(column)
        read = column_name(search, column, is_customer=column == customer)
        condition = f"{name} is not null" if kind else condition_sql(search, column, is_customer=column == customer)
        pairs = connection.execute(
            f"select distinct {name}, {person} from {table} where {condition} order by all"
        ).fetchall()
        replacements = {
            value: _replacement(value, kind, read, token, search)
            for value in dict.fromkeys(value for value, _ in pairs)
        }
        found += [
            (source, replacements[value][0] if column == customer else owner, None, *identifier, seen_at)
            for value, owner in pairs
            for identifier in replacements[value][1]
        ]
        _replace(connection, table, name, {value: new for value, (new, _) in replacements.items() if new != value})
    add_identifiers(settings, keys, found)


def column_name(search: Search, column: str, *, is_customer: bool) -> Name:
    """Return what a column's name says; that of the customer is a person's, whatever it is called."""
    return Name(None, "person", is_technical=True) if is_customer else search.words.read(column)


def condition_sql(search: Search, column: str, *, is_customer: bool) -> str:
    """Return the SQL condition under which a text of a column may hold an identifier; see `may_hold_one_sql`."""
    name = column_name(search, column, is_customer=is_customer)
    is_technical = name.is_technical and name.subject != "person"
    return may_hold_one_sql(quoted(column), search, is_technical=is_technical)


def _replacement(value: str, kind: str | None, name: Name, token: Token, search: Search) -> tuple[str | None, Found]:
    """Return what stands for a value, and the identifiers in it: kind, value, pseudonym."""
    if kind is None:
        return clean_cell(value, name, token, search)
    if kind in DROPPED or not is_value(kind, value):
        # Nothing at all, or a word for it, is nobody's: as a pseudonym it would make one person of many.
        return None, []
    if is_pseudonym(value):
        return value, []
    return token(kind, value), [(kind, value, token(kind, value))]


def _replace(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, replacements: Mapping[str, str | None]
) -> None:
    if replacements:
        frame = pd.DataFrame({"old": list(replacements), "new": list(replacements.values())}, dtype=object)
        connection.register("replacements", frame)
        connection.execute(f"update {table} set {column} = new from replacements where {column} = old")
        connection.unregister("replacements")
