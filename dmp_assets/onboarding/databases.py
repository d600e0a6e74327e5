"""Look which tables and views a database has, and which of them are to be sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dmp_assets.onboarding.guess import guess_contract
from dmp_assets.onboarding.recognise import Question
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.database import open_database
from dmp_assets.sources.secrets import hidden, without_password

if TYPE_CHECKING:
    from sqlalchemy import Inspector

NONE = "none"
"""The answer that takes none of several tables."""

_SHOWN = 50


def chosen_tables(location: str, *, table: str | None, schema: str | None, ask: Question | None) -> list[str]:
    """Return the tables and views of a database to be read, as ``table`` or ``schema.table``.

    Args:
        location: SQLAlchemy URL, as it is declared.
        table: the only one; may name its schema. Without one, all whose columns fit a contract table, one for each of these.
        schema: where to look, instead of the schema that the database looks in by itself.
        ask: which of several tables that fit one contract table is meant; None if nobody can be asked.

    Raises:
        UserError: the database cannot be opened, there is no such table, none fits, or several do and nobody can be asked.
    """
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    engine = open_database(location)
    try:
        found = sqlalchemy.inspect(engine)
        if table:
            return [_named(found, table, schema)]
        names = _names(found, schema)
        fitting: dict[str, list[str]] = {}
        for name in names:
            contract = guess_contract(column["name"] for column in found.get_columns(name, schema=schema))
            if contract:
                fitting.setdefault(contract, []).append(_full(name, schema))
        if not fitting:
            schemas = ", ".join(found.get_schema_names())
            raise UserError(
                f"{without_password(location)}: the columns of no table tell what it is (there are {_listed(names)}). Name one "
                "with --table, say with --as what it is and with --map which column is which; or name another schema with --schema "
                f"({schemas})."
            )
        return [name for contract, tables in fitting.items() if (name := _one(contract, tables, ask)) != NONE]
    except SQLAlchemyError as error:
        raise UserError(
            f"{without_password(location)} cannot be opened ({hidden(str(error).splitlines()[0], location)}). Give a SQLAlchemy "
            "URL, such as sqlite:////data/shop.db or postgresql://user@host/shop, and check that the database runs."
        ) from None
    finally:
        engine.dispose()


def _named(found: Inspector, table: str, schema: str | None) -> str:
    at, point, bare = table.partition(".")
    places = [(schema, table), *([(at, bare)] if point and not schema else [])]
    for place, name in places:
        if name in _names(found, place):
            return _full(name, place)
    place, name = places[-1]
    raise UserError(
        f"--table: there is no table or view {name} in the database; there are {_listed(_names(found, place))}."
    )


def _one(contract: str, tables: list[str], ask: Question | None) -> str:
    if len(tables) == 1:
        return tables[0]
    question = f"Several tables look like {contract}. Which is meant?"
    if ask is None:
        raise UserError(f"{question} Say it with --table (one of {', '.join(tables)}).")
    answer = ask(question, [*tables, NONE])
    if answer not in (*tables, NONE):
        raise UserError(f"{question} {answer!r} is none of {', '.join(tables)}.")
    return answer


def _names(found: Inspector, schema: str | None) -> list[str]:
    kept = found.get_materialized_view_names(schema=schema) if found.dialect.name == "postgresql" else []
    return sorted([*found.get_table_names(schema=schema), *found.get_view_names(schema=schema), *kept])


def _full(name: str, schema: str | None) -> str:
    return f"{schema}.{name}" if schema else name


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "none") + more
