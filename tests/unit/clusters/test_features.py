import numpy as np
import pandas as pd
import pytest

from dmp_assets.clusters.features import (
    CLUSTER_FEATURES,
    fit_scaling,
    population_share,
    scale_features,
    shrink_share,
    transform_features,
)


def test_points_are_centred_and_scaled_and_sorted_by_customer(features: pd.DataFrame) -> None:
    points = transform_features(features[::-1])
    assert points.index.tolist() == sorted(features["customer_id"])
    assert list(points.columns) == [feature.column for feature in CLUSTER_FEATURES]
    np.testing.assert_allclose(points.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(points.std(ddof=0), 1)


def test_a_share_is_pulled_to_the_populations_by_how_little_was_seen() -> None:
    shares, orders = pd.Series([1.0, 0.5, np.nan]), pd.Series([1.0, 99.0, 10.0])
    population = population_share(shares, orders)
    assert population == (1 * 1.0 + 99 * 0.5) / 100
    shrunk = shrink_share(shares, orders, population, prior_orders=20)
    assert shrunk.tolist() == pytest.approx(
        [(1 + population * 20) / 21, (49.5 + population * 20) / 119, population], abs=1e-12
    )


def test_a_share_that_nobody_has_says_nothing(features: pd.DataFrame) -> None:
    points = transform_features(features.assign(discount_share=np.nan))
    assert (points["discount_share"] == 0).all()


def test_a_later_customer_is_scaled_as_at_the_fit(features: pd.DataFrame) -> None:
    scaling = fit_scaling(features)
    alone = scale_features(features.head(1), scaling)
    pd.testing.assert_frame_equal(alone, transform_features(features).loc[alone.index])


def test_a_constant_feature_has_no_say(features: pd.DataFrame) -> None:
    points = transform_features(features.assign(private_label_share=0.3, recency_days=7))
    assert (points[["private_label_share", "recency_days"]] == 0).all(axis=None)
    assert points.notna().all(axis=None)


def test_who_sent_back_more_than_they_kept_is_clustered_as_one_who_bought_nothing(features: pd.DataFrame) -> None:
    returned, nothing = features.copy(), features.copy()
    returned.loc[3, "monetary_amount"], nothing.loc[3, "monetary_amount"] = -50.0, 0.0
    scaled = scale_features(returned, fit_scaling(returned))
    pd.testing.assert_frame_equal(scaled, scale_features(nothing, fit_scaling(nothing)))


@pytest.mark.parametrize(
    ("column", "value"), [("monetary_amount", np.nan), ("monetary_amount", np.inf), ("recency_days", -1.0)]
)
def test_a_number_without_meaning_is_refused(features: pd.DataFrame, column: str, value: float) -> None:
    features[column] = features[column].astype(float)
    features.loc[3, column] = value
    with pytest.raises(ValueError, match=f"{column} must be a number of at least 0"):
        transform_features(features)


def test_a_repeated_customer_is_refused(features: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="one row per customer_id"):
        transform_features(pd.concat([features, features.head(1)]))
