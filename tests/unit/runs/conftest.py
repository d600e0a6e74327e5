"""A home of the platform with a run history, as copies of one: to make Dagster's databases takes a second."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import environ

from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("empty") / "home")
    prepare_home(settings)
    with environ({"DAGSTER_HOME": str(settings.dagster_home)}), dg.DagsterInstance.get() as instance:
        instance.get_runs(limit=1)
    return settings.home


@pytest.fixture
def settings(empty_home: Path, tmp_path: Path) -> Settings:
    return Settings(home=shutil.copytree(empty_home, tmp_path / "home"), min_free_gb=0)


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with environ({"DAGSTER_HOME": str(settings.dagster_home)}), dg.DagsterInstance.get() as instance:
        yield instance
