"""Read a table or view of a database into a Parquet file, in types that can be landed.

What a database knows beside numbers, texts, truth values, dates and times becomes text: JSON and arrays as JSON, bytes hexadecimal;
money becomes a number. SQLite keeps no types: there a column is what its values are, and text where they are of several kinds.

How far a table was read is kept nowhere but in the raw table: `Since` is what that holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import LoadRule, resolve
from dmp_assets.sources.secrets import without_password

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import ColumnElement, Engine, Select, Table
    from sqlalchemy.engine import URL
    from sqlalchemy.types import TypeEngine

DRIVERS = {
    "postgres": ("postgresql+psycopg", "postgres"),
    "postgresql": ("postgresql+psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "mysql"),
    "mariadb": ("mariadb+pymysql", "mysql"),
    "mssql": ("mssql+pymssql", "mssql"),
}
"""The driver of a database whose URL names none, and the extra that installs it."""

_CHUNK = 50_000
_DIGITS = (38, 9)
"""Of a number whose column sets no limit, and those of them after the point."""


@dataclass(frozen=True)
class Since:
    """What was read before: the highest value of the rule's cursor and of its deleted-at column; None without one."""

    cursor: Any = None
    deleted_at: Any = None


NOTHING = Since()


def open_database(location: str) -> Engine:
    """Return the engine of a database at a location as it is declared; it connects when it is first asked.

    Raises:
        UserError: the URL is none, its driver is not installed, or a SQLite file is not there: opening it would make one.
    """
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = sqlalchemy.make_url(resolve(location))
    except ArgumentError:
        raise UserError(
            f"{without_password(location)} is no SQLAlchemy URL, such as sqlite:////data/shop.db."
        ) from None
    if parsed.drivername in DRIVERS:
        parsed = parsed.set(drivername=DRIVERS[parsed.drivername][0])
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise UserError(
            f"There is no SQLite database at {without_password(location)}: put it there, or change the location."
        )
    try:
        return sqlalchemy.create_engine(parsed)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise UserError(_missing_driver(location, parsed, error)) from None


def _missing_driver(location: str, url: URL, error: Exception) -> str:
    missing = f"{without_password(location)}: its driver {url.drivername} is not installed ({error})."
    driver, extra = DRIVERS.get(url.get_backend_name(), ("", ""))
    if extra:
        return f"{missing} Run `pip install 'ai-dmp[{extra}]'` and begin the URL with {driver}://."
    return f"{missing} Install the Python package that SQLAlchemy's documentation names for it."


def find_table(engine: Engine, name: str) -> Table:
    """Return a table or view by its name, ``table`` or ``schema.table``.

    Raises:
        sqlalchemy.exc.NoSuchTableError: there is none.
    """
    import sqlalchemy

    schema, point, bare = name.partition(".")
    if not point or sqlalchemy.inspect(engine).has_table(name):
        schema, bare = None, name
    return sqlalchemy.Table(bare, sqlalchemy.MetaData(), schema=schema, autoload_with=engine, resolve_fks=False)


def fetch(rule: LoadRule, file: Path, since: Since, *, limit: int | None = None) -> int:
    """Write rows of a table to a Parquet file and return their number.

    Without a cursor these are all rows. With one, those from its highest value on, the ones at that value and the ones without a
    value among them, and those that were marked as deleted since.

    Raises:
        UserError: the URL is wrong, there is no such column, or a value is not of its column's type.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached, or the table is not in it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    import sqlalchemy

    engine = open_database(rule.location)
    try:
        table = find_table(engine, rule.table or "")
        columns = _columns(engine, table)
        query = sqlalchemy.select(*columns.values()).limit(limit)
        if rule.cursor:
            query = query.where(_is_new(rule, columns, since))
        schema = pa.schema([(name, _arrow_type(column.type)) for name, column in columns.items()])
        rows = 0
        with pq.ParquetWriter(file, schema) as writer:
            for batch in _batches(engine, query, schema):
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows
    finally:
        engine.dispose()


def _is_new(rule: LoadRule, columns: dict[str, ColumnElement], since: Since) -> ColumnElement[bool]:
    import sqlalchemy

    for name in (rule.cursor, rule.deleted_at):
        if name and name not in columns:
            raise UserError(
                f"{rule.table} has no column {name}; there are {', '.join(columns)}. Correct its entry in `load`."
            )
    if since.cursor is None:
        return sqlalchemy.true()
    cursor = columns[rule.cursor or ""]
    conditions = [cursor >= _bound(cursor, since.cursor), cursor.is_(None)]
    if rule.deleted_at:
        conditions.append(_is_deleted_since(columns[rule.deleted_at], since.deleted_at))
    return sqlalchemy.or_(*conditions)


def _is_deleted_since(column: ColumnElement, highest: Any) -> ColumnElement[bool]:
    from sqlalchemy import Boolean, Integer, true

    if isinstance(column.type, Boolean):
        return column == true()
    if isinstance(column.type, Integer):
        return column != 0
    return column.is_not(None) if highest is None else column >= _bound(column, highest)


def _bound(column: ColumnElement, value: Any) -> Any:
    """Return from where on a column is read: where it writes times as text, in whichever form, from that day on."""
    from sqlalchemy import String

    return f"{value:%Y-%m-%d}" if isinstance(column.type, String) and isinstance(value, dt.date) else value


def _batches(engine: Engine, query: Select, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with engine.connect() as connection:
        for rows in connection.execution_options(yield_per=_CHUNK).execute(query).partitions():
            arrays = []
            for field, values in zip(schema, zip(*rows, strict=True), strict=True):
                known = values
                if pa.types.is_temporal(field.type):  # the day 0 of MySQL is no value, and comes as text
                    known = [None if str(value).startswith("0000-00-00") else value for value in values]
                try:
                    arrays.append(pa.array(known, field.type))
                except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                    raise UserError(
                        f"A value of the column {field.name} is not of its type ({error}). Correct it, or read a view that "
                        "casts it."
                    ) from None
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _columns(engine: Engine, table: Table) -> dict[str, ColumnElement]:
    """Return the columns of a table as they are read, by name."""
    dialect = engine.dialect.name
    kinds = _kinds_of_values(engine, table) if dialect == "sqlite" else {}
    return {
        column.name: (
            _by_values(column, kinds[column.name]) if dialect == "sqlite" else _by_type(column, dialect)
        ).label(column.name)
        for column in table.columns
    }


def _kinds_of_values(engine: Engine, table: Table) -> dict[str, set[str]]:
    """Return the kinds of values of each column of a SQLite table: integer, real, text, blob."""
    from sqlalchemy import func, select

    kinds = [func.group_concat(func.typeof(column).distinct()) for column in table.columns]
    with engine.connect() as connection:
        found = connection.execute(select(*kinds)).one()
    return {
        column.name: {*(each or "").split(",")} - {"", "null"}
        for column, each in zip(table.columns, found, strict=True)
    }


def _by_values(column: ColumnElement, kinds: set[str]) -> ColumnElement:
    """Return a column of SQLite as the type of its values."""
    from sqlalchemy import BigInteger, Boolean, Double, Float, Numeric, String, cast, func, type_coerce

    if kinds == {"text"}:
        return type_coerce(column, String())
    if kinds == {"integer"} and not isinstance(column.type, Numeric | Float):
        return column if isinstance(column.type, Boolean) else type_coerce(column, BigInteger())
    if kinds and kinds <= {"integer", "real"}:
        return type_coerce(column, Double())
    if kinds == {"blob"}:
        return func.nullif(func.lower(func.hex(column)), "", type_=String())
    return cast(column, String())


def _by_type(column: ColumnElement, dialect: str) -> ColumnElement:
    """Return a column as a type that can be landed; what is no simple one is text."""
    from sqlalchemy import Boolean, Date, DateTime, Double, Float, Integer, Numeric, String, cast, type_coerce

    kind = column.type
    if isinstance(kind, String):
        return type_coerce(column, String())
    if isinstance(kind, Float):  # MySQL's are read as decimal numbers
        return type_coerce(column, Double())
    if isinstance(kind, Integer | Boolean | Date | DateTime):
        return column
    if isinstance(kind, Numeric):
        has_limit = kind.precision and kind.scale is not None and kind.precision <= _DIGITS[0]
        return column if has_limit else cast(column, Numeric(*_DIGITS))
    if kind.__visit_name__ in ("MONEY", "SMALLMONEY"):
        return cast(column, Numeric(19, 4))
    return cast(_as_text(column, dialect), String())


def _as_text(column: ColumnElement, dialect: str) -> ColumnElement:
    """Return what of a column can be cast to text."""
    from sqlalchemy import ARRAY, BINARY, VARBINARY, BigInteger, LargeBinary, cast, func

    if isinstance(column.type, ARRAY):
        return func.to_json(column)
    if isinstance(column.type, LargeBinary | BINARY | VARBINARY):
        return func.encode(column, "hex") if dialect == "postgresql" else func.lower(func.hex(column))
    if dialect in ("mysql", "mariadb") and column.type.__visit_name__ == "BIT":
        return cast(column, BigInteger())
    return column


def _arrow_type(kind: TypeEngine) -> pa.DataType:
    """Return the type in the Parquet file of a column as it is read."""
    import pyarrow as pa
    from sqlalchemy import Boolean, Date, DateTime, Float, Integer, Numeric

    if isinstance(kind, Boolean):
        return pa.bool_()
    if isinstance(kind, Integer):
        return pa.int64()
    if isinstance(kind, Float):
        return pa.float64()
    if isinstance(kind, Numeric):
        return pa.decimal128(kind.precision or _DIGITS[0], kind.scale or 0)
    if isinstance(kind, DateTime):
        has_zone = kind.timezone or kind.__visit_name__ == "DATETIMEOFFSET"
        return pa.timestamp("us", tz="UTC" if has_zone else None)
    return pa.date32() if isinstance(kind, Date) else pa.string()
