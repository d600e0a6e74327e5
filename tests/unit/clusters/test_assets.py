from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from dmp_assets.clusters.assets import assign_clusters, domain, train_clusters
from dmp_assets.clusters.methods import METHODS
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, replace_table, table_hashes
from tests.unit.permissions import write_permissions

REFUSING = "cj:000"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(database=str(tmp_path / "warehouse.duckdb"))


def build(warehouse: Warehouse, features: pd.DataFrame) -> dict[str, str]:
    """Build the clusters of these customers, check them, and return the content of every table as a hash."""
    with warehouse.write() as connection:
        replace_table(connection, "marts.customer_features", features, {})
    write_permissions(warehouse, features["customer_id"].tolist(), refuse=[REFUSING])
    run = dg.materialize(
        [train_clusters, assign_clusters],
        resources={"warehouse": warehouse, "gate": Gate()},
        instance=dg.DagsterInstance.ephemeral(),
    )
    assert all(check.passed for check in run.get_asset_check_evaluations())
    with warehouse.read() as connection:
        return {name: text for name, text in table_hashes(connection).items() if name.startswith("clusters.")}


def test_a_rerun_repeats_every_table_and_a_later_date_keeps_numbers_and_history(
    warehouse: Warehouse, features: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, replace(method, n_bootstraps=1))
    monkeypatch.setattr("dmp_assets.platform.tables.shown", lambda picture, storage, address: address[-1])
    first = build(warehouse, features)
    for table in ("fitted_clusters", "customer_clusters"):
        named = warehouse.query(f"select distinct customer_id from clusters.{table}")["customer_id"]
        assert set(features["customer_id"]) - set(named) == {REFUSING}
    assert set(first) == {table.full_name for table in domain(Settings()).tables}

    later = features.assign(as_of_on=features["as_of_on"] + pd.Timedelta(days=1))
    second = build(warehouse, later)
    assert build(warehouse, later) == second
    for table in ("clusters.cluster_centres", "clusters.feature_bins"):
        assert warehouse.query(f"select distinct as_of_on from {table}").shape == (2, 1)
