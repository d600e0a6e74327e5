"""Tables without rows, and why they have none: said once, in the table's schema, and shown wherever the table is.

What lives here: how a Pandera schema says it and how that is read, and how a frame, with rows or without, takes a schema's form.
The reasons themselves are in the domains' ``schema.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import pandera.pandas as pa

_REASON = "empty_because"


def may_be_empty(reason: str) -> dict[str, str]:
    """Return the ``metadata`` of a schema whose table may have no rows, with the condition under which it has none."""
    return {_REASON: reason}


def empty_because(schema: pa.DataFrameSchema) -> str | None:
    """Return why a table of this schema has no rows; None if it must have some."""
    return (schema.metadata or {}).get(_REASON)


def as_table(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a frame with the columns of this schema only, in its order and of its types."""
    return frame[list(schema.columns)].astype(empty_table(schema).dtypes.to_dict())


def empty_table(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of this schema without rows, each column of its type."""
    # Pandera takes every time for one in nanoseconds; DuckDB would make a type of its own of these.
    types = {name: str(column.dtype).replace("[ns]", "[us]") for name, column in schema.columns.items()}
    return pd.DataFrame({name: pd.Series(dtype=each) for name, each in types.items()})
