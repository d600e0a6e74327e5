"""dbt, that ends with the process that started it: the command ``dmp-dbt``, which the platform runs instead of ``dbt``.

A dbt that went on after its build was killed would keep the warehouse locked and write into it.
"""

from __future__ import annotations

import os
import select
import sys
import threading


def main() -> None:
    """Run dbt as its own command would, until it is done or nobody reads its output any more."""
    threading.Thread(target=_end_with_the_reader, daemon=True).start()
    from dbt.cli.main import cli

    cli()


def _end_with_the_reader() -> None:
    """End this process, whatever it does, when the other end of its output is closed, as by the end of the process there."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)  # what is asked for nothing still tells of errors
    output.poll()
    os._exit(1)
