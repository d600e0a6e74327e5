"""dbt, that ends with the process that started it: the command ``dmp-dbt``, which the platform runs instead of ``dbt``.

A dbt that went on after its build was killed would keep the warehouse locked and write into it. And one of whose threads an error
ended outside of dbt's own care would wait for it for ever; here it ends with that error.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import traceback
from importlib.metadata import version
from typing import Any


def main() -> None:
    """Run dbt as its own command would, until it is done or nobody reads its output any more.

    Its version, which dagster-dbt asks for before each command, is told without loading dbt, which takes two seconds.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"dbt-core {version('dbt-core')}\n")
        return
    threading.Thread(target=_end_with_the_reader, daemon=True).start()
    from dbt.cli.main import cli
    from dbt.graph.thread_pool import DbtThreadPool

    submit = DbtThreadPool.apply_async

    def submit_or_end(pool, func, args, callback):
        return submit(pool, func, args, callback=callback, error_callback=lambda error: _end_with(args[0], error))

    DbtThreadPool.apply_async = submit_or_end  # ty: ignore[invalid-assignment]
    cli()


def _end_with(runner: Any, error: BaseException) -> None:
    """End this process with an error that dbt would never hear of."""
    traceback.print_exception(error)
    words = f"{runner.node.original_file_path}: dbt cannot take up {runner.node.name}: {type(error).__name__}: {error}"
    said = {"info": {"name": "MainEncounteredError", "level": "error", "msg": words}, "data": {}}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    os._exit(2)


def _end_with_the_reader() -> None:
    """End this process, whatever it does, when the other end of its output is closed, as by the end of the process there."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)  # what is asked for nothing still tells of errors
    output.poll()
    os._exit(1)
