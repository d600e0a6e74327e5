"""Item-based adjusted cosine against the worked example, a naive reference and its own symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.similarity.adjusted_cosine import adjusted_cosine_top_k
from dmp_assets.similarity.blocks import Neighbours

WORKED_EXAMPLE = np.array([[4, 3, 5, 2, 1], [3, 4, 2, 5, 3], [2, 5, 1, 3, 4]], dtype=float)


def to_sparse(dense: np.ndarray) -> sparse.csr_array:
    """NaN is an empty cell; 0 is a stored rating."""
    rows, columns = np.nonzero(~np.isnan(dense))
    return sparse.csr_array((dense[rows, columns], (rows, columns)), shape=dense.shape)


def naive_adjusted_cosine(
    dense: np.ndarray, min_co_rated: int, significance: int | None
) -> dict[tuple[int, int], float]:
    centred = np.full(dense.shape, np.nan)
    for user, ratings in enumerate(dense):
        rated = ~np.isnan(ratings)
        if rated.any():
            centred[user, rated] = 0 if np.ptp(ratings[rated]) == 0 else ratings[rated] - ratings[rated].mean()
    centred[np.abs(centred) < 1e-12] = 0
    result = {}
    for i in range(dense.shape[1]):
        for j in range(dense.shape[1]):
            both = ~np.isnan(dense[:, i]) & ~np.isnan(dense[:, j])
            x, y = centred[both, i], centred[both, j]
            length = np.sqrt((x @ x) * (y @ y))
            if i == j or both.sum() < min_co_rated or length == 0:
                continue
            result[i, j] = float(x @ y / length)
            if significance is not None:
                result[i, j] *= min(both.sum(), significance) / significance
    return result


def as_pairs(found: Neighbours) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(found.row.tolist(), found.neighbour.tolist(), strict=True), found.similarity.tolist(), strict=True)
    )


@st.composite
def rating_tables(draw: st.DrawFn) -> np.ndarray:
    users, items = draw(st.integers(1, 10)), draw(st.integers(1, 8))
    cell = st.sampled_from([np.nan, np.nan, 0.0, 1.0, 2.0, 2.5, 5.0, -3.0, float(np.log1p(2))])
    return np.array(draw(st.lists(st.lists(cell, min_size=items, max_size=items), min_size=users, max_size=users)))


def assert_same(left: Neighbours, right: Neighbours) -> None:
    for name in ("row", "neighbour", "rank", "similarity", "common_count"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def test_worked_example() -> None:
    found = as_pairs(adjusted_cosine_top_k(to_sparse(WORKED_EXAMPLE), k=4))
    assert found[0, 1] == pytest.approx(-2.24 / np.sqrt(2.16 * 4.36), abs=1e-12)
    assert found[0, 1] == pytest.approx(-0.7299244279, abs=1e-10)
    assert found[1, 0] == found[0, 1]
    assert len(found) == 5 * 4


def test_sums_run_over_co_raters_and_means_over_all_of_a_users_ratings() -> None:
    # A fourth user who did not rate the second item is in none of the pair's sums.
    more_users = np.vstack([WORKED_EXAMPLE, [5, np.nan, np.nan, np.nan, 1]])
    assert as_pairs(adjusted_cosine_top_k(to_sparse(more_users), k=4))[0, 1] == pytest.approx(-0.7299244279, abs=1e-10)
    # A sixth item that only the first user rated moves that user's mean from 3 to 4, and the sums with it.
    more_items = np.hstack([WORKED_EXAMPLE, [[9], [np.nan], [np.nan]]])
    expected = (0 * -1 + -0.4 * 0.6 + -1 * 2) / np.sqrt((0 + 0.16 + 1) * (1 + 0.36 + 4))
    assert as_pairs(adjusted_cosine_top_k(to_sparse(more_items), k=5))[0, 1] == pytest.approx(expected, abs=1e-12)


def test_items_with_few_ratings_are_not_compared_but_count_in_the_means() -> None:
    dense = np.vstack([WORKED_EXAMPLE, [np.nan, np.nan, 2, 4, 1]])
    found = adjusted_cosine_top_k(to_sparse(dense), k=4, min_ratings=4)
    assert set(found.row.tolist()) == {2, 3, 4}
    everything = as_pairs(adjusted_cosine_top_k(to_sparse(dense), k=4))
    assert as_pairs(found) == {pair: everything[pair] for pair in as_pairs(found)}


@settings(max_examples=150)
@given(rating_tables(), st.integers(1, 4), st.sampled_from([None, 1, 3, 50]))
def test_agrees_with_the_naive_formula(dense: np.ndarray, min_co_rated: int, significance: int | None) -> None:
    items = dense.shape[1]
    found = adjusted_cosine_top_k(to_sparse(dense), k=items, min_co_rated=min_co_rated, significance=significance)
    expected = naive_adjusted_cosine(dense, min_co_rated, significance)
    assert as_pairs(found).keys() == expected.keys()
    for pair, similarity in as_pairs(found).items():
        assert similarity == pytest.approx(expected[pair], abs=1e-9)
        assert similarity == as_pairs(found)[pair[::-1]], "not symmetric"
        assert -1 <= similarity <= 1


@settings(max_examples=60)
@given(rating_tables(), st.integers(1, 9), st.integers(1, 9))
def test_neither_blocks_nor_threads_nor_k_change_a_bit(dense: np.ndarray, block_rows: int, k: int) -> None:
    whole = adjusted_cosine_top_k(to_sparse(dense), k=8)
    assert_same(whole, adjusted_cosine_top_k(to_sparse(dense), k=8, block_rows=block_rows, n_jobs=2))
    first_k = whole.rank <= k
    kept = Neighbours(*(getattr(whole, name)[first_k] for name in Neighbours.__dataclass_fields__))
    assert_same(kept, adjusted_cosine_top_k(to_sparse(dense), k=k, block_rows=block_rows))


def test_equal_ratings_have_no_similarity_in_spite_of_rounding() -> None:
    assert adjusted_cosine_top_k(sparse.csr_array(np.full((7, 6), np.log1p(1))), k=3).row.size == 0


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 4), (4, 1)])
def test_nothing_to_compare_gives_no_neighbours(shape: tuple[int, int]) -> None:
    ratings = sparse.csr_array(np.arange(1.0, np.prod(shape) + 1).reshape(shape))
    assert adjusted_cosine_top_k(ratings, k=3).row.size == 0


def test_no_overlap_gives_no_neighbours() -> None:
    assert adjusted_cosine_top_k(sparse.csr_array(np.eye(4)), k=3, min_co_rated=1).row.size == 0


@pytest.mark.parametrize("parameter", ["k", "min_co_rated", "significance", "block_rows", "n_jobs", "min_ratings"])
def test_a_parameter_below_1_is_refused_by_name(parameter: str) -> None:
    with pytest.raises(ValueError, match=f"{parameter} must be at least 1"):
        adjusted_cosine_top_k(sparse.csr_array(np.ones((2, 2))), **{"k": 1, parameter: 0})
