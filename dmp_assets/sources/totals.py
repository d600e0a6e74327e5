"""What became of each source's rows, as the last build judged them: ``quarantine.source_totals``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd

_TABLE = "quarantine.source_totals"


def totals(connection: duckdb.DuckDBPyConnection, *, source: str | None = None) -> pd.DataFrame:
    """Return a row per source, contract table, file, outcome and currency: its rows, their sales, the first and the last date.

    Empty before the first build.
    """
    import pandas as pd

    if not _is_there(connection):
        return pd.DataFrame()
    return connection.execute(
        f"""
        select source, contract_table, _file as file, outcome, is_accepted, currency, row_count as rows, sales_amount as sales,
            cast(first_on as varchar) as first_on, cast(last_on as varchar) as last_on
        from {_TABLE} where ? is null or source = ?
        order by source, contract_table, file, is_accepted desc, rows desc, outcome, currency
        """,
        [source, source],
    ).df()


def by_file(found: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of `totals` as tables to show, one per file by its title; accepted and rejected add up to read."""
    titles = (
        found["source"]
        + " "
        + found["contract_table"]
        + found["file"].map(", {}".format, na_action="ignore").fillna("")
    )
    return {str(title): _with_sums(rows) for title, rows in found.groupby(titles, sort=False)}


def _with_sums(found: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    parts = {"= accepted": found[found["is_accepted"]], "= rejected": found[~found["is_accepted"]], "= read": found}
    sums = [
        {"outcome": name, "rows": part["rows"].sum(), "sales": part["sales"].sum(min_count=1)}
        for name, part in parts.items()
    ]
    shown = pd.DataFrame([*found.to_dict("records"), *sums])
    shown["sales"] = shown["sales"].map("{:,.2f}".format, na_action="ignore")
    shown["rows"] = shown["rows"].map("{:,.0f}".format)
    return shown[["outcome", "rows", "sales", "currency", "first_on", "last_on"]]


def rejected_shares(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a sentence per source of which rows were rejected: how many, of which share, and for which reasons."""
    return [
        f"{source}: {rejected:,.0f} of {rows:,.0f} rows of {table} were rejected, {rejected / rows:.1%} ({reasons})"
        for source, table, rows, rejected, reasons in rejected_counts(connection)
    ]


def rejected_counts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, int, str]]:
    """Return source, contract table, rows, rejected rows and the reasons in words, where any was rejected."""
    if not _is_there(connection):
        return []
    return connection.execute(
        f"""
        with reasons as (
            select source, contract_table, outcome, is_accepted, sum(row_count) as row_count
            from {_TABLE} group by all
        )
        select source, contract_table, sum(row_count), sum(row_count) filter (where not is_accepted),
            string_agg(outcome || ' ' || row_count, ', ' order by row_count desc, outcome) filter (where not is_accepted)
        from reasons group by all having sum(row_count) filter (where not is_accepted) > 0 order by 1, 2
        """
    ).fetchall()


def _is_there(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'quarantine' and table_name = 'source_totals'"
        ).fetchall()
    )
