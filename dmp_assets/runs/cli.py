"""The commands ``dmp setup``, ``clean``, ``dev``, ``webserver`` and ``daemon``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.settings import get_settings
from dmp_assets.runs.start import prepare, swept_instance

Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one of this machine.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port of the UI.")]


def setup() -> None:
    """Make the home ready: folders, Dagster's configuration, the parsed dbt project."""
    with user_errors():
        settings = prepare()
    typer.echo(f"The platform's home is ready: {settings.home}")


def clean(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Delete the platform's home: the warehouse, collected events, the vault with its key, run history, published files."""
    with user_errors():
        from dmp_assets.platform.home import remove_home

        settings = get_settings()
        if not settings.home.exists():
            typer.echo(f"There is no {settings.home}: nothing to delete.")
            return
        if not yes:
            if not sys.stdin.isatty():
                raise UserError("Say --yes: nobody can be asked whether it is meant.")
            typer.confirm(
                f"Delete {settings.home} with everything in it, collected events and the vault's key too?", abort=True
            )
        remove_home(settings)
    typer.echo(f"removed {settings.home}")


def dev(host: Host = "127.0.0.1", port: Port = 3000) -> None:
    """Start the Dagster UI and its daemon, until stopped: the graph, every run and check, jobs, schedules."""
    _become("dagster", "dev", port=(host, port))


def webserver(
    host: Host = "127.0.0.1",
    port: Port = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, and let nobody start or change anything.")
    ] = False,
) -> None:
    """Start the Dagster UI alone, until stopped, for a server; put a proxy with login in front (docs/operating.md)."""
    _become("dagster-webserver", *(["--read-only"] if read_only else []), port=(host, port))


def daemon() -> None:
    """Start Dagster's daemon alone, until stopped, for a server: schedules, sensors, the queue of runs, alerts."""
    _become("dagster-daemon", "run")


def _become(program: str, *arguments: str, port: tuple[str, int] | None = None) -> NoReturn:
    """Become a program of Dagster's on the project's workspace, with the home made ready; it then gets the signals."""
    with user_errors():
        settings = prepare()
        options = ["--workspace", str(settings.project_dir / "workspace.yaml")]
        if port:
            from dmp_assets.platform.ports import listen

            listen(*port, "The Dagster UI").close()
            options += ["--host", port[0], "--port", str(port[1])]
        with swept_instance():  # ends runs that died
            pass
    path = str(Path(sys.executable).with_name(program))
    # A shell starts background processes with interrupts ignored, and Dagster would then ignore SIGTERM as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(path, [path, *arguments, *options])  # noqa: S606 - one of Dagster's own
