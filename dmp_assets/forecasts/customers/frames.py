"""How what was found, part by part, becomes one of the tables of `schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.platform.emptiness import as_table, empty_table

if TYPE_CHECKING:
    import pandera.pandas as pa

INPUT, SCORE = "input", "score"


def table(parts: list[pd.DataFrame], schema: pa.DataFrameSchema, **constants: object) -> pd.DataFrame:
    """Return the parts as one frame with the columns and types of a schema, also where there are none."""
    whole = pd.concat(parts, ignore_index=True) if parts else empty_table(schema)
    whole = whole.assign(**{name: [value] * len(whole) for name, value in constants.items()})
    return as_table(whole, schema)
