"""Tables that keep the rows of earlier runs, told apart by their as_of_on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from dmp_assets.platform.warehouse import Warehouse, columns_of, has_table, insert_rows, quoted, replace_table

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class History:
    """What a table keeps when a run adds its rows.

    Attributes:
        by: rows with the same values in these columns as a new one are replaced, so that a rerun adds nothing.
        days: rows whose as_of_on lies more days before the newest of the new rows are dropped; None keeps all.
    """

    by: Sequence[str] = ("as_of_on",)
    days: int | None = None


def add_to_history(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    frame: pd.DataFrame,
    descriptions: Mapping[str, str],
    history: History,
) -> None:
    """Add a run's rows to a table, in the caller's transaction; the rows of other runs are not touched.

    Args:
        connection: from `Warehouse.write`.
        table: ``schema.name``. One that is missing is made, and one with other columns, of an older version, begins anew.
        frame: the rows, with as_of_on.
        descriptions: as for `replace_table`.
        history: what is kept.
    """
    is_there = has_table(connection, table)
    if not is_there or list(columns_of(connection, table)) != list(frame.columns):
        if is_there:
            logger.warning("%s has the columns of an older version: its history begins anew", table)
        replace_table(connection, table, frame, descriptions)
        return
    keys = ", ".join(map(quoted, history.by))
    insert_rows(connection, table, frame, instead_of=f"({keys}) in (select {keys} from new_rows)")
    if history.days is not None and len(frame):
        newest = f"date '{frame['as_of_on'].max():%Y-%m-%d}'"
        connection.execute(f"delete from {table} where as_of_on < {newest} - {history.days}")


def stored(warehouse: Warehouse, table: str) -> pd.DataFrame | None:
    """All rows of a table, ``layer.table``, that an earlier run stored; None before the first one."""
    if not warehouse.has_table(table):
        return None
    return warehouse.query(f"select * from {table}")


def latest_before(warehouse: Warehouse, table: str, as_of_on: pd.Timestamp) -> pd.DataFrame | None:
    """The newest rows of a history, ``layer.table``, from before `as_of_on`, or None without any.

    A rerun at the same date therefore sees what the first run at this date saw, not its own result.
    """
    if not warehouse.has_table(table):
        return None
    earlier = f"(select max(as_of_on) from {table} where as_of_on < date '{as_of_on:%Y-%m-%d}')"
    found = warehouse.query(f"select * from {table} where as_of_on = {earlier}")
    return None if found.empty else found
