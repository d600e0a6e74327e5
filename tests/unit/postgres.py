"""A PostgreSQL server of the tests' own, where its programs are installed."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest


def _program(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))  # where Debian has them, and not in the path
    return shutil.which(name) or (str(versions[-1]) if versions else None)


@contextlib.contextmanager
def postgres_server() -> Generator[str]:
    """Yield the URL of an empty database; the server listens on a socket in a folder of its own and goes with it."""
    initdb, control = _program("initdb"), _program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed: tables of a PostgreSQL database are not tried")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # It refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)

        def run(*command: str | Path) -> None:
            subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, env={"LC_ALL": "C"})

        run(initdb, "-D", folder / "data", "-A", "trust", "-U", "dmp", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        run(control, "start", "-w", "-D", folder / "data", "-l", folder / "log", "-o", options)
        try:
            yield f"postgresql://dmp@/postgres?host={folder}"
        finally:
            run(control, "stop", "-w", "-m", "immediate", "-D", folder / "data")
