"""The one exception for mistakes that the person at the keyboard can mend.

Its message says what was wrong, in which file, row or setting, and what to do. The command line prints it without a stack
trace; Dagster shows it as the reason of the failed step.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Generator


class UserError(Exception):
    """Something outside the code is wrong; the message says what and how to put it right."""


@contextlib.contextmanager
def user_errors() -> Generator[None]:
    """Print a user's mistake, or what is wrong with disk and home, without a stack trace and exit with code 2; for the commands."""
    import typer

    try:
        yield
    except Exception as error:
        text = explained(error)
        if text is None:
            raise
        typer.secho(text, fg=typer.colors.RED, err=True)
        raise typer.Exit(2) from None


def explained(error: BaseException) -> str | None:
    """Return the true cause of an error and the way out, where that is nothing in the code: None for any other error."""
    if isinstance(error, UserError):
        return str(error)
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return next((text for cause in causes if (text := _explained(cause))), None)


def in_words(text: str) -> str:
    """Return an error's text with what a full disk means, where that is the cause."""
    return FULL_DISK if any(words in text for words in _FULL) else text


FULL_DISK = (
    "The disk of the platform's home (DMP_HOME) is full: free some space, then try again; the last good version stays."
)
_FULL = ("No space left on device", "database or disk is full", "Disk quota exceeded")


def _explained(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{FULL_DISK}{f' ({error.filename})' if error.filename else ''}"
    module, text = type(error).__module__, str(error)
    if type(error).__name__ == "DagsterInstanceSchemaOutdated":
        return (
            "The run history was made by an older Dagster: run `dagster instance migrate` with DAGSTER_HOME set to the folder "
            "dagster in the home."
        )
    if module.startswith(("sqlite3", "sqlalchemy", "duckdb", "_duckdb")):
        if any(words in text for words in _FULL):
            return FULL_DISK
        if module.startswith("sqlite3"):
            return _explained_history(text)
        if "Corrupt database file" in text or "Could not read enough bytes" in text:
            return (
                f"A database of the home is damaged ({text.splitlines()[0]}): put back a copy of it, or move the warehouse away "
                "and run `dmp build`, which makes it again from the sources."
            )
    return None


def _explained_history(text: str) -> str | None:
    if any(words in text for words in ("malformed", "not a database", "disk I/O error", "no such table")):
        return (
            f"The run history in the folder dagster of the platform's home is damaged ({text}): move its folders history and "
            "schedules away, then run `dmp build`. The tables, the vault and what is published are not touched; past runs are "
            "forgotten, and schedules have to be switched on again."
        )
    if "readonly database" in text or "unable to open database file" in text:
        return f"The run history in the platform's home cannot be written ({text}): its files must belong to this user."
    return None
