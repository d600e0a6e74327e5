"""The one exception for mistakes that the person at the keyboard can mend.

Its message says what was wrong, in which file, row or setting, and what to do. The command line prints it without a stack
trace; Dagster shows it as the reason of the failed step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator


class UserError(Exception):
    """Something outside the code is wrong; the message says what and how to put it right."""


@contextlib.contextmanager
def user_errors() -> Generator[None]:
    """Print a user's mistake without a stack trace and exit with code 2; for the commands."""
    import typer

    try:
        yield
    except UserError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(2) from None
