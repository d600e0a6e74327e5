from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from dmp_assets.contracts import schema_checks
from dmp_assets.forecasts.customers.assets import PREDICTIONS, TRAINED, predict_customers, train_predictions
from dmp_assets.forecasts.customers.examples import FEATURES
from dmp_assets.warehouse import Warehouse, replace_table, table_hashes

DATES = pd.date_range(end="2018-01-01", periods=14, freq="W-MON").as_unit("us")
CUSTOMERS = [f"c{number:02}" for number in range(40)]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(database=str(tmp_path / "warehouse.duckdb"))


def features(dates: pd.DatetimeIndex) -> pd.DataFrame:
    random = np.random.default_rng(1)
    keys = pd.MultiIndex.from_product([dates, CUSTOMERS], names=["as_of_on", "customer_id"]).to_frame(index=False)
    values = pd.DataFrame(random.random((len(keys), len(FEATURES))), columns=pd.Index(FEATURES))
    return keys.join(
        values.assign(order_count_90d=1, overdue_ratio=np.where(random.random(len(keys)) < 0.5, np.nan, 2))
    )


def orders() -> pd.DataFrame:
    days = pd.date_range("2017-09-01", "2017-12-31", freq="D").as_unit("us")
    frame = pd.MultiIndex.from_product([days, CUSTOMERS], names=["order_on", "customer_id"]).to_frame(index=False)
    is_kept = np.random.default_rng(2).random(len(frame)) < 0.05
    return frame[is_kept].assign(sales_amount=12.5, has_sale=True)


def build(warehouse: Warehouse, frame: pd.DataFrame, assets: list[dg.AssetsDefinition]) -> dict[str, str]:
    """Build and check the predictions from these features, and return the content of every table as a hash."""
    with warehouse.write() as connection:
        replace_table(connection, "marts.customer_features", frame, {})
        replace_table(connection, "marts.fct_orders", orders(), {})
    run = dg.materialize(
        [*assets, *schema_checks([*TRAINED, PREDICTIONS])],
        resources={"warehouse": warehouse},
        instance=dg.DagsterInstance.ephemeral(),
        selection=dg.AssetSelection.assets(*assets),
    )
    assert all(check.passed for check in run.get_asset_check_evaluations())
    with warehouse.read() as connection:
        return {name: text for name, text in table_hashes(connection).items() if name.startswith("forecasts.")}


def test_a_rerun_repeats_every_table_and_a_later_day_is_predicted_without_training(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dmp_assets.contracts.picture", lambda figure, name: name)
    both = [train_predictions, predict_customers]
    first = build(warehouse, features(DATES), both)
    assert set(first) == {table.full_name for table in (*TRAINED, PREDICTIONS)}
    assert build(warehouse, features(DATES), both) == first

    later = features(DATES.union([pd.Timestamp("2018-01-02")]).as_unit("us"))
    second = build(warehouse, later, [predict_customers])
    assert {
        table.full_name: second[table.full_name] == first[table.full_name] for table in (*TRAINED, PREDICTIONS)
    } == {
        "forecasts.prediction_leaderboard": True,
        "forecasts.prediction_models": True,
        "forecasts.customer_predictions": False,
    }
    served = warehouse.query("select * from forecasts.customer_predictions")
    assert served["as_of_on"].unique().tolist() == [pd.Timestamp("2018-01-02")]
    assert len(served) == 2 * len(CUSTOMERS)


def test_without_history_the_tables_are_empty_and_keep_their_schema(warehouse: Warehouse) -> None:
    build(warehouse, features(DATES[-1:]), [train_predictions, predict_customers])
    counts = warehouse.row_counts()
    assert [counts[table.full_name] for table in (*TRAINED, PREDICTIONS)] == [0, 0, 0]
