"""Read a source's file into DuckDB: what can be read as rows, and the lines that cannot, each with its place in the file.

There are two ways to the same rows. `clean_rows` reads a file as it is, in one pass, if nothing is wrong with it; `read_file` reads
whatever can be read, through temporary tables, and takes two to four times as long.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import literal, quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, FileFormat, LoadRule

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES: dict[FileFormat, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "parquet": (".parquet",),
}
"""File name endings of each format, before ``.gz``."""

COMPRESSED = ".gz"
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; a longer line is not read."""

_CHUNK = 1 << 20
_ROW_GROUP = 122_880
"""Rows that DuckDB stores, and one of its threads compresses, at a time."""

_HOUSEKEEPING = ("file_row_number", "_dlt_id", "_dlt_load_id")  # columns of Parquet files that the source does not have


class DamagedFileError(Exception):
    """A file cannot be read at all; the message says why."""


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
def clean_rows(connection: duckdb.DuckDBPyConnection, file: Path, rule: LoadRule) -> Generator[str | None]:
    """Yield SQL for the rows of a file as they are, with ``_row``, to be read once; None if it needs `read_file`.

    Raises:
        duckdb.Error: here or while the rows are read, a line is no row, or the file is damaged.
        DamagedFileError: the first line is not in the declared encoding.
    """
    if rule.format == "parquet":
        yield _parquet_rows(connection, file)
    elif rule.format == "csv" and _is_plain_text(file, rule.encoding) and (columns := _csv_columns(file, rule)):
        ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
        with duckdb.connect(config={"threads": threads}) as reader:
            batches = reader.execute(f"from {_csv_scan(file, rule, columns)}").to_arrow_reader(_ROW_GROUP)
            connection.register("clean", _numbered(batches, first=2))
            yield "clean"
    else:
        yield None


def _numbered(batches: pa.RecordBatchReader, *, first: int) -> pa.RecordBatchReader:
    """Return the rows of a reader with their number in ``_row``.

    DuckDB's ``row_number() over ()`` would keep one thread busy with reading, numbering and storing, and all others idle.
    """
    import numpy as np
    import pyarrow as pa

    schema = batches.schema.append(pa.field("_row", pa.int64()))

    def numbered() -> Generator[pa.RecordBatch]:
        at = first
        for batch in batches:
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(np.arange(at, at + len(batch)))], schema=schema)
            at += len(batch)

    return pa.RecordBatchReader.from_batches(schema, numbered())


def read_file(connection: duckdb.DuckDBPyConnection, file: Path, rule: LoadRule) -> None:
    """Read a file into the temporary tables ``arrived`` (its columns and ``_row``) and ``unread`` (``_row``, reason, line).

    Columns of CSV and JSON-lines files are text, nested columns of Parquet files JSON text.

    Raises:
        DamagedFileError: the file is cut off, or is not in the declared encoding.
    """
    connection.execute("create or replace temp table unread (_row bigint, reason varchar, line varchar)")
    if rule.format == "csv":
        with readable_text(file, rule.encoding) as text:
            _read_csv(connection, text, rule)
    elif rule.format == "jsonl":
        with readable_text(file, rule.encoding) as text:
            _read_json_lines(connection, text)
    else:
        connection.execute(f"create or replace temp table arrived as from {_parquet_rows(connection, file)}")


@contextmanager
def readable_text(file: Path, encoding: str) -> Generator[Path]:
    """Yield a text file as UTF-8 with plain line ends and no NUL: the file itself if it is that, else a copy that lasts as long.

    Raises:
        DamagedFileError: the file is not in the encoding, or a compressed file is cut off.
    """
    if _is_plain_text(file, encoding):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name.removesuffix(COMPRESSED)
        with open_bytes(file) as stream:
            # Bytes that are no UTF-8 stay, for DuckDB to find their lines; another encoding is right or wrong as a whole.
            _transcode(stream, copy, encoding, errors="surrogateescape" if _is_utf8(encoding) else "strict")
        yield copy


def column_names(header: Iterable[str]) -> list[str]:
    """Return a header's names, each once whatever its case: empty and repeated ones get a number, the load's own an ending."""
    names: list[str] = []
    taken = {*PLACE_COLUMNS}
    for place, given in enumerate(header, start=1):
        base = given.strip() or f"column_{place}"
        name, copy = base, 1
        while name.lower() in taken:
            copy += 1
            name = f"{base}_{copy}"
        taken.add(name.lower())
        names.append(name)
    return names


def bare_suffix(path: Path) -> str:
    """Return a file's ending in lower case, without ``.gz``."""
    return Path(path.name.removesuffix(COMPRESSED)).suffix.lower()


def _csv_columns(file: Path, rule: LoadRule) -> list[str]:
    """Return the names in the first line of a CSV file in UTF-8; none if it is empty."""
    with file.open("rb") as stream:
        first_line = stream.readline()
    try:
        header = next(csv.reader([first_line.decode("utf-8-sig")], delimiter=rule.delimiter, quotechar=rule.quote), [])
    except UnicodeDecodeError:
        raise DamagedFileError(f"its first line is not in the encoding {rule.encoding}") from None
    return column_names(header)


def _csv_scan(file: Path, rule: LoadRule, columns: Iterable[str], options: str = "") -> str:
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({literal(str(file))}, auto_detect = false, header = true, delim = {literal(rule.delimiter)}, "
        f"quote = {literal(rule.quote)}, escape = {literal(rule.quote)}, columns = {{{types}}}, "
        f"max_line_size = {LONGEST_LINE}{options})"
    )


def _read_csv(connection: duckdb.DuckDBPyConnection, file: Path, rule: LoadRule) -> None:
    columns = _csv_columns(file, rule)
    if not columns:
        connection.execute("create or replace temp table arrived (_row bigint)")
        return
    keep_unread = (
        ", store_rejects = true, rejects_table = 'unread_csv', rejects_scan = 'scanned_csv', rejects_limit = 0"
    )
    connection.execute(
        f"""
        create or replace temp table numbered as
        select row_number() over () as ordinal, *
        from {_csv_scan(file, rule, columns, keep_unread)}
        """
    )
    connection.execute(
        "insert into unread select line, replace(lower(any_value(cast(error_type as varchar))), ' ', '_'), "
        "any_value(csv_line) from unread_csv group by line"
    )
    # A read row's line: its number, the header, and the unread lines before it.
    connection.execute(
        """
        create or replace temp table arrived as
        with gaps as (select row_number() over (order by _row) as skipped, _row from unread)
        select numbered.ordinal + 1 + coalesce(gaps.skipped, 0) as _row, numbered.* exclude (ordinal)
        from numbered
        asof left join (select skipped, _row - 1 - skipped as rows_before from gaps
            qualify row_number() over (partition by _row - 1 - skipped order by skipped desc) = 1) as gaps
            on numbered.ordinal > gaps.rows_before
        """
    )


def _read_json_lines(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    connection.execute(
        f"""
        create or replace temp table lines as
        select row_number() over () as _row, line from read_csv({literal(str(file))}, auto_detect = false, header = false,
            delim = chr(1), quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, max_line_size = {LONGEST_LINE})
        """
    )
    # A case, because `and` may ask for the type of what is no JSON.
    is_object = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
    connection.execute(f"create or replace temp table objects as from lines where {is_object}")
    connection.execute(
        f"insert into unread select _row, 'not_json', line from lines where not {is_object} and trim(line) <> ''"
    )
    keys = connection.execute(
        "select key from (select unnest(json_keys(line)) as key, _row from objects) "
        "group by key order by min(_row), key"
    ).fetchall()
    values = "".join(
        f", nullif(json_extract_string(line, {literal(_json_path(key))}), '') as {quoted(name)}"
        for (key,), name in zip(keys, column_names(key for (key,) in keys), strict=True)
    )
    connection.execute(f"create or replace temp table arrived as select _row{values} from objects")


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


def _transcode(stream: BinaryIO, copy: Path, encoding: str, *, errors: str) -> None:
    line = 0
    try:
        with (
            io.TextIOWrapper(stream, encoding=encoding, errors=errors) as text,
            copy.open("w", encoding="utf-8", errors=errors, newline="\n") as target,
        ):
            for line, each in enumerate(text, start=1):  # noqa: B007 - read after the loop breaks off
                target.write(each.replace("\0", ""))
    except UnicodeError:
        raise DamagedFileError(f"not in the encoding {encoding} after line {line}") from None


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _json_path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")


def _is_plain_text(file: Path, encoding: str) -> bool:
    """Return whether a file is UTF-8, not compressed, without NUL characters and line ends of other systems."""
    if not _is_utf8(encoding) or file.suffix == COMPRESSED:
        return False
    with file.open("rb") as stream:
        return not any(b"\0" in chunk or b"\r" in chunk for chunk in iter(lambda: stream.read(_CHUNK), b""))


def open_bytes(file: Path) -> BinaryIO:
    """Open a file, or what a compressed file holds."""
    return cast("BinaryIO", gzip.open(file, "rb") if file.suffix == COMPRESSED else file.open("rb"))
