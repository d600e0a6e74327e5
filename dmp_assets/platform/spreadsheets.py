"""CSV files that people open in a spreadsheet: a text that the program would take for a formula begins with an apostrophe."""

from __future__ import annotations

import re

import duckdb
import pandas as pd

from dmp_assets.platform.warehouse import columns_of, literal, quoted

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_ESCAPED = "^''*[=+\\-@\t\r]"


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame for a CSV file in which no text is a formula; numbers, also those that are texts, stay as they are."""

    def escaped(value: object) -> object:
        is_formula = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
        return f"'{value}" if is_formula else value

    texts = frame.select_dtypes("object").columns
    return frame.assign(**{column: frame[column].map(escaped) for column in texts})


def with_formulas(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take the apostrophes of `without_formulas` out of a table that was read from such a file."""
    for column, kind in columns_of(connection, table).items():
        if kind == "VARCHAR":
            name = quoted(column)
            connection.execute(
                f"update {table} set {name} = substr({name}, 2) where regexp_matches({name}, {literal(_ESCAPED)})"
            )
