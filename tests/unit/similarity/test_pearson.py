"""User-based Pearson against the worked example, a naive reference and its own symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.similarity.blocks import Neighbours
from dmp_assets.similarity.pearson import pearson_top_k


def to_sparse(dense: np.ndarray) -> sparse.csr_array:
    """NaN is an empty cell; 0 is a stored rating."""
    rows, columns = np.nonzero(~np.isnan(dense))
    return sparse.csr_array((dense[rows, columns], (rows, columns)), shape=dense.shape)


def naive_pearson(dense: np.ndarray, min_co_rated: int, significance: int | None) -> dict[tuple[int, int], float]:
    result = {}
    for a in range(len(dense)):
        for b in range(len(dense)):
            both = ~np.isnan(dense[a]) & ~np.isnan(dense[b])
            x, y = dense[a, both], dense[b, both]
            if a == b or both.sum() < min_co_rated or np.ptp(x) == 0 or np.ptp(y) == 0:
                continue
            r = float(np.corrcoef(x, y)[0, 1])
            result[a, b] = r if significance is None else r * min(both.sum(), significance) / significance
    return result


def as_pairs(found: Neighbours) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(found.row.tolist(), found.neighbour.tolist(), strict=True), found.similarity.tolist(), strict=True)
    )


@st.composite
def rating_tables(draw: st.DrawFn) -> np.ndarray:
    users, items = draw(st.integers(1, 8)), draw(st.integers(1, 10))
    cell = st.sampled_from([np.nan, np.nan, 0.0, 1.0, 2.0, 2.5, 5.0, -3.0, float(np.log1p(2))])
    return np.array(draw(st.lists(st.lists(cell, min_size=items, max_size=items), min_size=users, max_size=users)))


def assert_same(left: Neighbours, right: Neighbours) -> None:
    for name in ("row", "neighbour", "rank", "similarity", "common_count"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def test_worked_example() -> None:
    found = pearson_top_k(sparse.csr_array([[4.0, 2, 3, 1, 5], [3, 5, 4, 3, 2]]), k=5)
    assert found.similarity == pytest.approx([-4 / np.sqrt(52)] * 2, abs=1e-12)
    assert found.similarity == pytest.approx([-0.5547001962] * 2, abs=1e-10)
    assert found.common_count.tolist() == [5, 5]
    assert found.rank.tolist() == [1, 1]


def test_only_co_rated_items_count() -> None:
    alone = np.array([[4, 2, 3, 1, 5], [3, 5, 4, 3, 2]], dtype=float)
    unshared = np.array([[9, np.nan], [np.nan, -7]])
    found = pearson_top_k(to_sparse(np.hstack([alone, unshared])), k=1)
    assert found.similarity == pytest.approx([-0.5547001962] * 2, abs=1e-10)


def test_significance_weights_the_correlation_by_the_items_in_common() -> None:
    two_in_common = sparse.csr_array([[1.0, 2.0], [2.0, 4.0]])
    assert pearson_top_k(two_in_common, k=1).similarity.tolist() == [1.0, 1.0]
    assert pearson_top_k(two_in_common, k=1, significance=50).similarity.tolist() == [0.04, 0.04]


@settings(max_examples=150)
@given(rating_tables(), st.integers(1, 4), st.sampled_from([None, 1, 3, 50]))
def test_agrees_with_the_naive_formula(dense: np.ndarray, min_co_rated: int, significance: int | None) -> None:
    found = pearson_top_k(to_sparse(dense), k=len(dense), min_co_rated=min_co_rated, significance=significance)
    expected = naive_pearson(dense, min_co_rated, significance)
    assert as_pairs(found).keys() == expected.keys()
    for pair, similarity in as_pairs(found).items():
        assert similarity == pytest.approx(expected[pair], abs=1e-9)
        assert similarity == as_pairs(found)[pair[::-1]], "not symmetric"
        assert -1 <= similarity <= 1


@settings(max_examples=60)
@given(rating_tables(), st.integers(1, 9), st.integers(1, 9))
def test_neither_blocks_nor_threads_nor_k_change_a_bit(dense: np.ndarray, block_rows: int, k: int) -> None:
    whole = pearson_top_k(to_sparse(dense), k=len(dense))
    assert_same(whole, pearson_top_k(to_sparse(dense), k=len(dense), block_rows=block_rows, n_jobs=2))
    first_k = whole.rank <= k
    kept = Neighbours(*(getattr(whole, name)[first_k] for name in Neighbours.__dataclass_fields__))
    assert_same(kept, pearson_top_k(to_sparse(dense), k=k, block_rows=block_rows))


def test_a_customer_with_equal_ratings_has_no_neighbour() -> None:
    found = pearson_top_k(to_sparse(np.log1p([[1, 1, 1, 1, 1], [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]])), k=2)
    assert as_pairs(found).keys() == {(1, 2), (2, 1)}


def test_equal_ratings_on_the_items_in_common_are_no_variance_in_spite_of_rounding() -> None:
    random = np.random.default_rng(0)
    first = np.log1p(np.where(np.arange(300) < 200, 1, random.integers(1, 9, 300)))
    second = np.where(np.arange(300) < 200, np.log1p(random.integers(1, 9, 300)), np.nan)
    assert pearson_top_k(to_sparse(np.vstack([first, second])), k=1).row.size == 0


def test_ties_go_to_the_lower_position() -> None:
    found = pearson_top_k(sparse.csr_array(np.log1p([[1, 2, 3], [2, 4, 9], [2, 4, 9], [2, 4, 9]])), k=2)
    assert found.neighbour.tolist() == [1, 2, 2, 3, 1, 3, 1, 2]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 4), (4, 1)])
def test_nothing_to_compare_gives_no_neighbours(shape: tuple[int, int]) -> None:
    assert pearson_top_k(sparse.csr_array(np.ones(shape)), k=3).row.size == 0


def test_no_overlap_gives_no_neighbours() -> None:
    assert pearson_top_k(sparse.csr_array(np.eye(4)), k=3, min_co_rated=1).row.size == 0


@pytest.mark.parametrize("parameter", ["k", "min_co_rated", "significance", "block_rows", "n_jobs"])
def test_a_parameter_below_1_is_refused_by_name(parameter: str) -> None:
    with pytest.raises(ValueError, match=f"{parameter} must be at least 1"):
        pearson_top_k(sparse.csr_array(np.ones((2, 2))), **{"k": 1, parameter: 0})


def test_ratings_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        pearson_top_k(sparse.csr_array([[1.0, np.nan], [1.0, 2.0]]), k=1)
    twice = sparse.csr_array(([1.0, 2.0], [0, 0], [0, 2]), shape=(1, 1))
    with pytest.raises(ValueError, match="more than once"):
        pearson_top_k(twice, k=1)
