"""How every command begins: the home made ready, the run history opened without runs that died."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from typing import TYPE_CHECKING

import typer

from dmp_assets.platform.locks import short_lock
from dmp_assets.platform.settings import Settings, get_settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prepare() -> Settings:
    """Return the settings, with home and dbt project made ready under them and the environment set for Dagster and dbt.

    Raises:
        UserError: a setting is wrong, the home cannot be written or the project not be parsed.
    """
    from dmp_assets.dbt.project import prepare_project
    from dmp_assets.platform.home import prepare_home

    settings = get_settings()
    os.environ.update(settings.environment())
    prepare_home(settings)
    with short_lock(settings.home, "setup"):
        prepare_project(settings)
    return settings


@contextlib.contextmanager
def opened_instance() -> Generator[DagsterInstance]:
    """Yield the run history as it is."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        yield instance


@contextlib.contextmanager
def swept_instance() -> Generator[DagsterInstance]:
    """Yield the run history, in which no run is left that died."""
    from dmp_assets.runs.dead import end_dead_runs

    with opened_instance() as instance:
        for run in end_dead_runs(instance):
            typer.echo(f"Run {run[:8]} was left by a process that died; it is marked failed.", err=True)
        yield instance
