from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.clusters.centres import (
    assign_customers,
    assign_to_centres,
    cluster_centres,
    fitted_clusters,
    previous_centres,
)
from dmp_assets.clusters.describe import name_customers
from dmp_assets.clusters.features import fit_scaling, transform_features
from dmp_assets.clusters.methods import METHODS, Fit
from dmp_assets.clusters.numbering import number_clusters
from dmp_assets.clusters.schema import CLUSTER_CENTRES

AS_OF = date(2018, 1, 1)


@pytest.fixture
def numbered(fits: dict[str, Fit], points: pd.DataFrame, features: pd.DataFrame) -> dict[str, Fit]:
    return number_clusters(fits, points, features)


@pytest.fixture
def centres(numbered: dict[str, Fit], features: pd.DataFrame) -> pd.DataFrame:
    return cluster_centres(numbered, fit_scaling(features), AS_OF)


def test_the_centres_meet_their_contract(centres: pd.DataFrame) -> None:
    CLUSTER_CENTRES.validate(centres, lazy=True)
    assert set(centres["method"]) == {"kmeans"}  # the other method found only noise
    assert len(centres) == 3 * 5


def test_assigning_the_fitted_customers_again_gives_their_clusters(
    numbered: dict[str, Fit], centres: pd.DataFrame, points: pd.DataFrame, features: pd.DataFrame
) -> None:
    customers = fitted_clusters(points, {"kmeans": numbered["kmeans"]}, AS_OF)
    again = assign_to_centres(features, centres)
    pd.testing.assert_frame_equal(again, customers[list(again.columns)])


def test_a_new_customer_alone_joins_the_group_it_is_like(centres: pd.DataFrame, features: pd.DataFrame) -> None:
    new = features[features["group"] == "discount"].head(1).assign(customer_id="cj:new")
    assert assign_to_centres(new, centres)["cluster_id"].tolist() == [1]


def test_customers_of_today_join_the_clusters_of_the_fit_and_other_methods_keep_theirs(
    numbered: dict[str, Fit], centres: pd.DataFrame, points: pd.DataFrame, features: pd.DataFrame
) -> None:
    fitted = name_customers(fitted_clusters(points, numbered, AS_OF), points)
    # Names are those of the summaries: perhaps nobody of the fit may still be named.
    names = fitted.drop_duplicates(["method", "cluster_id"])
    same = assign_customers(features, centres, fitted, names)
    pd.testing.assert_frame_equal(same, fitted)

    new = features[features["group"] == "discount"].head(1).assign(customer_id="cj:new")
    tomorrow = pd.concat([features.iloc[1:], new]).assign(as_of_on=pd.Timestamp(AS_OF) + pd.Timedelta(days=1))
    today = assign_customers(tomorrow, centres, fitted, names).set_index("method")
    assert set(today.loc["kmeans", "customer_id"]) == set(tomorrow["customer_id"])
    assert today.loc["kmeans", "as_of_on"].eq(tomorrow["as_of_on"].iloc[0]).all()
    assert today.loc["kmeans"].groupby("cluster_id")["cluster_name"].nunique().eq(1).all()
    pd.testing.assert_frame_equal(today.loc[["hdbscan"]], fitted.set_index("method").loc[["hdbscan"]])


def test_centres_of_several_fits_or_none_are_refused(centres: pd.DataFrame, features: pd.DataFrame) -> None:
    for refused in (centres.head(0), pd.concat([centres, centres.assign(method="ward")])):
        with pytest.raises(ValueError, match="exactly one method"):
            assign_to_centres(features, refused)


def test_noise_and_methods_without_centres_have_no_distance(numbered: dict[str, Fit], points: pd.DataFrame) -> None:
    customers = fitted_clusters(points, numbered, AS_OF).set_index("method")
    assert customers.loc["kmeans", "distance_to_centre"].ge(0).all()
    assert customers.loc["hdbscan", "distance_to_centre"].isna().all()
    assert (customers.loc["hdbscan", "cluster_id"] == -1).all()


def test_numbers_stay_when_the_customers_change(
    numbered: dict[str, Fit], centres: pd.DataFrame, features: pd.DataFrame, points: pd.DataFrame
) -> None:
    """The highest spenders fall behind the second: by spend they would no longer be 0."""
    is_private = features["group"] == "private"
    later = features.assign(monetary_amount=features["monetary_amount"] * (1 - 0.4 * is_private))
    scaling, later_points = fit_scaling(later), transform_features(later)
    (fit,) = METHODS["kmeans"].partitions(later_points.to_numpy(), [3], 1)
    (first,) = number_clusters({"kmeans": fit}, later_points, later).values()
    (kept,) = number_clusters({"kmeans": fit}, later_points, later, previous_centres(centres, scaling)).values()
    np.testing.assert_array_equal(kept.served_labels, numbered["kmeans"].served_labels)
    assert (first.served_labels != kept.served_labels).any()


def test_a_rerun_with_its_own_centres_is_identical(
    numbered: dict[str, Fit], centres: pd.DataFrame, features: pd.DataFrame, points: pd.DataFrame
) -> None:
    scaling = fit_scaling(features)
    again = number_clusters(numbered, points, features, previous_centres(centres, scaling))
    pd.testing.assert_frame_equal(cluster_centres(again, scaling, AS_OF), centres)
    pd.testing.assert_frame_equal(fitted_clusters(points, again, AS_OF), fitted_clusters(points, numbered, AS_OF))


def test_centres_of_other_features_say_nothing(centres: pd.DataFrame, features: pd.DataFrame) -> None:
    assert previous_centres(centres[centres["feature"] != "frequency"], fit_scaling(features)) == {}
