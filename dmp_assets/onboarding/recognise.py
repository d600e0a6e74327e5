"""Recognise how a file is to be read: encoding, delimiter, what stands before the header, the sheet, where rows are in JSON.

What the user says holds. Nothing is taken in silence: `Recognised.notes` says what was found out, and what is open is asked.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from dmp_assets.onboarding.encodings import encoding_of
from dmp_assets.onboarding.guess import plain
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import LoadRule
from dmp_assets.sources.delimited import DamagedFileError, records
from dmp_assets.sources.documents import Utf8, json_document
from dmp_assets.sources.read import bare_suffix, open_bytes, open_text
from dmp_assets.sources.sheets import matching_sheets, sheet_names, sheet_rows

Question = Callable[[str, Sequence[str]], str]
"""Puts a question with the possible answers (none: any text) and returns the answer."""

_SAMPLE_BYTES = 1 << 20
_SCANNED_BYTES = 256 * _SAMPLE_BYTES
_SAMPLE_ROWS = 200
_SAMPLE_EVENTS = 200_000
_VALUE = re.compile(
    r"([A-Z]{3} ?)?[\W\d_]*\d[\W\d_]*([TZ][\W\d_]*)*( ?[A-Z]{3})?"  # a number, an amount, a time
    r"|\d{1,2}[-. ]?[^\W\d_]{3,9}[-. ,]*\d{2,4}.*"  # 3 March 2025
    r"|[0-9a-fA-F-]*\d[0-9a-fA-F-]{15,}"  # a key
    r"|\S+@\S+\.\S+|https?://.*|(?i:true|false|null|nan)"
)
"""What no column is called."""

_FORM = re.compile(r"\d+")

_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)
_MANY = 0.6  # share of the table's cells that a row of it has at least

_FLAGS = {
    "encoding": ("--encoding", ("csv", "jsonl", "json")),
    "delimiter": ("--delimiter", ("csv",)),
    "sheet": ("--sheet", ("xlsx",)),
    "header_row": ("--header-row", ("csv", "xlsx")),
    "has_header": ("--no-header", ("csv", "xlsx")),
    "names": ("--columns", ("csv", "xlsx")),
    "records": ("--records", ("jsonl", "json")),
    "explode": ("--explode", ("jsonl", "json")),
    "flatten": ("--flatten", ("jsonl", "json")),
}
"""The flag of each thing that can be said, and the formats for which it means something."""

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Reading:
    """What the user said of how files are read; everything is optional.

    Attributes:
        encoding, delimiter: of text files.
        sheet: of a workbook.
        header_row: the line of a file or row of a sheet that names the columns.
        has_header: whether one does.
        names: of the columns, if none does.
        records: path of the list of rows in JSON.
        explode: paths of the lists of a record whose entries are rows.
        flatten: whether objects in JSON become columns.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    has_header: bool = True
    names: Sequence[str] = ()
    records: str | None = None
    explode: Sequence[str] = ()
    flatten: bool = False


@dataclass(frozen=True)
class Recognised:
    """How a file is read, and what was found out about it, in words."""

    rule: LoadRule
    notes: list[str] = field(default_factory=list)


def recognise(file: Path, rule: LoadRule, said: Reading, ask: Question | None) -> Recognised:
    """Return the rule with how a file is read.

    Args:
        file: an example of those that the rule names.
        rule: its location and format are known.
        said: what the user said.
        ask: for what is open; None if nobody can be asked.

    Raises:
        UserError: something is open and nobody can be asked, what was said does not fit the file, or it cannot be read.
    """
    check_said(said, rule.format)
    try:
        match rule.format:
            case "csv":
                return _delimited(file, rule, said, ask)
            case "xlsx":
                return _workbook(file, rule, said, ask)
            case "jsonl" | "json":
                return _json(file, rule, said, ask)
            case _:
                return Recognised(rule)
    except (DamagedFileError, OSError, EOFError, LookupError) as error:
        raise UserError(f"{file} cannot be read ({error}). Give --encoding, or an intact file.") from None


def check_said(said: Reading, file_format: str) -> None:
    """Stop if something was said that means nothing for a format, or two things that contradict.

    Raises:
        UserError: so it is.
    """
    for name, (flag, formats) in _FLAGS.items():
        if getattr(said, name) != getattr(Reading(), name) and file_format not in formats:
            raise UserError(f"{flag} is for {' and '.join(formats)}; the location is {file_format}.")
    if said.header_row and (said.names or not said.has_header):
        raise UserError(
            "--header-row names the line with the columns' names; --columns and --no-header say that there is none."
        )


def guess_encoding(file: Path) -> str:
    """Return the encoding of a text file: UTF-8 if it is that but for a few lines, else the likeliest.

    Raises:
        UserError: none fits.
    """
    head, beyond = _sample(file)
    found = encoding_of(head, beyond)
    if found is None:
        raise UserError(f"{file} is in no known encoding: give it with --encoding, such as cp1252 or utf-16-le.")
    return found


def guess_delimiter(lines: Sequence[str]) -> str:
    """Return the character that separates columns: the one that stands most often in lines that have as many of it."""

    def agreement(delimiter: str) -> tuple[int, int]:
        found = records(io.StringIO("".join(lines)), delimiter=delimiter, quote='"', unread=[])
        counts = Counter(len(cells) for _, cells in found)
        return max(((rows * (width - 1), rows) for width, rows in counts.items()), default=(0, 0))

    return max(",;\t|", key=agreement)


def header_at(rows: Rows) -> tuple[int | None, int]:
    """Return which of the first rows of a table names its columns (None if none does), and the first row of the table.

    A row of the table has about as many values as most rows have; titles have fewer. Names are no numbers, days or addresses, no
    row with as many values stands above them, and they are not like what stands below.
    """
    filled = [_filled(cells) for _, cells in rows]
    counts = Counter(count for count in filled if count > 1)
    width = max(counts, key=lambda count: (counts[count], count), default=1)
    of_table = [at for at, count in enumerate(filled) if count >= _MANY * width]
    named = min((at for at in of_table if _are_names(rows[at][1])), key=lambda at: (-filled[at], at), default=None)
    if (
        named is None
        or any(filled[at] >= filled[named] for at in of_table if at < named)
        or _is_like(rows[named][1], [cells for _, cells in rows[named + 1 :]])
    ):
        return None, of_table[0] if of_table else 0
    return named, named


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _is_like(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row is like those below it: its ``buy`` comes again in the column, or most have the form of its ``u17``."""
    for at, cell in enumerate(cells):
        column = [row[at] for row in below if at < len(row) and row[at] and row[:] != cells[:]]
        same_form = [_FORM.sub("9", each) == _FORM.sub("9", cell) for each in column] if _FORM.search(cell) else []
        if cell and (cell in column or 2 * sum(same_form) > len(column)):
            return True
    return False


def _are_names(cells: Sequence[str]) -> bool:
    return not any(_VALUE.fullmatch(cell.strip()) for cell in cells)


def _delimited(file: Path, rule: LoadRule, said: Reading, ask: Question | None) -> Recognised:
    notes: list[str] = []
    encoding = said.encoding or guess_encoding(file)
    rule = rule.model_copy(update={"encoding": encoding})
    notes += _words(file, encoding)
    with open_text(file, encoding) as stream:
        lines = list(islice(stream, _SAMPLE_ROWS))
    separator = _SEPARATOR.fullmatch(lines[0]) if lines else None
    start = 1 if separator else 0
    delimiter = said.delimiter or (separator[1] if separator else guess_delimiter(lines))
    rule = rule.model_copy(update={"delimiter": delimiter})
    found = list(
        islice(
            records(io.StringIO("".join(lines)), delimiter=delimiter, quote=rule.quote, unread=[], skip=start),
            _SAMPLE_ROWS,
        )
    )
    rule, more = _with_header(file, rule, found, said, ask, unit="line", start=start)
    return Recognised(rule, notes + more)


def _workbook(file: Path, rule: LoadRule, said: Reading, ask: Question | None) -> Recognised:
    names = sheet_names(file)
    tables = {}
    for name in matching_sheets(file, said.sheet) if said.sheet else names:
        rows = list(islice(sheet_rows(file, name), _SAMPLE_ROWS))
        at, first = header_at(rows)
        below = rows[first if at is None else at + 1 :]
        if said.sheet or any(_filled(cells) > 1 for _, cells in below):
            tables[name] = rows
    if not tables:
        raise UserError(f"{file}: no sheet looks like a table (there are {', '.join(names)}). Name one with --sheet.")
    sheet = said.sheet or next(iter(tables))
    if len(tables) > 1 and not said.sheet:
        question = f"{file} has several sheets that look like a table. Which one, or which pattern for all of one kind?"
        if ask is None:
            raise UserError(f"{question} Say it with --sheet ({', '.join(tables)}; 'Year *' for all that begin so).")
        sheet = ask(question, list(tables))
    read = matching_sheets(file, sheet)
    rule, notes = _with_header(
        file, rule.model_copy(update={"sheet": sheet}), tables[read[0]], said, ask, unit="row", start=0
    )
    others = [name for name in names if name not in read]
    unread = f" ({', '.join(others)} {'is' if len(others) == 1 else 'are'} not)" if others else ""
    return Recognised(rule, [f"sheet {', '.join(read)} is read{unread}", *notes])


def _with_header(
    file: Path, rule: LoadRule, rows: Rows, said: Reading, ask: Question | None, *, unit: str, start: int
) -> tuple[LoadRule, list[str]]:
    """Return a rule with what stands before the rows, and how the columns are named."""
    if said.header_row:
        return rule.model_copy(update={"skip": said.header_row - 1}), []
    at, first = header_at(rows)
    if not rows:
        return rule.model_copy(update={"skip": start}), []
    if not said.names and said.has_header and at is not None:
        number = rows[at][0]
        before = [f"{unit}s 1 to {number - 1} are" if number > 2 else f"{unit} 1 is"] if number > 1 else []
        skipped = [f"{each} before the header and not read" for each in before]
        return rule.model_copy(update={"skip": number - 1}), skipped
    cells = rows[first][1]
    names = list(said.names)
    if not names and said.has_header:
        shown = ", ".join(cells)
        question = f"{file}: no {unit} names the columns; {unit} {rows[first][0]} is data ({shown})."
        if ask is None:
            raise UserError(
                f"{question} Give the names with --columns a,b,c, or say --no-header (they are then column_1, column_2, ...) or "
                f"--header-row NUMBER."
            )
        names = [name.strip() for name in ask(f"{question} Their names, with commas between:", ()).split(",")]
    names = names or [f"column_{place}" for place in range(1, len(cells) + 1)]
    if len(names) != len(cells):
        raise UserError(f"--columns: {len(names)} names for {len(cells)} columns ({', '.join(cells)}).")
    return rule.model_copy(update={"skip": rows[first][0] - 1, "names": names}), [
        f"no {unit} names the columns: they are {', '.join(names)}"
    ]


def _json(file: Path, rule: LoadRule, said: Reading, ask: Question | None) -> Recognised:
    encoding = said.encoding or guess_encoding(file)
    rule = rule.model_copy(
        update={
            "encoding": encoding,
            "format": "json" if bare_suffix(file) == ".json" and _is_document(file, encoding) else "jsonl",
            "records": said.records,
            "explode": list(said.explode),
            "flatten": said.flatten or bool(said.explode),
        }
    )
    notes = _words(file, encoding)
    if rule.format == "jsonl":
        return Recognised(rule, notes)
    lists = [] if said.records else _outer_lists(file, encoding)
    if lists:
        path = lists[0]
        if len(lists) > 1:
            question = f"{file} has several lists of objects. Which one holds the records?"
            if ask is None:
                raise UserError(f"{question} Say it with --records (one of {', '.join(lists)}).")
            path = ask(question, lists)
        rule = rule.model_copy(update={"records": path})
        notes.append(f"the records are the list {path}")
    rule = rule.model_copy(update={"flatten": True})
    with open_text(file, encoding) as stream:
        first = [json.loads(text) for _, text in islice(json_document(stream, rule, []), _SAMPLE_ROWS)]
    nested = sorted({key for record in first for key, value in record.items() if _is_list_of_objects(value)})
    if nested:
        notes.append(f"lists in a record stay JSON text ({', '.join(nested)}); --explode makes a row of each entry")
    return Recognised(rule, notes)


def _is_document(file: Path, encoding: str) -> bool:
    """Return whether a file is one JSON document: its first line is no object, or the only one and around a list of records."""
    with open_text(file, encoding) as stream:
        lines = (text for line in stream if (text := line.strip("\ufeff \t\r\n")))
        first, second = next(lines, ""), next(lines, None)
    try:
        value = json.loads(first)
    except ValueError:
        return bool(first)
    if not isinstance(value, dict):
        return True
    return second is None and not any(plain(key) == "id" or key.endswith("_id") for key in value)


def _outer_lists(file: Path, encoding: str) -> list[str]:
    """Return the paths of the lists of objects in a document that is an object itself and has no id, so is no record."""
    import ijson

    found: dict[str, None] = {}
    with open_text(file, encoding) as stream:
        for prefix, event, value in islice(ijson.parse(Utf8(stream)), _SAMPLE_EVENTS):
            if prefix == "" and (
                event == "start_array" or (event == "map_key" and (value == "id" or value.endswith("_id")))
            ):
                return []
            path = prefix.removesuffix(".item")
            if event == "start_map" and path != prefix and "item" not in path.split("."):
                found[path] = None
    return list(found)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _words(file: Path, encoding: str) -> list[str]:
    """Return, for a file that is not ASCII, a few words as they are read, for the user to see."""
    head, beyond = _sample(file)
    text = head if "16" in encoding else head + beyond
    words = re.findall(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*", text.decode(encoding, "ignore"))
    shown = ", ".join(islice(dict.fromkeys(words), 8))
    return [f"read as {encoding}, it has words such as {shown}"] if shown else []


def _sample(file: Path) -> tuple[bytes, bytes]:
    """Return the beginning of a file, and of what follows lines with bytes beyond ASCII."""
    with open_bytes(file) as stream:
        head, beyond = stream.read(_SAMPLE_BYTES) + stream.readline(_SAMPLE_BYTES), b""
        for _ in range(_SCANNED_BYTES // _SAMPLE_BYTES):
            if len(beyond) > _SAMPLE_BYTES or not (chunk := stream.read(_SAMPLE_BYTES)):
                break
            if not chunk.isascii():
                # Without the first and last line, which may be cut.
                beyond += b"".join(line for line in chunk.splitlines(keepends=True)[1:-1] if not line.isascii())
    return head, beyond
