"""Time from a CSV file of 30 million order lines (2 GB) to the marts, in a new project, beside bare DuckDB in the same run.

The bare statement reads the same file into one table with typed columns. The platform lands it, checks every row, spreads, links
and builds facts, series and features. `DMP_MEMORY_LIMIT` bounds the memory of DuckDB, the bare one too; beside each command stand
the highest memory of one of its processes and, with what it put aside, the most that the project took on disk.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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
    limit = os.environ.get("DMP_MEMORY_LIMIT", "8GB")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.csv"
        duckdb.sql(f"copy ({LINES.format(rows=asked.rows, customers=asked.customers)}) to '{file}'")
        print(
            f"{asked.rows:,} order lines of {asked.customers:,} customers in a file of {file.stat().st_size / 1e9:.2f} GB; "
            f"DMP_MEMORY_LIMIT {limit}"
        )
        start = time.perf_counter()
        config: dict[str, str | float | list[str]] = {"threads": os.cpu_count() or 1, "memory_limit": limit}
        with duckdb.connect(str(Path(folder) / "bare.duckdb"), config=config) as connection:
            connection.execute(f"create table lines as from read_csv('{file}')")
        _tell("bare create table as", asked.rows, time.perf_counter() - start)
        project = Path(folder) / "shop"
        _dmp(Path(folder), "init", str(project))
        said = ["--as", "order_lines", "--currency", "EUR", "--time-zone", "UTC", "--yes"]
        start = time.perf_counter()
        _dmp(project, "add-source", "till", str(file), *said)
        print(f"  {'dmp add-source':32} {time.perf_counter() - start:7.1f} s", flush=True)
        for layer in ("raw", "staging", "identity", "intermediate", "marts"):
            start = time.perf_counter()
            used = _dmp(project, "build", "--layer", layer)
            _tell(f"dmp build --layer {layer}", asked.rows, time.perf_counter() - start, used)


class _Used(NamedTuple):
    memory_mib: float
    disk_mib: float


def _tell(what: str, rows: int, seconds: float, used: _Used | None = None) -> None:
    cost = f"  memory {used.memory_mib:7,.0f} MiB  disk {used.disk_mib:7,.0f} MiB" if used else ""
    print(f"  {what:32} {seconds:7.1f} s  {rows / seconds:12,.0f} rows per second{cost}", flush=True)


def _dmp(folder: Path, *arguments: str) -> _Used:
    """Run a command and return the highest memory of one of its processes, and of the disk below the folder."""
    clean = {name: value for name, value in os.environ.items() if not re.match("DMP_(HOME|DBT_)|DAGSTER_", name)}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([COMMAND, *arguments], cwd=folder, env=clean, stdout=said, stderr=said)
        disk, ended = 0.0, 0
        while not ended:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            disk = max(disk, _disk_mib(folder))
            time.sleep(0.2)
        if status:
            said.seek(0)
            raise RuntimeError(said.read()[-6000:])
    return _Used(usage.ru_maxrss / 1024, disk)


def _disk_mib(folder: Path) -> float:
    blocks = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            blocks += file.lstat().st_blocks
    return blocks * 512 / 2**20


if __name__ == "__main__":
    main()
