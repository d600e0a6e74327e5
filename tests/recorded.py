"""The command ``dmp``, noting what every step of a build asks the warehouse: `python -m tests.recorded FILE build`."""

import json
import sys
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from dmp_assets.platform.warehouse import Warehouse

ASKED: dict[str, dict[str, None]] = defaultdict(dict)
"""The statements of each step, each once."""

_open = Warehouse._open


class Recorder:
    """A connection that notes its statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str, *arguments: Any) -> Any:
        with suppress(dg.DagsterInvariantViolationError):  # outside of the steps
            ASKED[dg.OpExecutionContext.get().op.name][sql] = None
        return self._connection.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@contextmanager
def opened(warehouse: Warehouse, *, read_only: bool) -> Generator[Any]:
    with _open(warehouse, read_only=read_only) as connection:
        yield Recorder(connection)


def main(file: str, *arguments: str) -> None:
    from dmp_assets.cli import app

    Warehouse._open = opened
    try:
        app(arguments, prog_name="dmp")
    finally:
        Path(file).write_text(json.dumps({step: list(statements) for step, statements in ASKED.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
