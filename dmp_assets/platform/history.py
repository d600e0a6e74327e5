"""Tables that keep one set of rows per as_of_on, so that a run finds what the run before it found."""

import pandas as pd

from dmp_assets.platform.warehouse import Warehouse


def stored(warehouse: Warehouse, table: str) -> pd.DataFrame | None:
    """All rows of a table, ``layer.table``, that an earlier run stored; None before the first one."""
    if not warehouse.has_table(table):
        return None
    return warehouse.query(f"select * from {table}")


def latest_before(stored: pd.DataFrame | None, as_of_on: pd.Timestamp) -> pd.DataFrame | None:
    """The newest set of rows from before `as_of_on`, or None without one.

    A rerun at the same date therefore sees what the first run at this date saw, not its own result.
    """
    earlier = stored[stored["as_of_on"] < as_of_on] if stored is not None else None
    if earlier is None or earlier.empty:
        return None
    return earlier[earlier["as_of_on"] == earlier["as_of_on"].max()]


def with_history(stored: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """`new`, the rows of one as_of_on, with the stored rows of all other dates; sorted by as_of_on, else as they were."""
    if stored is None:
        return new
    others = stored[~stored["as_of_on"].isin(new["as_of_on"])]
    return pd.concat([others, new]).sort_values("as_of_on", kind="stable", ignore_index=True)
