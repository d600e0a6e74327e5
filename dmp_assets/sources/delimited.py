"""Read rows of text cells, as CSV files and sheets have them: what is a row, and what is none, with its place and the reason.

A row has a cell for every column. Kept aside are a line with fewer or more, one whose quote never closes (the lines after it are
read), one with bytes that are no text, a header that comes again and a row of totals. A line without any value is nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 16 * 1024 * 1024
"""Characters; a longer line is not read, nor a value in quotes that is longer."""

_TOTALS = (
    "total|totals|sum|summe|gesamt|gesamtsumme|endsumme|zwischensumme|somme|totale|totali|totaux|totaal|totais|totales|suma|soma|razem|"
    "łącznie|celkem|spolu|összesen|summa|yhteensä|sammanlagt|итого|всего|разом|σύνολο|toplam|jumlah|المجموع"
)
_TOTALS_WITHOUT_GAPS = "合计|总计|小计|合計|總計|小計|総計|합계|총계|소계"
_BLOCK = 500
"""Rows that become columns at a time; so few do not wake Python's search for unused objects, which would take twice as long."""

_WORD = re.compile(r"[^\W\d_]{4}")


class DamagedFileError(Exception):
    """A file cannot be read at all; the message says why."""


class Unread(NamedTuple):
    """What is no row: its line in the file, the reason, its text."""

    row: int
    reason: str
    line: str


def totals_pattern(no_letter: str) -> str:
    """Return the regular expression of a text that names a total; an engine has its own words for what is no letter."""
    return f"(?i)(^|{no_letter})(sub|grand)?[ -]?({_TOTALS})({no_letter}|$)|{_TOTALS_WITHOUT_GAPS}"


_TOTAL = re.compile(totals_pattern(r"[\W\d_]"))


def records(
    lines: TextIO, *, delimiter: str, quote: str, unread: list[Unread], skip: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of delimited text, each with the number of its first line.

    A quote that never closes, or behind whose end something follows, costs its own line and no other.

    Args:
        lines: the text, with lone surrogates for bytes that are none.
        delimiter: what separates cells.
        quote: what encloses them.
        unread: takes lines that are no record.
        skip: lines at the beginning that are not read.

    Raises:
        DamagedFileError: there are NUL characters between the letters.
    """
    csv.field_size_limit(LONGEST_LINE)
    number = sum(1 for _ in islice(lines, skip))
    again: deque[str] = deque()
    pending: list[str] = []
    width = 0
    spaced = _spaced(delimiter, quote)

    def feed() -> Iterator[str]:
        nonlocal number
        while True:
            line = again.popleft() if again else next(lines, None)
            if line is None:
                return
            number += 1
            if "\0" in line:
                line = _without_nul(line)
            pending.append(line)
            line = line.removeprefix("\ufeff")
            yield spaced(line) if f" {quote}" in line or f"{quote} " in line else line

    while True:
        reader = csv.reader(feed(), delimiter=delimiter, quotechar=quote, strict=True)
        try:
            for cells in reader:
                if len(pending) > 1 and width and len(cells) != width:
                    raise csv.Error  # it swallowed the lines after it
                first = number - len(pending) + 1
                if not width and cells:
                    width = len(cells)
                pending.clear()
                if cells:
                    yield first, cells
        except csv.Error:
            number -= len(pending) - 1
            unread.append(Unread(number, "unclosed_quote", pending[0].rstrip("\n")))
            again.extendleft(reversed(pending[1:]))
            pending.clear()
        else:
            return


def rows_of_cells(
    found: Iterable[tuple[int, list[str]]], header: Sequence[str], *, delimiter: str, unread: list[Unread]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are rows, each with its number.

    Args:
        found: records with their numbers.
        header: the cells that name the columns.
        delimiter: for the text of what is no row.
        unread: takes what is no row.
    """
    width = len(header)
    names = [" ".join(name.split()) for name in header]
    for number, cells in found:
        if len(cells) != width:
            if not any(cells):
                continue
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) != width:
                reason = "missing_columns" if len(cells) < width else "too_many_columns"
                unread.append(Unread(number, reason, _line(cells, delimiter)))
                continue
        empty = cells.count("")
        if empty == width:
            continue
        if 2 * empty >= width - 1 and is_totals_row(cells):
            unread.append(Unread(number, "totals_row", _line(cells, delimiter)))
        elif cells[0].split() == names[0].split() and [" ".join(cell.split()) for cell in cells] == names:
            unread.append(Unread(number, "repeated_header", _line(cells, delimiter)))
        else:
            yield number, cells


def is_totals_row(cells: Sequence[str]) -> bool:
    """Return whether a row begins with a word for a total and holds nothing else but numbers, half of its cells being empty."""
    first, *others = [cell for cell in cells if cell] or [""]
    return (
        len(cells) > 2
        and 2 * (len(cells) - 1 - len(others)) >= len(cells) - 1
        and bool(others)
        and _TOTAL.search(first) is not None
        and all(any(map(str.isdigit, cell)) and not _WORD.search(cell) for cell in others)
    )


def arrow_tables(
    rows: Iterator[tuple[int, list[str]]], columns: Sequence[str], *, size: int, delimiter: str, unread: list[Unread]
) -> Iterator[pa.Table]:
    """Yield rows as texts with ``_row``, about `size` at a time; those with bytes that are no text go to `unread`."""
    import pyarrow as pa

    blocks = _blocks(rows, columns, delimiter, unread)
    while tables := list(islice(blocks, -(-size // _BLOCK))):
        yield pa.concat_tables(tables)


def _blocks(
    rows: Iterator[tuple[int, list[str]]], columns: Sequence[str], delimiter: str, unread: list[Unread]
) -> Iterator[pa.Table]:
    while block := list(islice(rows, _BLOCK)):
        try:
            yield _table(block, columns)
        except UnicodeEncodeError:
            readable = []
            for number, cells in block:
                if any(map(has_bad_bytes, cells)):
                    unread.append(Unread(number, "invalid_encoding", _line(cells, delimiter)))
                else:
                    readable.append((number, cells))
            if readable:
                yield _table(readable, columns)


def as_text(line: str) -> str:
    """Return a line with a replacement character for every byte that is no text."""
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def has_bad_bytes(cell: str) -> bool:
    """Return whether a text has lone surrogates."""
    return not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell)


def _spaced(delimiter: str, quote: str) -> Callable[[str], str]:
    """Return a function that takes the spaces around quoted cells out of a line."""
    between, mark = re.escape(delimiter), re.escape(quote)
    cell = re.compile(f"(^|{between})( *{mark}(?:[^{mark}]|{mark}{mark})*{mark} *(?={between}|\n|$)|[^{between}\n]*)")

    def without_spaces(match: re.Match[str]) -> str:
        text = match[2].strip(" ")
        is_quoted = len(text) > 1 and text[0] == text[-1] == quote
        return match[1] + (text if is_quoted else match[2])

    return lambda line: cell.sub(without_spaces, line)


def _table(block: list[tuple[int, list[str]]], columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    numbers, cells = zip(*block, strict=True)
    texts = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
    return pa.Table.from_arrays([pa.array(numbers, pa.int64()), *texts], names=["_row", *columns])


def _without_nul(line: str) -> str:
    if 4 * line.count("\0") > len(line):
        raise DamagedFileError(
            "it has NUL characters between its letters, as UTF-16 has: say so with the encoding utf-16-le or utf-16-be"
        )
    return line.replace("\0", "")


def _line(cells: Sequence[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue()
