import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.clusters.drift import cluster_drift, feature_bins, population_stability_index
from dmp_assets.clusters.schema import CLUSTER_DRIFT, FEATURE_BINS

shares = (
    st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any).map(lambda counts: np.array(counts) / sum(counts))
)


def test_worked_example() -> None:
    index = population_stability_index(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    assert index == pytest.approx(0.25 * np.log(2) - 0.25 * np.log(2 / 3))


@given(shares, shares)
def test_the_index_is_symmetric_and_zero_only_for_the_same_distribution(now: np.ndarray, then: np.ndarray) -> None:
    index = population_stability_index(now, then)
    assert index == pytest.approx(population_stability_index(then, now))
    assert index >= 0
    assert population_stability_index(now, now) == 0


def test_bins_hold_about_equal_shares_and_meet_their_contract(features: pd.DataFrame) -> None:
    bins = feature_bins(features)
    FEATURE_BINS.validate(bins, lazy=True)
    spend = bins[bins["feature"] == "monetary_amount"]
    assert len(spend) == 10
    assert spend["share"].between(0.08, 0.12).all()
    assert spend["upper_bound"].isna().tolist() == [False] * 9 + [True]
    assert bins.groupby("feature")["share"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("customer_count", [1, 120])
def test_one_customer_or_equal_ones_make_one_bin(features: pd.DataFrame, customer_count: int) -> None:
    bins = feature_bins(features.head(customer_count).assign(frequency=5))
    assert bins.loc[bins["feature"] == "frequency", "share"].tolist() == [1.0]


def test_a_feature_that_nobody_has_does_not_stop_the_others(features: pd.DataFrame) -> None:
    nobody = features.assign(discount_share=np.nan)
    FEATURE_BINS.validate(feature_bins(nobody), lazy=True)
    CLUSTER_DRIFT.validate(cluster_drift(nobody, feature_bins(nobody)), lazy=True)


def test_the_same_customers_do_not_drift(features: pd.DataFrame) -> None:
    drift = cluster_drift(features, feature_bins(features))
    CLUSTER_DRIFT.validate(drift, lazy=True)
    assert (drift["psi"] == 0).all()
    assert not drift["is_drifting"].any()


def test_only_the_feature_that_moved_drifts(features: pd.DataFrame) -> None:
    later = features.assign(
        recency_days=features["recency_days"] + 30, as_of_on=features["as_of_on"] + pd.Timedelta(days=30)
    )
    drift = cluster_drift(later, feature_bins(features)).set_index("feature")
    assert drift.index[drift["is_drifting"]].tolist() == ["recency_days"]
    assert (drift["reference_as_of_on"] == pd.Timestamp("2018-01-01")).all()
    assert (drift["as_of_on"] == pd.Timestamp("2018-01-31")).all()


def test_the_first_run_has_no_reference(features: pd.DataFrame) -> None:
    drift = cluster_drift(features, None)
    CLUSTER_DRIFT.validate(drift, lazy=True)
    assert drift["psi"].isna().all()
    assert not drift["is_drifting"].any()
