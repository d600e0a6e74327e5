"""Take the direct identifiers out of a table, or out of rows on their way into one: into the vault, pseudonyms in their place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import columns_of, quoted
from dmp_assets.privacy.identifiers import clean_cell
from dmp_assets.privacy.keys import Keys, is_pseudonym, pseudonym, read_keys
from dmp_assets.privacy.suspects import suspects
from dmp_assets.privacy.texts import Found, Search, Token, is_value, read_search
from dmp_assets.privacy.vault import add_identifiers
from dmp_assets.privacy.words import DROPPED, Name

_ROWS = 122_880
_MOST_KNOWN = 1 << 16
"""Texts of a column whose replacement is kept, because it may come again."""
_MOST_FOUND = 500_000
"""Identifiers that are kept in memory; the vault takes them all the same if the load fails later, and once if it is repeated."""


class Pseudonymiser:
    """Replaces every value of the named columns of a load, and what looks like an identifier in any other text.

    What it takes is handed over to the vault at the end.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        source: str,
        now: dt.datetime,
        identifiers: Mapping[str, str] = MappingProxyType({}),
        customer: str | None = None,
    ) -> None:
        """Read what is looked for.

        Args:
            settings: name the vault.
            source: which the vault shall name.
            now: UTC without time zone.
            identifiers: the kind of identifier of each column that has nothing else; a pseudonym in it stays.
            customer: column that names the customer, for the vault; None if there is none.

        Raises:
            UserError: a var of the project is wrong.
        """
        self._settings, self._source, self._seen_at = settings, source, now.isoformat() + "+00:00"
        self._search = read_search(settings, source)
        self._identifiers, self._customer = identifiers, customer
        self._found: dict[tuple, None] = {}
        self._replacements: dict[str, dict[str, tuple[str | None, Found]]] = {}

    @cached_property
    def _keys(self) -> Keys:
        return read_keys(self._settings)

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows of a table with pseudonyms in the place of identifiers; only columns of type string are looked at."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        # The customer's column first: the vault knows a person by the id that the raw layer has.
        for column in sorted(columns, key=lambda name: name != self._customer):
            if pa.types.is_string(columns[column].type):
                columns[column] = self._column(column, columns[column], columns.get(self._customer or ""))
                if len(self._replacements.get(column, ())) > _MOST_KNOWN:
                    del self._replacements[column]
        if len(self._found) > _MOST_FOUND:
            self.hand_over()
        return pa.RecordBatch.from_arrays([columns[name] for name in batch.schema.names], schema=batch.schema)

    def _column(self, column: str, texts: pa.StringArray, owners: pa.Array | None) -> pa.StringArray:
        kind = self._identifiers.get(column)
        name = self._search.words.read(column)
        if column == self._customer:  # a person's, whatever it is called
            name, owners = Name(None, "person", is_technical=True), None
        if kind:
            places = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        else:
            is_technical = name.is_technical and name.subject != "person"
            places = suspects(texts, self._search, is_technical=is_technical)
        if not len(places):
            return texts
        known = self._replacements.setdefault(column, {})
        values = texts.take(places).to_pylist()
        people = [None] * len(values) if owners is None else owners.take(places).to_pylist()
        changed: dict[int, str | None] = {}
        for place, value, person in zip(places.tolist(), values, people, strict=True):
            if value not in known:
                known[value] = _replacement(value, kind, name, self._token, self._search)
            new, found = known[value]
            if new != value:
                changed[place] = new
            owner = new if column == self._customer else person
            for identifier in found:
                self._found[self._source, None if owner is None else str(owner), None, *identifier, self._seen_at] = (
                    None
                )
        return _replaced(texts, changed)

    def _token(self, kind: str, value: str) -> str:
        return pseudonym(kind, value, self._keys.pseudonyms)

    def table(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Replace the identifiers in a table; those of its columns that have nothing else become text."""
        for column in self._identifiers.keys() & columns_of(connection, table).keys():
            connection.execute(f"alter table {table} alter column {quoted(column)} set data type varchar")
        present = columns_of(connection, table)
        owner = quoted(self._customer) if self._customer in present else "null"
        for column in sorted(present, key=lambda name: name != self._customer):
            if present[column] != "VARCHAR":
                continue
            name = quoted(column)
            rows = connection.execute(f"select {name}, {owner} from {table} where {name} is not null")
            for batch in rows.to_arrow_reader(_ROWS):
                self._column(column, *batch.columns)
            known = self._replacements.pop(column, {})
            _replace(connection, table, name, {value: new for value, (new, _) in known.items() if new != value})

    def hand_over(self) -> None:
        """Put what was taken into the vault.

        Raises:
            UserError: the vault cannot be opened.
        """
        if self._found:
            add_identifiers(self._settings, self._keys, list(self._found))
            self._found.clear()


def _replaced(texts: pa.StringArray, changed: Mapping[int, str | None]) -> pa.StringArray:
    """Return texts with others at some places."""
    if not changed:
        return texts
    is_changed = np.zeros(len(texts), bool)
    is_changed[list(changed)] = True
    return pc.call_function("replace_with_mask", [texts, pa.array(is_changed), pa.array(changed.values(), pa.string())])


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
