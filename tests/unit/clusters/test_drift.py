import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.drift import feature_bins, feature_drift
from dmp_assets.clusters.features import CLUSTER_FEATURES
from dmp_assets.clusters.schema import CLUSTER_DRIFT, FEATURE_BINS

COLUMNS = [feature.column for feature in CLUSTER_FEATURES]


def test_bins_hold_about_equal_shares_and_meet_their_contract(features: pd.DataFrame) -> None:
    bins = feature_bins(features, COLUMNS)
    FEATURE_BINS.validate(bins, lazy=True)
    spend = bins[bins["feature"] == "monetary_amount"]
    assert len(spend) == 10
    assert spend["share"].between(0.08, 0.12).all()
    assert spend["upper_bound"].isna().tolist() == [False] * 9 + [True]
    assert bins.groupby("feature")["share"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("customer_count", [1, 120])
def test_one_customer_or_equal_ones_make_one_bin(features: pd.DataFrame, customer_count: int) -> None:
    bins = feature_bins(features.head(customer_count).assign(frequency=5), COLUMNS)
    assert bins.loc[bins["feature"] == "frequency", "share"].tolist() == [1.0]


def test_a_feature_that_nobody_has_does_not_stop_the_others(features: pd.DataFrame) -> None:
    nobody = features.assign(discount_share=np.nan)
    FEATURE_BINS.validate(feature_bins(nobody, COLUMNS), lazy=True)
    CLUSTER_DRIFT.validate(feature_drift(nobody, COLUMNS, feature_bins(nobody, COLUMNS)), lazy=True)


def test_the_same_customers_do_not_drift(features: pd.DataFrame) -> None:
    drift = feature_drift(features, COLUMNS, feature_bins(features, COLUMNS))
    CLUSTER_DRIFT.validate(drift, lazy=True)
    assert (drift["psi"] == 0).all()
    assert not drift["is_drifting"].any()


def test_only_the_feature_that_moved_drifts(features: pd.DataFrame) -> None:
    later = features.assign(
        recency_days=features["recency_days"] + 30, as_of_on=features["as_of_on"] + pd.Timedelta(days=30)
    )
    drift = feature_drift(later, COLUMNS, feature_bins(features, COLUMNS)).set_index("feature")
    assert drift.index[drift["is_drifting"]].tolist() == ["recency_days"]
    assert (drift["reference_as_of_on"] == pd.Timestamp("2018-01-01")).all()
    assert (drift["as_of_on"] == pd.Timestamp("2018-01-31")).all()


def test_the_first_run_has_no_reference(features: pd.DataFrame) -> None:
    drift = feature_drift(features, COLUMNS, None)
    CLUSTER_DRIFT.validate(drift, lazy=True)
    assert drift["psi"].isna().all()
    assert not drift["is_drifting"].any()
