"""A platform built once for all integration tests: the demo on a few per cent of its households."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import hypothesis
import pytest

from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.tables import Table

SAMPLE_PERCENT = 5
DMP = Path(sys.executable).with_name("dmp")

# The same examples on every machine, however slow or busy it is.
hypothesis.settings.register_profile(
    "platform",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("platform")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the platform, so that one process builds and uses it while another runs everything else."""
    for item in items:
        if "home" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.platform)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    """Return the variables of a small platform in a home of its own."""
    return small_platform(home)


def small_platform(home: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DMP_", "DAGSTER_"))}
    settings = Settings(home=home, sample_percent=SAMPLE_PERCENT, threads=2, lock_timeout_seconds=5)
    return clean | settings.environment() | {"DMP_SAMPLE_PERCENT": str(SAMPLE_PERCENT), "DMP_LOCK_TIMEOUT_SECONDS": "5"}


def run_dmp(
    environment: dict[str, str], *arguments: str | Path, command: Sequence[str | Path] = (DMP,)
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file with what every step of the first build asked the warehouse."""
    return tmp_path_factory.mktemp("asked") / "asked.json"


@pytest.fixture(scope="session")
def first_build(environment: dict[str, str], asked: Path) -> subprocess.CompletedProcess[str]:
    """Build the platform as a user does and return what the command printed."""
    recorded = (sys.executable, "-m", "tests.recorded", asked)
    finished = run_dmp(environment | {"PYTHONPATH": str(Path(__file__).parents[1])}, "build", command=recorded)
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-5000:]
    return finished


@pytest.fixture(scope="session")
def dmp(environment: dict[str, str]):
    """Return a function that runs the ``dmp`` command in the small platform."""
    return lambda *arguments, **changes: run_dmp(environment | changes, *arguments)


@pytest.fixture(scope="session")
def dmp_in():
    """Return a function that runs the ``dmp`` command in a home of the caller's."""
    return lambda home, *arguments, **changes: run_dmp(small_platform(home) | changes, *arguments)


@pytest.fixture(scope="session")
def run_dbt(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return a function that runs dbt in this process: on a project that is parsed already, a command costs a second.

    The project is parsed once with the same variables; ``parsed`` are those to parse it with if the command has others.
    """
    from dbt.cli.main import dbtRunner

    manifests: dict[str, Any] = {}

    def invoke(arguments: Sequence[str], warehouse: Path, variables: dict, environment: dict, manifest: Any) -> Any:
        project, folder = str(PACKAGE_DIR), str(warehouse.parent)
        options = ["--project-dir", project, "--profiles-dir", project, "--target-path", folder, "--log-path", folder]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"DMP_WAREHOUSE": str(warehouse), **environment}.items():
                patch.setenv(name, value)
            finished: Any = dbtRunner(manifest=manifest).invoke(
                [*arguments, "--quiet", "--no-write-json", "--vars", json.dumps(variables), *options]
            )
        if not finished.success:
            # As a text: an assertion would cut it.
            raise AssertionError(
                str(
                    finished.exception
                    or [
                        result.message
                        for result in finished.result
                        if result.status not in ("success", "pass", "no-op")
                    ]
                )
            )
        return finished.result

    def run(
        *arguments: str, warehouse: Path, variables: dict | None = None, parsed: dict | None = None, **environment: str
    ) -> Any:
        variables = variables or {}
        parsed = variables if parsed is None else parsed
        known = json.dumps(parsed, sort_keys=True)
        if known not in manifests:
            folder = tmp_path_factory.mktemp("parsed")
            manifests[known] = invoke(["parse"], folder / "warehouse.duckdb", parsed, {}, None)
            manifests[known].disabled.clear()  # dbt cannot copy a manifest that has some
        # A copy: dbt keeps in it what it compiled, and would take the parts of models from the run before.
        return invoke(arguments, warehouse, variables, environment, manifests[known].deepcopy())

    return run


@pytest.fixture(scope="session")
def start_dmp(environment: dict[str, str]):
    """Return a function that starts the ``dmp`` command in a process group of its own, to be killed as a whole."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [DMP, *arguments],
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


@contextmanager
def variables_of(environment: dict[str, str]) -> Generator[Settings]:
    """Point this process to a platform."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        yield get_settings()
    get_settings.cache_clear()


@pytest.fixture
def in_process(environment: dict[str, str]) -> Iterator[Settings]:
    """Point this process to the small platform."""
    with variables_of(environment) as settings:
        yield settings


@pytest.fixture
def query(first_build: Any, in_process: Settings) -> Callable[[str], list[tuple]]:
    """Return a function that asks the warehouse of the small platform."""
    import duckdb

    def ask(sql: str) -> list[tuple]:
        with duckdb.connect(str(in_process.warehouse_path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return ask


@pytest.fixture(scope="session")
def built_definitions(first_build, environment: dict[str, str]) -> dg.Definitions:
    from dmp_assets.definitions import build_defs

    with variables_of(environment) as settings:
        return build_defs(settings)


@pytest.fixture
def definitions(built_definitions: dg.Definitions, in_process: Settings) -> dg.Definitions:
    """Return the graph, which takes two seconds to make, in a process that points to the small platform."""
    return built_definitions


@pytest.fixture
def python_tables(in_process: Settings) -> list[Table]:
    """Return every table that Python makes."""
    from dmp_assets.definitions import domains

    return [table for domain in domains(in_process) for table in domain.tables]
