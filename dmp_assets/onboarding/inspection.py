"""Look at a user's data before anything is declared: its tables, columns, guessed types, and how texts write times and numbers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pandas as pd

from dmp_assets.onboarding.databases import chosen_tables
from dmp_assets.onboarding.recognise import Question, Reading, check_said, recognise
from dmp_assets.platform.access import private_folder
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.warehouse import columns_of, count, literal, quoted
from dmp_assets.privacy.words import is_flag
from dmp_assets.sources.declare import DeclaredTable, FileFormat, LoadRule, resolve
from dmp_assets.sources.delimited import DamagedFileError
from dmp_assets.sources.extract import extract
from dmp_assets.sources.read import SUFFIXES, bare_suffix, files_at, files_of, read_file
from dmp_assets.sources.secrets import without_password

TIME_FORMATS = (
    *(
        f"{date}{time}"
        for date in ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y年%m月%d日")
        for time in ("", " %H:%M", " %H:%M:%S", " %H:%M:%S %z")
    ),
    *(
        f"{date} %I:%M{seconds} %p"
        for date in ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%b %d, %Y", "%B %d, %Y")
        for seconds in ("", ":%S")
    ),
    *(
        f"{date}{time}"
        for date in ("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b-%d-%Y", "%b-%d-%y", "%d %B %Y", "%B %d, %Y")
        for time in ("", " %H:%M", " %H:%M:%S")
    ),
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%d.%m.%y",
    "%d.%m.%y %H:%M",
    "%d/%m/%y",
    "%m/%d/%y",
)
"""How texts write times, besides ISO 8601."""

SAMPLE_ROWS = 100_000
_FILES = 8  # of a folder, that are looked at
_OFFSET = (
    "^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ]|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ).*:[0-9.,]+ *"
    "((UTC|GMT)?[+-][0-9]{1,2}(:?[0-9]{2})?|[Zz]|[A-Z]{3,4}|[A-Za-z]+/[A-Za-z_/]+)( *[(].*[)]|[[].*\\])?$"
)
"""Texts of times that tell their offset or zone, as the macro ``try_offset_time_to_utc`` reads them."""
_DRESS = "[$€£¥￥₹₽₩₺]|^[A-Za-z]{3} +| +[A-Za-z]{3}$"
"""What stands beside the number of an amount: a currency's sign or code."""
_FEW = 100
_ENOUGH = 0.7  # share of a column's values that must fit a type; the others go to quarantine

Guess = Literal["text", "number", "time", "empty"]


@dataclass(frozen=True)
class Column:
    """A column as it was found.

    Attributes:
        name: as the raw layer will have it.
        data_type: DuckDB type in the raw layer.
        guess: what its values are.
        time_formats: how it writes times (see the dbt macro ``parse_time``); several if the values do not tell.
        decimal_marks: how it writes numbers; several if the values do not tell.
        examples: a few of its values.
        is_unique: whether every row has a value of its own.
        distinct: how many values it has in the rows that were looked at.
        filled: how many of these rows have a value.
        values: all of its values, if they are few.
        digits: how many digits its numbers have behind the decimal mark, of which nothing is left after the eighth.
        with_offset: how many of its times tell their offset, where others do not.
        is_whole: whether all of its numbers are whole and written with a point, as programs do where some are missing: ``49.0``.
        is_share: whether all of its numbers lie between 0 and 1, some of them in between: of an amount, and no amount.
    """

    name: str
    data_type: str
    guess: Guess
    time_formats: tuple[str, ...] = ()
    decimal_marks: tuple[str, ...] = (".",)
    examples: tuple[str, ...] = ()
    is_unique: bool = False
    distinct: int = 0
    filled: int = 0
    values: tuple[str, ...] = ()
    digits: int = 0
    with_offset: int = 0
    is_whole: bool = False
    is_share: bool = False

    @property
    def is_flag(self) -> bool:
        """Whether all of its values say yes or no: such a column holds no identifier, whatever it is called."""
        return self.data_type == "BOOLEAN" or (bool(self.values) and all(map(is_flag, self.values)))


@dataclass(frozen=True)
class Found:
    """A table as it was found: its name at its place, how to read it (the contract is open yet), its columns, what was noticed."""

    name: str
    rule: LoadRule
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()


def inspect(
    location: str,
    reading: Reading | None = None,
    *,
    table: str | None = None,
    schema: str | None = None,
    ask: Question | None = None,
) -> list[Found]:
    """Look at what is at a place.

    Args:
        location: file, folder, pattern, SQLAlchemy URL or web address; may name environment variables.
        reading: what is known of how files are read.
        table: of a database; without one, all whose columns fit a contract table.
        schema: of a database.
        ask: for what is open of these; None if nobody can be asked.

    Raises:
        UserError: nothing is there, it cannot be read, or its files are of several kinds.
    """
    resolved = resolve(location)
    if "://" in resolved:
        file_format = "web" if resolved.startswith(("http://", "https://")) else "database"
        check_said(reading or Reading(), file_format)
        if without_password(location) != location:
            raise UserError(
                "The location holds a password, token or key, which would be written into the project: put the whole URL into an "
                "environment variable and name that, such as '${SHOP_URL}'."
            )
        is_web = file_format == "web"
        names = [table or "rows"] if is_web else chosen_tables(location, table=table, schema=schema, ask=ask)
        rules = [
            LoadRule(location=location, format=file_format, contract="", table=name, keep="replace") for name in names
        ]
        return [_look_at_extract(name, rule) for name, rule in zip(names, rules, strict=True)]
    if table or schema:
        raise UserError("--table and --schema name what is in a database; the location is a file or folder.")
    return [_look_at_files(location, resolved, reading or Reading(), ask)]


def _look_at_files(location: str, resolved: str, reading: Reading, ask: Question | None) -> Found:
    file_format, files = _files_of_one_kind(resolved)
    if "://" not in location and "$" not in location:
        location = str(Path(location).expanduser().absolute())
    first = next(iter(files.values()))
    recognised = recognise(first, LoadRule(location=location, format=file_format, contract=""), reading, ask)
    return _look_at(Path(resolved).name.split(".", maxsplit=1)[0], files, recognised.rule, recognised.notes)


def look_again(table: DeclaredTable) -> Found:
    """Look at a table that is declared already, by its rule; columns that no file has any more are empty.

    Raises:
        UserError: as `inspect`.
    """
    files = files_of(table.rule)
    if files is None:
        found = dataclasses.replace(_look_at_extract(table.name, table.rule), name=table.name)
    elif files:
        found = _look_at(table.name, files, table.rule, ())
    else:
        raise UserError(f"There is no file at {table.rule.location}: put it there, or change the location.")
    present = {column.name for column in found.columns}
    gone = [Column(name, kind, "empty") for name, kind in table.columns.items() if name not in present]
    return dataclasses.replace(found, columns=(*found.columns, *gone))


def _look_at(name: str, files: Mapping[str, Path], rule: LoadRule, notes: Sequence[str]) -> Found:
    """Look at the first rows of a few files: the first, the last and some between them."""
    step = max(1, -(-(len(files) - 1) // (_FILES - 1)))
    looked_at = [*dict([*files.items()][:-1:step]), *[*files][-1:]]
    columns_of_file: dict[str, list[str]] = {}
    aside: Counter[str] = Counter()
    notes = [*notes]
    with duckdb.connect() as connection:
        for place, file in enumerate(looked_at):
            try:
                read_file(connection, files[file], rule, rows=SAMPLE_ROWS // len(looked_at))
            except (DamagedFileError, duckdb.Error, OSError, EOFError) as error:
                reason = f"{files[file]} cannot be read ({str(error).splitlines()[0]})"
                if place:
                    notes.append(f"{reason}, as the first file can; it will be told by each build")
                    continue
                raise UserError(
                    f"{reason}. Give --encoding or --delimiter if they were guessed wrongly, or an intact file."
                ) from None
            columns_of_file[file] = [column for column in columns_of(connection, "arrived") if column != "_row"]
            aside.update(dict(connection.execute("select reason, count(*) from unread group by reason").fetchall()))
            others = "from gathered union all by name" if place else ""
            connection.execute(f"create or replace temp table gathered as {others} from arrived")
        connection.execute("create or replace temp table arrived as from gathered")
        columns = look_at_columns(connection)
    notes += _differences(columns_of_file)
    if aside:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(aside.items()))
        notes.append(f"no rows, so they go to quarantine: {reasons}")
    return Found(name, rule, columns, tuple(notes))


def _differences(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return which of several files have other columns than the first, in words."""
    (first, usual), *others = columns.items()
    notes = []
    for file, present in others:
        lacks = [column for column in usual if column not in present]
        has = [column for column in present if column not in usual]
        words = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"has {', '.join(has)}"] * bool(has)
        if words:
            notes.append(f"{file} has other columns than {first}: it {' and '.join(words)}")
    return notes


def _look_at_extract(name: str, rule: LoadRule) -> Found:
    """Fetch the first rows of a table into a folder that is thrown away, just as a load would."""
    with private_folder(get_settings()) as folder, duckdb.connect() as connection:
        files = extract(Settings(home=folder), DeclaredTable("inspected", name, "", {}, rule), is_sample=True)
        for file in files.values():
            read_file(connection, file, rule)
        if not files or not count(connection, "arrived"):
            raise UserError(f"{without_password(rule.location)} has no rows in {name}: nothing tells its columns.")
        return Found(name.replace(".", "_"), rule, look_at_columns(connection))


def look_at_columns(connection: duckdb.DuckDBPyConnection) -> tuple[Column, ...]:
    """Return what the columns of the temporary table ``arrived`` hold."""
    connection.execute(f"create or replace temp table sample as from arrived order by _row limit {SAMPLE_ROWS}")
    columns = columns_of(connection, "arrived")
    return tuple(_look_at_column(connection, name, kind) for name, kind in columns.items() if name != "_row")


def _look_at_column(connection: duckdb.DuckDBPyConnection, name: str, data_type: str) -> Column:
    column = quoted(name)
    values = connection.execute(
        f"select {column} from (select {column}, min(_row) as first_row from sample where {column} is not null group by 1) "
        "order by first_row limit 3"
    ).fetchall()
    ((different, filled, rows),) = connection.execute(
        f"select count(distinct {column}), count({column}), count(*) from sample"
    ).fetchall()
    distinct = connection.execute(
        f"select distinct trim(cast({column} as varchar)) from sample where {column} is not null order by 1 limit {_FEW + 1}"
    ).fetchall()
    found = Column(
        name,
        data_type,
        "text",
        examples=tuple(str(value) for (value,) in values),
        is_unique=different == rows,
        distinct=different,
        filled=filled,
        values=tuple(value for (value,) in distinct) if len(distinct) <= _FEW else (),
    )
    if not values:
        return dataclasses.replace(found, guess="empty")
    if data_type.startswith(("TIMESTAMP", "DATE")):
        has_zone = data_type == "TIMESTAMP WITH TIME ZONE"
        return dataclasses.replace(found, guess="time", time_formats=("offset" if has_zone else "iso",))
    if data_type != "VARCHAR":
        return dataclasses.replace(
            found,
            guess="number",
            time_formats=_epochs(connection, column),
            digits=_digits(connection, column, "."),
            is_share=_is_share(connection, column, "."),
        )
    times = _time_formats(connection, column) or _epochs(connection, column)
    marks = _decimal_marks(connection, column)
    if times and not (marks and times[0] in ("epoch", "epoch_ms", "epoch_us", "excel")):
        with_offset = _count_offsets(connection, column) if times == ("mixed",) else 0
        return dataclasses.replace(found, guess="time", time_formats=times, with_offset=with_offset)
    if marks:
        digits = _digits(connection, column, marks[0]) if len(marks) == 1 else 0
        ((is_whole,),) = connection.execute(
            f"select bool_and(regexp_matches(trim({column}), '^[0-9]+[.]0+$')) from sample"
        ).fetchall()
        return dataclasses.replace(
            found,
            guess="number",
            decimal_marks=marks,
            time_formats=times,
            digits=digits,
            is_whole=is_whole,
            is_share=_is_share(connection, column, marks[0]),
        )
    return found


def _time_formats(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    """Return the formats that fit the most values, if these are enough."""
    text = f"trim({column})"
    has_offset = f"regexp_matches({text}, {literal(_OFFSET)})"
    is_iso = (
        f"regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}') and try_cast({text} as timestamp) is not null"
    )
    conditions = {"offset": has_offset, "iso": f"{is_iso} and not {has_offset}"}
    ((with_offset, without),) = connection.execute(
        f"select {', '.join(f'count(*) filter (where {each})' for each in conditions.values())} from sample"
    ).fetchall()
    if with_offset and without:
        conditions["mixed"] = f"{has_offset} or {is_iso}"
    # 23 is no year of four digits.
    conditions |= {each: f"year(try_strptime({text}, {literal(each)})) >= 1000" for each in TIME_FORMATS}
    return _best(connection, column, conditions)


def _count_offsets(connection: duckdb.DuckDBPyConnection, column: str) -> int:
    ((number,),) = connection.execute(
        f"select count(*) from sample where regexp_matches(trim({column}), {literal(_OFFSET)})"
    ).fetchall()
    return number


def _epochs(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    """Return the unit in which numbers may count from 1970, or as a spreadsheet from 1900: they would lie between 2000 and 2100."""
    number = f"try_cast({column} as bigint)"
    days = f"try_cast(replace(cast({column} as varchar), ',', '.') as double)"
    return _best(
        connection,
        column,
        {
            "epoch": f"{number} between 1e9 and 4.1e9",
            "epoch_ms": f"{number} between 1e12 and 4.1e12",
            "epoch_us": f"{number} between 1e15 and 4.1e15",
            "excel": f"{days} between 36526 and 73050",
        },
    )


def _decimal_marks(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    bare = f"trim(regexp_replace(trim({column}), {literal(_DRESS)}, '', 'g'))"

    def written(group: str, mark: str) -> str:
        gaps = f"[{group}]|[ \u00a0\u2007\u2009\u202f'’]"
        form = f"^[+−–(-]? *([0-9]+|[1-9][0-9]{{0,2}}(({gaps})[0-9]{{3}})+)([{mark}][0-9]*-?)? *[)−–-]?$"
        return f"regexp_matches({bare}, {literal(form)})"

    marks = _best(connection, column, {".": written(",", "."), ",": written(".", ",")})
    if len(marks) > 1 and _best(connection, column, {"whole": f"regexp_matches(trim({column}), '^[+-]?[0-9]+$')"}):
        return (".",)
    return marks


def _digits(connection: duckdb.DuckDBPyConnection, column: str, mark: str) -> int:
    """Return how many digits stand behind the mark, of numbers rounded to eight of them."""
    text = f"regexp_replace(cast({column} as varchar), '[^0-9{mark}]', '', 'g')"
    number = f"round(try_cast(replace({text}, '{mark}', '.') as double), 8)"
    digits = f"length(split_part(rtrim(cast(try_cast({number} as decimal(38, 8)) as varchar), '0'), '.', 2))"
    return connection.execute(f"select coalesce(max({digits}), 0) from sample").fetchall()[0][0]


def _is_share(connection: duckdb.DuckDBPyConnection, column: str, mark: str) -> bool:
    """Return whether all numbers lie between 0 and 1, and some of them in between."""
    number = f"try_cast(replace(cast({column} as varchar), '{mark}', '.') as double)"
    return connection.execute(
        f"select coalesce(bool_and({number} between 0 and 1) and bool_or({number} > 0 and {number} < 1), false) from sample "
        f"where {column} is not null"
    ).fetchall()[0][0]


def _best(connection: duckdb.DuckDBPyConnection, column: str, conditions: dict[str, str]) -> tuple[str, ...]:
    """Return the conditions that most values of a column fulfil, if these are enough."""
    # Each distinct value is looked at once: there are many conditions, and most columns have few values.
    counts = ", ".join(f"coalesce(sum(rows) filter (where {condition}), 0)" for condition in conditions.values())
    total, *fitting = connection.execute(
        f"select coalesce(sum(rows), 0), {counts} "
        f"from (select {column}, count(*) as rows from sample where {column} is not null group by all)"
    ).fetchall()[0]
    most = max(fitting)
    if most < _ENOUGH * total:
        return ()
    return tuple(name for name, count in zip(conditions, fitting, strict=True) if count == most)


def example_frame(found: Found) -> pd.DataFrame:
    """Return the columns of a table as a frame to show: name, type, guess, examples."""
    return pd.DataFrame(
        [
            {
                "column": column.name,
                "type": column.data_type,
                "holds": _holds(column),
                "examples": ", ".join(column.examples),
            }
            for column in found.columns
        ]
    )


def _holds(column: Column) -> str:
    if column.guess == "time" and column.with_offset:
        return f"time (mixed: {column.with_offset:,} with an offset, the others without)"
    if column.guess == "time":
        return f"time ({' or '.join(column.time_formats)})"
    if column.guess == "number" and column.decimal_marks != (".",):
        return f"number (decimal mark {' or '.join(column.decimal_marks)})"
    return column.guess


def _files_of_one_kind(location: str) -> tuple[FileFormat, dict[str, Path]]:
    by_format = {name: files_at(location, name) for name in SUFFIXES}
    if not Path(location).is_dir():
        # A file or pattern is one list, whatever the format.
        files = by_format["csv"]
        kinds = Counter(name for file in files.values() for name, ends in SUFFIXES.items() if bare_suffix(file) in ends)
        if sum(kinds.values()) < len(files) or not files:
            raise UserError(
                f"{location}: the file's ending tells no format; known are {_endings()} (each also with .gz or alone in a "
                ".zip). Save any other as one of them, such as CSV in UTF-8."
            )
        by_format = dict.fromkeys(kinds, files)
    # What a .json file holds is recognised later.
    by_format.pop("json", None)
    present = {name: files for name, files in by_format.items() if files}
    if not present:
        raise UserError(
            f"There is no file in {location}: known endings are {_endings()} (each also with .gz or alone in a .zip)."
        )
    if len(present) > 1:
        raise UserError(
            f"{location} has files of several formats ({', '.join(present)}): name those of one, as {location}/*.csv."
        )
    return next(iter(present.items()))


def _endings() -> str:
    return ", ".join(dict.fromkeys(end for ends in SUFFIXES.values() for end in ends))
