"""Read a source's file into DuckDB: what can be read as rows, and the lines that cannot, each with its place in the file.

There are two ways to the same rows. `clean_rows` reads a file as it is, in one pass, if nothing is wrong with it; `read_file` reads
whatever can be read, line by line (`delimited`, `sheets`, `documents`), into temporary tables, and takes several times as long.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import re
import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import literal, quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, FileFormat, LoadRule
from dmp_assets.sources.delimited import (
    LONGEST_LINE,
    DamagedFileError,
    Unread,
    arrow_tables,
    as_text,
    has_bad_bytes,
    records,
    rows_of_cells,
    totals_pattern,
)
from dmp_assets.sources.documents import json_document, json_lines
from dmp_assets.sources.sheets import sheet_rows

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES: dict[FileFormat, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "json": (".json",),
    "xlsx": (".xlsx", ".xlsm"),
    "parquet": (".parquet",),
}
"""File name endings of each format, before ``.gz`` or in a ``.zip``; a ``.json`` file holds lines or one document."""

COMPRESSED = (".gz", ".zip")
"""Endings of files that hold one compressed file."""


_CHUNK = 1 << 20
_NO_LETTER = r"\PL"  # as DuckDB's regular expressions have it
_ROW_GROUP = 122_880
"""Rows that DuckDB stores, and one of its threads compresses, at a time."""

_HOUSEKEEPING = ("file_row_number", "_dlt_id", "_dlt_load_id")  # columns of Parquet files that the source does not have


def files_of(rule: LoadRule) -> dict[str, Path] | None:
    """Return the files that a rule names, by their names, as `files_at`; None if its rows come over a connection.

    Raises:
        UserError: there is nothing at the location, or what it needs on this machine is missing.
    """
    return files_at(rule.resolved_location(), rule.file_format) if rule.file_format else None


def files_at(location: str, file_format: FileFormat) -> dict[str, Path]:
    """Return the files of a format at a file's, folder's (with what is below it) or pattern's place, by their names, sorted.

    Raises:
        UserError: there is nothing at that place.
    """
    path = Path(location).expanduser()
    if path.is_file():
        return {path.name: path}
    if path.is_dir():
        found = {
            each.relative_to(path).as_posix(): each
            for each in path.rglob("*")
            if bare_suffix(each) in SUFFIXES[file_format]
        }
    else:
        found = {Path(each).name: Path(each) for each in glob.glob(str(path))}  # noqa: PTH207 - the pattern is absolute
    files = {
        name: each for name, each in sorted(found.items()) if each.is_file() and not each.name.startswith((".", "_"))
    }
    if not files and not path.is_dir():
        raise UserError(f"There is no file at {location}: put it there, or change the location.")
    return files


@contextmanager
def clean_rows(
    file: Path, rule: LoadRule, *, threads: int, condition: str = "true"
) -> Generator[pa.RecordBatchReader | None]:
    """Yield the rows of a file as they are, with ``_row``, to be read once; None if it needs `read_file`.

    Args:
        file: what to read.
        rule: how.
        threads: of the reading.
        condition: of the rows that are wanted, as SQL.

    Raises:
        duckdb.Error: here or while the rows are read, a line is no row, or the file is damaged.
        DamagedFileError: the first line is not in the declared encoding.
    """
    with duckdb.connect(config={"threads": threads, "arrow_lossless_conversion": True}) as reader:
        if rule.format == "parquet":
            yield reader.execute(f"from {_parquet_rows(reader, file)} where {condition}").to_arrow_reader(_ROW_GROUP)
        elif (
            rule.format == "csv"
            and condition == "true"
            and (lines := _plain_lines(file, rule))
            and (header := _clean_header(file, rule))
        ):
            batches = reader.execute(_clean_scan(file, rule, header)).to_arrow_reader(_ROW_GROUP)
            yield _numbered(batches, first=rule.skip + (1 if rule.names else 2), last=lines)
        else:
            yield None


def _numbered(batches: pa.RecordBatchReader, *, first: int, last: int) -> pa.RecordBatchReader:
    """Return the rows of a reader with their line in ``_row``.

    DuckDB's ``row_number() over ()`` would keep one thread busy with reading, numbering and storing, and all others idle.

    Raises:
        ValueError: while they are read, if they are not one to a line.
    """
    import numpy as np
    import pyarrow as pa

    schema = batches.schema.append(pa.field("_row", pa.int64()))

    def numbered() -> Generator[pa.RecordBatch]:
        at = first
        for batch in batches:
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(np.arange(at, at + len(batch)))], schema=schema)
            at += len(batch)
        if at != last + 1:
            raise ValueError("a row has several lines, or a line no row")

    return pa.RecordBatchReader.from_batches(schema, numbered())


def read_file(connection: duckdb.DuckDBPyConnection, file: Path, rule: LoadRule, *, rows: int | None = None) -> None:
    """Read a file into the temporary tables ``arrived`` (its columns and ``_row``) and ``unread`` (``_row``, reason, line).

    Columns of Parquet files keep their types, all others are text; nested values are JSON text.

    Args:
        connection: where to.
        file: what to read.
        rule: how.
        rows: how many of its beginning are enough, to look at them.

    Raises:
        DamagedFileError: the file is cut off, or is not in the declared encoding.
    """
    connection.execute("create or replace temp table unread (_row bigint, reason varchar, line varchar)")
    unread = _Aside(connection)
    if rule.format == "csv":
        with open_text(file, rule.encoding) as lines:
            found = records(lines, delimiter=rule.delimiter, quote=rule.quote, unread=unread, skip=rule.skip)
            _read_cells(connection, found, rule, unread, rows)
    elif rule.format == "xlsx":
        _read_cells(connection, sheet_rows(file, rule.sheet, skip=rule.skip), rule, unread, rows)
    elif rule.format == "jsonl":
        with open_text(file, rule.encoding) as lines:
            _read_json(connection, json_lines(lines, rule, unread), unread, rows)
    elif rule.format == "json":
        with open_text(file, rule.encoding) as text:
            _read_json(connection, json_document(text, rule, unread), unread, rows)
    else:
        limit = "" if rows is None else f"limit {rows}"
        connection.execute(f"create or replace temp table arrived as from {_parquet_rows(connection, file)} {limit}")
    unread.flush()


class _Aside(list[Unread]):
    """What is no row, on its way into the temporary table ``unread``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__()
        self._connection = connection

    def append(self, each: Unread, /) -> None:
        super().append(each)
        if len(self) == _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Put into the table what has come since the last time."""
        import pyarrow as pa

        if self:
            places, reasons, texts = zip(*self, strict=True)
            lines = pa.table({"_row": places, "reason": reasons, "line": [*map(as_text, texts)]})
            _insert(self._connection, "unread", lines)
            self.clear()


def _read_cells(
    connection: duckdb.DuckDBPyConnection,
    found: Iterator[tuple[int, list[str]]],
    rule: LoadRule,
    unread: list[Unread],
    limit: int | None,
) -> None:
    """Put records, the first of which names the columns if the rule does not, into the temporary tables."""
    header = rule.names or next(found, (0, []))[1]
    if any(map(has_bad_bytes, header)):
        raise DamagedFileError(f"its first line is not in the encoding {rule.encoding}")
    columns = column_names(header)
    typed = "".join(f", {quoted(column)} varchar" for column in columns)
    connection.execute(f"create or replace temp table arrived (_row bigint{typed})")
    rows = islice(rows_of_cells(found, header, delimiter=rule.delimiter, unread=unread), limit)
    for table in arrow_tables(rows, columns, size=_ROW_GROUP, delimiter=rule.delimiter, unread=unread):
        _insert(connection, "arrived", table)


@contextmanager
def open_text(file: Path, encoding: str) -> Generator[TextIO]:
    """Yield the text of a file, decompressed, with plain line ends, and with lone surrogates for bytes that are no text.

    Raises:
        DamagedFileError: while it is read, it is not in the encoding.
    """
    with open_bytes(file) as stream, io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape") as text:
        try:
            yield text
        except UnicodeDecodeError:
            raise DamagedFileError(f"not in the encoding {encoding}") from None


def column_names(header: Iterable[str]) -> list[str]:
    """Return a header's names, each once whatever its case: empty and repeated ones get a number, the load's own an ending."""
    names: list[str] = []
    taken = {*PLACE_COLUMNS}
    for place, given in enumerate(header, start=1):
        base = re.sub(r"\s*[\r\n]\s*", " ", given.strip("\ufeff \t\r\n")) or f"column_{place}"
        name, copy = base, 1
        while name.lower() in taken:
            copy += 1
            name = f"{base}_{copy}"
        taken.add(name.lower())
        names.append(name)
    return names


def bare_suffix(path: Path) -> str:
    """Return a file's ending in lower case, without ``.gz``; of a ``.zip`` that of the file in it, none if it has several."""
    if path.suffix == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = _members(archive)
        return Path(names[0]).suffix.lower() if len(names) == 1 else ""
    return (path.with_suffix("") if path.suffix in COMPRESSED else path).suffix.lower()


def _clean_header(file: Path, rule: LoadRule) -> list[str]:
    """Return the cells that name the columns of a CSV file in UTF-8; none if there are none on one line."""
    if rule.names:
        return rule.names
    with file.open("rb") as stream:
        line = next(islice(stream, rule.skip, None), b"")
    try:
        return next(
            csv.reader([line.decode("utf-8-sig")], delimiter=rule.delimiter, quotechar=rule.quote, strict=True), []
        )
    except UnicodeDecodeError:
        raise DamagedFileError(f"its first line is not in the encoding {rule.encoding}") from None
    except csv.Error:
        return []


def _clean_scan(file: Path, rule: LoadRule, header: list[str]) -> str:
    """Return SQL for the rows of a CSV file, which fails where one may be no row."""
    columns = column_names(header)
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    names = [quoted(column) for column in columns]
    empty = " + ".join(f"cast({name} is null as integer)" for name in names)
    is_total = f"regexp_matches(coalesce({', '.join(names)}, 'total'), {literal(totals_pattern(_NO_LETTER))})"
    first, *others = (
        f"trim({name}) = {literal(' '.join(cell.split()))}" for name, cell in zip(names, header, strict=True)
    )
    is_header = f"{first} and {' and '.join(others) or 'true'}"
    is_odd = f"contains({names[0]}, chr(65279)) or ({is_header}) or (2 * ({empty}) >= {len(names) - 1} and {is_total})"
    return (
        f"from read_csv({literal(str(file))}, auto_detect = false, header = {not rule.names}, skip = {rule.skip}, "
        f"delim = {literal(rule.delimiter)}, quote = {literal(rule.quote)}, escape = {literal(rule.quote)}, "
        f"columns = {{{types}}}, max_line_size = {LONGEST_LINE}) "
        f"where case when {is_odd} then error('a line that may be no row') else true end"
    )


def _read_json(
    connection: duckdb.DuckDBPyConnection, found: Iterator[tuple[int, str]], unread: list[Unread], limit: int | None
) -> None:
    """Put texts, each of a JSON object or to be told, into the temporary tables."""
    connection.execute("create or replace temp table lines (_row bigint, line varchar)")
    cells = ((number, [text]) for number, text in islice(found, limit))
    for table in arrow_tables(cells, ["line"], size=_ROW_GROUP, delimiter=",", unread=unread):
        _insert(connection, "lines", table)
    # A case, because `and` may ask for the type of what is no JSON.
    is_object = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
    connection.execute(f"create or replace temp table objects as from lines where {is_object}")
    connection.execute(f"insert into unread select _row, 'not_json', line from lines where not {is_object}")
    keys = connection.execute(
        "select key from (select unnest(json_keys(line)) as key, _row from objects) "
        "group by key order by min(_row), key"
    ).fetchall()
    values = "".join(
        f", nullif(json_extract_string(line, {literal(_json_path(key))}), '') as {quoted(name)}"
        for (key,), name in zip(keys, column_names(key for (key,) in keys), strict=True)
    )
    connection.execute(f"create or replace temp table arrived as select _row{values} from objects")


def _insert(connection: duckdb.DuckDBPyConnection, target: str, table: pa.Table) -> None:
    """Insert rows of text with ``_row`` into a temporary table; an empty text is none."""
    values = "".join(f", nullif({quoted(column)}, '')" for column in table.column_names[1:])
    connection.register("read_rows", table)
    connection.execute(f"insert into {target} select _row{values} from read_rows")
    connection.unregister("read_rows")


def _parquet_rows(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    source = f"read_parquet({literal(str(file))}, file_row_number = true)"
    described = [
        column
        for column in connection.execute(f"describe select * from {source}").fetchall()
        if column[0] not in _HOUSEKEEPING
    ]
    values = "".join(
        f", {quoted(given) if not _is_nested(kind) else f'cast(to_json({quoted(given)}) as varchar)'} as {quoted(name)}"
        for (given, kind, *_), name in zip(described, column_names(given for given, *_ in described), strict=True)
    )
    return f"(select file_row_number + 1 as _row{values} from {source})"


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _json_path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")


def _plain_lines(file: Path, rule: LoadRule) -> int:
    """Return the number of lines of a file that DuckDB reads as it is, without an empty end; 0 if it is another.

    It is UTF-8, not compressed, without NUL characters, and has one kind of line ends; that of Windows only if no quotes may
    hold line ends too.
    """
    import numpy as np

    if not _is_utf8(rule.encoding) or file.suffix in COMPRESSED:
        return 0
    lines, end, quote = 0, b"\n", rule.quote.encode()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if chunk.endswith(b"\r"):
                chunk += stream.read(1)
            count = int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))
            if b"\r" in chunk and (quote in chunk or not chunk.count(b"\r") == chunk.count(b"\r\n") == count):
                return 0
            if b"\0" in chunk:
                return 0
            lines, end = lines + count, (end + chunk)[-_CHUNK:]
    stripped = end.rstrip(b"\r\n")
    return lines + 1 - end[len(stripped) :].count(b"\n") if stripped else 0


def open_bytes(file: Path) -> BinaryIO:
    """Open a file, or what a compressed file holds."""
    if file.suffix == ".zip":
        if not zipfile.is_zipfile(file):
            raise DamagedFileError("it is no zip archive, or is cut off")
        archive = zipfile.ZipFile(file)
        names = _members(archive)
        if len(names) != 1:
            raise DamagedFileError(f"it holds {len(names)} files; unpack them into a folder")
        return cast("BinaryIO", archive.open(names[0]))
    return cast("BinaryIO", gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb"))


def _members(archive: zipfile.ZipFile) -> list[str]:
    """Return the files of an archive, without the folders and hidden files that some systems add."""
    return [each for each in archive.namelist() if not each.endswith("/") and not each.startswith(("__MACOSX/", "."))]
