"""The members of an audience as a file of customer ids."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dmp_assets.audiences.define import Audiences
from dmp_assets.audiences.explain import find
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.warehouse import has_table

FORMATS = (".csv", ".parquet")


def export_members(connection: duckdb.DuckDBPyConnection, audiences: Audiences, name: str, file: Path) -> int:
    """Write the members of an audience, as the last build found them, into a file that is there as a whole or not at all.

    Returns:
        How many they are.

    Raises:
        UserError: there is no such audience, it has not been built, or the file cannot be written.
    """
    find(audiences, name)
    if file.suffix.lower() not in FORMATS:
        raise UserError(f"{file}: give a file that ends in {' or '.join(FORMATS)}.")
    if not has_table(connection, "audiences.audience_members"):
        raise UserError(f"{name} has not been built yet: run `dmp build --layer audiences`.")
    frame = connection.execute(
        "select customer_id, audience, entered_on, as_of_on from audiences.audience_members where audience = ? order by 1",
        [name],
    ).df()
    try:
        if file.suffix.lower() == ".csv":
            dates = {column: frame[column].dt.strftime("%Y-%m-%d") for column in ("entered_on", "as_of_on")}
            write_atomically(file, frame.assign(**dates).to_csv(index=False))
        else:
            write_atomically(file, frame.to_parquet(index=False))
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from None
    return len(frame)
