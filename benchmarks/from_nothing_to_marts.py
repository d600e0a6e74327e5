"""Time from a CSV file of 30 million order lines (2 GB) to the marts, in a new project, beside bare DuckDB in the same run.

The bare statement reads the same file into one table with typed columns. The platform lands it, checks every row, spreads, links
and builds facts, series and features. `DMP_MEMORY_LIMIT` bounds the memory of DuckDB; the peak of a command is printed beside it.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

COMMAND = Path(sys.executable).with_name("dmp")
LINES = """
    select
        'o' || line // 3 as order_id, 'c' || hash(line // 3) % {customers} as customer_id,
        'p' || hash(line * 7) % 20000 as product_id,
        strftime(timestamp '2023-01-01' + to_seconds(line // 3 * 31536000 // ({rows} // 3)), '%Y-%m-%d %H:%M:%S') as ordered_at,
        1 + hash(line * 3) % 5 as quantity, cast(hash(line * 5) % 5000 / 100 as decimal(10, 2)) as unit_price,
        'Ware ' || hash(line * 7) % 20000 as product_name
    from range({rows}) as lines (line)
"""


def main() -> None:
    """Write the file, read it bare, build it up to the marts, and print seconds, rows per second and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--customers", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.csv"
        duckdb.sql(f"copy ({LINES.format(rows=asked.rows, customers=asked.customers)}) to '{file}'")
        print(
            f"{asked.rows:,} order lines of {asked.customers:,} customers in a file of {file.stat().st_size / 1e9:.2f} GB"
        )
        start = time.perf_counter()
        with duckdb.connect(str(Path(folder) / "bare.duckdb"), config={"threads": os.cpu_count() or 1}) as connection:
            connection.execute(f"create table lines as from read_csv('{file}')")
        _tell("bare create table as", asked.rows, time.perf_counter() - start)
        project = Path(folder) / "shop"
        _dmp(Path(folder), "init", str(project))
        said = ["--as", "order_lines", "--currency", "EUR", "--time-zone", "UTC", "--yes"]
        start = time.perf_counter()
        _dmp(project, "add-source", "till", str(file), *said)
        print(f"  {'dmp add-source':24} {time.perf_counter() - start:7.1f} s")
        for layer in ("raw", "staging", "intermediate", "marts"):
            start = time.perf_counter()
            _dmp(project, "build", "--layer", layer)
            _tell(f"dmp build --layer {layer}", asked.rows, time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"Peak memory of a command {peak:,.0f} MiB; DMP_MEMORY_LIMIT is {os.environ.get('DMP_MEMORY_LIMIT', 'not set')}."
        )


def _tell(what: str, rows: int, seconds: float) -> None:
    print(f"  {what:24} {seconds:7.1f} s  {rows / seconds:12,.0f} rows per second", flush=True)


def _dmp(folder: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not re.match("DMP_(HOME|DBT_)|DAGSTER_", name)}
    finished = subprocess.run([COMMAND, *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(finished.stdout[-3000:] + finished.stderr[-3000:])


if __name__ == "__main__":
    main()
