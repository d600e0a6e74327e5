from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.assets import (
    DRIFT,
    HISTORY,
    OUTCOMES,
    SERVED,
    TRAINED,
    domain,
    predict_customers,
    realise_predictions,
    train_predictions,
)
from dmp_assets.forecasts.customers.examples import FEATURES
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, replace_table, table_hashes
from tests.unit.permissions import write_permissions

DATES = pd.date_range(end="2018-01-01", periods=40, freq="W-MON").as_unit("us")
CUSTOMERS = [f"c{number:02}" for number in range(40)]
REFUSING = "c07"
BOTH = [train_predictions, predict_customers, realise_predictions]
DAILY = [predict_customers, realise_predictions]

pytestmark = pytest.mark.usefixtures("only_linear_families")


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setattr("dmp_assets.platform.tables.shown", lambda picture, storage, address: address[-1])
    monkeypatch.setattr("dmp_assets.forecasts.customers.comparison.METRIC_DRAWS", 20)
    monkeypatch.setattr("dmp_assets.forecasts.customers.folds.TEST_CUTOFFS", 1)
    return Warehouse(database=str(tmp_path / "warehouse.duckdb"))


def features(dates: pd.DatetimeIndex) -> pd.DataFrame:
    random = np.random.default_rng(1)
    keys = pd.MultiIndex.from_product([dates, CUSTOMERS], names=["as_of_on", "customer_id"]).to_frame(index=False)
    values = pd.DataFrame(random.random((len(keys), len(FEATURES))), columns=pd.Index(FEATURES))
    return keys.join(
        values.assign(
            order_count_90d=1,
            frequency=random.integers(1, 20, len(keys)),
            recency_days=random.integers(1, 80, len(keys)),
            tenure_days=200,
            overdue_ratio=np.where(random.random(len(keys)) < 0.5, np.nan, 2),
        )
    )


def orders() -> pd.DataFrame:
    days = pd.date_range("2017-04-01", "2018-03-01", freq="D").as_unit("us")
    frame = pd.MultiIndex.from_product([days, CUSTOMERS], names=["order_on", "customer_id"]).to_frame(index=False)
    is_kept = np.random.default_rng(2).random(len(frame)) < 0.05
    return frame[is_kept].assign(sales_amount=12.5, has_sale=True)


def marts(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    lines = orders().assign(product_id=lambda rows: np.where(np.arange(len(rows)) % 3 == 0, "beef", "milk"))
    starts = pd.to_datetime(["2017-06-01", "2017-07-05", "2017-09-01", "2017-11-01"]).as_unit("us")
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["c1", "c2", "c3", "c4"],
            "campaign_type": ["Type A", "Type B", "Type A", "Type C"],
            "start_on": starts,
            "end_on": starts + pd.Timedelta(days=20),
            "duration_days": 21,
            "coupon_count": 5,
            "product_count": 50,
            "member_count": 40,
        }
    )
    members = campaigns[["campaign_id", "start_on"]].merge(pd.DataFrame({"customer_id": CUSTOMERS}), how="cross")
    members = members.rename(columns={"start_on": "touched_on"}).assign(touch_type="membership")
    redeemed = members[np.random.default_rng(3).random(len(members)) < 0.3].assign(touch_type="redemption")
    return {
        "marts.customer_features": frame,
        "marts.fct_orders": orders(),
        "marts.fct_order_lines": lines.assign(
            line_type="sale", identifier_id=lines["customer_id"], ordered_at=lines["order_on"]
        ),
        "marts.dim_products": pd.DataFrame(
            {"product_id": ["milk", "beef"], "product_category": ["MILK", "BEEF"], "is_recommendable": True}
        ),
        "marts.dim_campaigns": campaigns,
        "marts.fct_touches": pd.concat([members, redeemed]).rename(columns={"customer_id": "source_customer_id"}),
    }


def build(warehouse: Warehouse, frame: pd.DataFrame, assets: list[dg.AssetsDefinition]) -> dict[str, str]:
    """Build and check the predictions from these features, and return the content of every table as a hash."""
    with warehouse.write() as connection:
        for name, table in marts(frame).items():
            replace_table(connection, name, table, {})
    write_permissions(warehouse, CUSTOMERS, refuse=[REFUSING])
    run = dg.materialize(
        assets,
        resources={"warehouse": warehouse, "gate": Gate()},
        instance=dg.DagsterInstance.ephemeral(),
    )
    checks = run.get_asset_check_evaluations()
    alarms = {OUTCOMES.key: "better_than_baseline", DRIFT.key: "no_drift"}
    made = {key for asset in assets for key in asset.keys} & set(alarms)
    assert {(check.asset_key, check.check_name) for check in checks} >= {(key, alarms[key]) for key in made}
    failed = [check for check in checks if not check.passed]
    assert all(check.severity == dg.AssetCheckSeverity.WARN for check in failed), failed
    with warehouse.read() as connection:
        return {name: text for name, text in table_hashes(connection).items() if name.startswith("forecasts.")}


def test_a_rerun_repeats_every_table_and_later_days_are_predicted_and_watched_without_training(
    warehouse: Warehouse,
) -> None:
    first = build(warehouse, features(DATES), BOTH)
    assert set(first) == {table.full_name for table in domain(Settings()).tables}
    assert build(warehouse, features(DATES), BOTH) == first
    assert warehouse.row_counts()[OUTCOMES.full_name] == 0
    assert all(warehouse.row_counts()[table.full_name] for table in (*TRAINED, *SERVED))

    later = DATES.union([pd.Timestamp("2018-02-01")]).as_unit("us")
    second = build(warehouse, features(later), DAILY)
    trained = {table.full_name for table in TRAINED}
    assert {name for name in first if second[name] == first[name]} == trained
    served = warehouse.query("select distinct as_of_on from forecasts.customer_predictions")
    assert served["as_of_on"].tolist() == [pd.Timestamp("2018-02-01")]
    for table in (HISTORY, DRIFT):
        kept = warehouse.query(f"select distinct as_of_on from {table.full_name} order by as_of_on")
        assert kept["as_of_on"].tolist() == [pd.Timestamp("2018-01-01"), pd.Timestamp("2018-02-01")]
    realised = warehouse.query("select distinct as_of_on, target, customers from forecasts.prediction_outcomes")
    # Of the 84 days of the value only 31 are over.
    assert set(realised["target"]) == {"churn_28d", "amount_28d", "median_amount_28d", "days_to_purchase"}
    assert realised["as_of_on"].unique().tolist() == [pd.Timestamp("2018-01-01")]
    assert realised["customers"].unique().tolist() == [39]
    for table in (table for table in SERVED if "customer_id" in table.schema.columns):
        named = warehouse.query(f"select distinct customer_id from {table.full_name}")["customer_id"]
        assert set(CUSTOMERS) - set(named) == {REFUSING}, table.full_name
    assert build(warehouse, features(later), DAILY) == second


def test_without_history_the_tables_are_empty_and_keep_their_schema(warehouse: Warehouse) -> None:
    build(warehouse, features(DATES[-1:]), BOTH)
    counts = warehouse.row_counts()
    assert [counts[table.full_name] for table in (*TRAINED, *SERVED)] == [0] * len((*TRAINED, *SERVED))
