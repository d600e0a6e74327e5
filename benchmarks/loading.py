"""Processor time to load own data, against a bare ``create table as select`` of the same file of more than 1 GB.

    .venv/bin/python -m benchmarks.loading

One thread each, so that it is the wall time of an idle machine too. A row of the raw layer also has its file, row, load and time,
columns of a CSV file stay text, and every text is searched for direct identifiers. DuckDB guesses numbers and times in a CSV file
by itself, and keeps them in less space than text; so it is measured twice, also with everything as text, as the raw layer has it.
Last, many small files, as a till writes them.
"""

import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.land import load_table

ROWS = {"csv": 10_000_000, "parquet": 20_000_000}
BARE = {
    "csv": {"bare": "read_csv('{file}')", "bare, all text": "read_csv('{file}', all_varchar = true)"},
    "parquet": {"bare": "read_parquet('{file}')"},
}
ROUNDS = 5
FILES, LINES_A_FILE = 500, 20
LINES = """
    select
        'o' || line // 4 as order_id, 'c' || hash(line // 4) % 200000 as customer_id, hash(line * 7) % 60000 as product_id,
        's' || hash(line // 4 + 1) % 300 as store_id, timestamp '2023-01-01' + to_seconds(line * 2) as ordered_at,
        cast(1 + hash(line * 3) % 5 as integer) as quantity, cast(hash(line * 5) % 5000 / 100 as decimal(10, 2)) as sales_amount,
        'EUR' as currency, 'Ware Nummer ' || hash(line * 7) % 60000 as product_name, md5(cast(line as varchar)) as receipt
    from range({rows}) as lines (line)
"""


def main() -> None:
    """Load a CSV and a Parquet file in turn with the bare statements, and print median processor times and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        for file_format, rows in ROWS.items():
            file = Path(folder) / f"lines.{file_format}"
            duckdb.sql(f"copy ({LINES.format(rows=rows)}) to '{file}'")
            _measure(file, file_format, rows)
            file.unlink()
        tills = Path(folder) / "tills"
        tills.mkdir()
        for number in range(FILES):
            lines = LINES.replace("md5(cast(line as varchar))", f"md5(line || ' {number}')").format(rows=LINES_A_FILE)
            duckdb.sql(f"copy ({lines}) to '{tills}/{number:04}.csv'")
        rule = LoadRule.model_validate({"location": str(tills), "format": "csv", "contract": "order_lines"})
        seconds = _loaded(DeclaredTable("shop", "order_lines", "Order lines.", {}, rule), FILES * LINES_A_FILE)
        print(f"{FILES} CSV files of {LINES_A_FILE} order lines: {seconds:.1f} s")


def _measure(file: Path, file_format: str, rows: int) -> None:
    rule = LoadRule.model_validate({"location": str(file), "format": file_format, "contract": "order_lines"})
    table = DeclaredTable("shop", "order_lines", "Order lines.", {}, rule)
    seconds: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, source in BARE[file_format].items():
            seconds.setdefault(name, []).append(_bare(f"create table bare as select * from {source.format(file=file)}"))
        seconds.setdefault("loaded", []).append(_loaded(table, rows))
    print(f"{rows:,} order lines in a {file_format} file of {file.stat().st_size / 1e9:.2f} GB, median of {ROUNDS}:")
    for name, times in seconds.items():
        ratio = statistics.median(each / own for each, own in zip(seconds["loaded"], times, strict=True))
        print(f"  {name:15} {statistics.median(times):6.1f} s   loaded takes {ratio:.2f} times as long")


def _bare(sql: str) -> float:
    with tempfile.TemporaryDirectory() as home:
        warehouse = Warehouse.from_settings(Settings(home=Path(home), threads=1))
        start = time.process_time()
        with warehouse.write() as connection:
            connection.execute(sql)
        return time.process_time() - start


def _loaded(table: DeclaredTable, rows: int) -> float:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), threads=1)
        warehouse = Warehouse.from_settings(settings)
        start = time.process_time()
        landing = load_table(warehouse, settings, table, now=dt.datetime.now(dt.UTC).replace(tzinfo=None))
        seconds = time.process_time() - start
    if landing.rows_added != rows:
        raise RuntimeError(f"{landing.rows_added} of {rows} rows were loaded: {landing.damaged}")
    return seconds


if __name__ == "__main__":
    main()
