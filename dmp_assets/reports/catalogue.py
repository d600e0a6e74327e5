"""The dictionary beside the published tables: ``catalog.json`` for programs, ``README.md`` for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Column:
    """A column as it was published.

    Attributes:
        name: its name.
        type: DuckDB's name of its type.
        description: what it holds, in which unit.
        nullable: whether it may be missing.
        is_key: whether it is one of the columns that together identify a row.
    """

    name: str
    type: str
    description: str
    nullable: bool
    is_key: bool


@dataclass(frozen=True)
class PublishedTable:
    """A table as it was published.

    Attributes:
        schema: its layer, the schema in ``published.duckdb``.
        name: its name within the schema.
        description: what it holds.
        grain: what one row is.
        row_count: its rows.
        simulated_row_count: how many of them are about nobody real.
        key: the columns that together identify a row.
        file: its Parquet file, beside the dictionary.
        columns: in the table's order.
    """

    schema: str
    name: str
    description: str
    grain: str
    row_count: int
    simulated_row_count: int
    key: Sequence[str]
    file: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class Catalogue:
    """All tables of one publication.

    Attributes:
        as_of_on: everything is computed from what was known before this date, ``YYYY-MM-DD``.
        published_at: when it was written, in UTC, ISO 8601.
        currency: ISO 4217 code of all amounts.
        tables: sorted by schema and name.
    """

    as_of_on: str
    published_at: str
    currency: str
    tables: Sequence[PublishedTable]


def catalog_json(catalogue: Catalogue) -> str:
    """Return the dictionary for programs."""
    return json.dumps(asdict(catalogue), indent=1, ensure_ascii=False) + "\n"


def readme(catalogue: Catalogue) -> str:
    """Return the dictionary for people: how to open the tables, and what there is."""
    return _README.format(
        as_of_on=catalogue.as_of_on,
        published_at=catalogue.published_at,
        currency=catalogue.currency,
        tables="\n".join(map(_row, catalogue.tables)),
    )


def _row(table: PublishedTable) -> str:
    about = table.description.replace(table.grain, "")
    grain = table.grain.removeprefix("One row per ").rstrip(".")
    cells = [f"`{table.schema}.{table.name}`", grain, f"{table.row_count:,}", f"{table.simulated_row_count:,}", about]
    return f"| {' | '.join(' '.join(cell.replace('|', '/').split()) for cell in cells)} |"


_README = """\
# Published tables, as of {as_of_on}

Everything here is computed from what was known before {as_of_on} and passed its checks. Amounts are in {currency}, times of day in
UTC unless a column says local. Published at {published_at}.

| file | what it is |
|---|---|
| `published.duckdb` | every table with comments on tables and columns, for DuckDB and any tool that has its driver |
| `tables/<schema>/<table>.parquet` | the same tables, one Parquet file each |
| `catalog.json` | what every table and column means, with types, keys and numbers of rows |

A build never waits for a reader and never locks one out: it writes a new set beside this one and puts it in its place at once. A
file that is open keeps the version it was opened with; open it anew to see the newest. Open the database read-only.

## How to open them

From this folder:

```sql
-- DuckDB: duckdb -readonly published.duckdb
select rfm_segment, count(*) from profiles.customer_profiles group by all;
select table_name, comment from duckdb_tables();          -- what the tables hold
select column_name, comment from duckdb_columns() where table_name = 'customer_profiles';
```

```python
# pandas
import pandas as pd
profiles = pd.read_parquet("tables/profiles/customer_profiles.parquet")

# DuckDB in Python; it holds the file open as long as it likes
import duckdb
with duckdb.connect("published.duckdb", read_only=True) as connection:
    orders = connection.sql("from marts.fct_orders").df()

# Spark
orders = spark.read.parquet("tables/marts/fct_orders.parquet")
```

A SQL tool (DBeaver, Metabase, Superset, Tableau, ...): its DuckDB driver, this folder's `published.duckdb`, read-only.

## The tables

Behind simulated rows is nobody real; where only some rows of a table are, its column `is_simulated` tells which.

| table | one row per | rows | simulated | what it holds |
|---|---|---:|---:|---|
{tables}
"""
