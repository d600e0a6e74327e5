import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.clusters.methods import Fit
from dmp_assets.clusters.numbering import match_clusters, number_clusters, rank_clusters


def test_clusters_are_ranked_by_value_then_size_then_first_member() -> None:
    assert rank_clusters(np.array([2, 0, 1]), np.array([1.0, 5.0, 3.0])).tolist() == [0, 1, 2]
    assert rank_clusters(np.array([0, 1, 1]), np.array([4.0, 4.0, 4.0])).tolist() == [1, 0]
    assert rank_clusters(np.array([1, 0, -1]), np.array([4.0, 4.0, 9.0])).tolist() == [1, 0]
    assert rank_clusters(np.array([-1, -1]), np.array([4.0, 4.0])).tolist() == []


def test_clusters_take_the_number_of_the_nearest_earlier_ones_over_all() -> None:
    previous = pd.DataFrame([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]], index=pd.Index([0, 1, 5]))
    assert match_clusters(np.array([[19.0, 1.0], [1.0, 0.0], [9.0, 0.0]]), previous).tolist() == [5, 0, 1]


def test_new_clusters_get_new_numbers_and_lost_ones_leave_theirs_free() -> None:
    previous = pd.DataFrame([[0.0], [10.0]], index=pd.Index([0, 3]))
    assert match_clusters(np.array([[5.0], [11.0], [0.1], [99.0]]), previous).tolist() == [4, 3, 0, 5]
    assert match_clusters(np.array([[9.0]]), previous).tolist() == [3]
    assert match_clusters(np.empty((0, 1)), previous).tolist() == []


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=8, unique=True), st.randoms())
def test_the_same_clusters_in_any_order_keep_their_numbers(centres: list[tuple[int, int]], random) -> None:
    previous = pd.DataFrame(centres, dtype=float)
    order = list(range(len(centres)))
    random.shuffle(order)
    assert match_clusters(previous.to_numpy()[order], previous).tolist() == order


def test_the_first_run_numbers_by_spend(fits: dict[str, Fit], points: pd.DataFrame, features: pd.DataFrame) -> None:
    numbered = number_clusters(fits, points, features)["kmeans"]
    groups = features.set_index("customer_id")["group"].loc[points.index]
    found = pd.Series(numbered.served_labels, index=points.index).groupby(groups).unique().map(list).to_dict()
    assert found == {"private": [0], "discount": [1], "lapsed": [2]}


def test_points_of_other_customers_are_refused(
    fits: dict[str, Fit], points: pd.DataFrame, features: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="the same customers"):
        number_clusters(fits, points, features.head(5))
