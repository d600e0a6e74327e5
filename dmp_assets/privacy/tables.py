"""Take the direct identifiers out of a table: into the vault, with pseudonyms in their place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import duckdb
import pandas as pd

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import columns_of, quoted
from dmp_assets.privacy.identifiers import Token, clean_value, may_hold_one_sql
from dmp_assets.privacy.keys import is_pseudonym, pseudonym, read_keys
from dmp_assets.privacy.vault import add_identifiers


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
    """Replace every value of the named columns, and what looks like an e-mail address or phone number in any other text.

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
    keys = read_keys(settings)
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
        condition = f"{name} is not null" if kind else may_hold_one_sql(name)
        pairs = connection.execute(
            f"select distinct {name}, {person} from {table} where {condition} order by all"
        ).fetchall()
        replacements = {value: _replacement(value, kind, token) for value in dict.fromkeys(value for value, _ in pairs)}
        found += [
            (source, replacements[value][0] if column == customer else owner, None, *identifier, seen_at)
            for value, owner in pairs
            for identifier in replacements[value][1]
        ]
        _replace(connection, table, name, {value: new for value, (new, _) in replacements.items() if new != value})
    add_identifiers(settings, keys, found)


def _replacement(value: str, kind: str | None, token: Token) -> tuple[str, list[tuple[str, str, str]]]:
    """Return what stands for a value, and the identifiers in it: kind, value, pseudonym."""
    if kind is None:
        found: list[tuple[str, str, str]] = []
        return clean_value(value, token, found), found
    if is_pseudonym(value):
        return value, []
    return token(kind, value), [(kind, value, token(kind, value))]


def _replace(connection: duckdb.DuckDBPyConnection, table: str, column: str, replacements: Mapping[str, str]) -> None:
    if replacements:
        frame = pd.DataFrame({"old": list(replacements), "new": list(replacements.values())}, dtype=object)
        connection.register("replacements", frame)
        connection.execute(f"update {table} set {column} = new from replacements where {column} = old")
        connection.unregister("replacements")
