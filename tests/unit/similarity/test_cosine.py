"""Cosine top-k against a naive reference: ties, equal rows, threads, symmetry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.similarity import blocks
from dmp_assets.similarity.blocks import Neighbours, common_counts, product_blocks
from dmp_assets.similarity.cosine import cosine_top_k, cosine_weights


def naive_cosine(dense: np.ndarray, k: int) -> list[tuple]:
    """Return (row, neighbour, rank, similarity, columns in common), ties to the lower position."""
    result: list[tuple] = []
    for a, left in enumerate(dense):
        pairs = []
        for b, right in enumerate(dense):
            common = int(((left != 0) & (right != 0)).sum())
            if a != b and common:
                value = round(float(left @ right / np.sqrt((left @ left) * (right @ right))), 9)
                pairs.append((-value, b, common))
        best = enumerate(sorted(pairs)[:k], 1)
        result += [(a, b, rank, pytest.approx(-value, abs=2e-9), common) for rank, (value, b, common) in best]
    return result


def as_rows(found: Neighbours) -> list[tuple]:
    columns = (found.row, found.neighbour, found.rank, found.similarity, found.common_count)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@st.composite
def matrices(draw: st.DrawFn, values: tuple[float, ...] = (0.0, 0.0, 1.0)) -> np.ndarray:
    rows, columns = draw(st.integers(1, 14)), draw(st.integers(1, 5))
    cell = st.sampled_from(values)
    return np.array(draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows)))


def test_worked_example() -> None:
    found = cosine_top_k(sparse.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]]), k=2)
    assert as_rows(found) == [
        (0, 1, 1, pytest.approx(2 / np.sqrt(6), abs=1e-9), 2),
        (1, 0, 1, pytest.approx(2 / np.sqrt(6), abs=1e-9), 2),
        (1, 2, 2, pytest.approx(1 / np.sqrt(6), abs=1e-9), 1),
        (2, 1, 1, pytest.approx(1 / np.sqrt(6), abs=1e-9), 1),
    ]


@settings(max_examples=400)
@given(matrices(), st.integers(1, 6), st.integers(1, 2))
def test_sets_agree_with_the_naive_formula_and_its_ties(dense: np.ndarray, k: int, n_jobs: int) -> None:
    assert as_rows(cosine_top_k(sparse.csr_array(dense), k, n_jobs=n_jobs)) == naive_cosine(dense, k)


@settings(max_examples=200)
@given(matrices((0.0, 0.0, 1.0, 2.0, 0.1, 3.0)), st.integers(1, 6))
def test_weighted_rows_agree_with_the_naive_formula(dense: np.ndarray, k: int) -> None:
    assert as_rows(cosine_top_k(sparse.csr_array(dense), k)) == naive_cosine(dense, k)


@settings(max_examples=100)
@given(matrices((0.0, 1.0, 2.5, 0.3)))
def test_similarity_is_symmetric_and_within_its_range(dense: np.ndarray) -> None:
    found = cosine_top_k(sparse.csr_array(dense), k=len(dense))
    pairs = dict(zip(zip(found.row.tolist(), found.neighbour.tolist(), strict=True), found.similarity, strict=True))
    assert all(pairs[b, a] == value and 0 <= value <= 1 for (a, b), value in pairs.items())


def test_many_ties_at_the_cut_are_settled_by_position() -> None:
    # Every pair of different rows shares one of two columns: all cosines are 1/2, all far more than k and its spares.
    dense = np.zeros((60, 61))
    dense[:, 0] = 1
    dense[np.arange(60), np.arange(1, 61)] = 1
    for n_jobs in (1, 2):
        assert as_rows(cosine_top_k(sparse.csr_array(dense), 3, n_jobs=n_jobs)) == naive_cosine(dense, 3)


def test_equal_rows_are_each_others_nearest_and_share_their_other_neighbours() -> None:
    dense = np.array([[1.0, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 1]])
    assert as_rows(cosine_top_k(sparse.csr_array(dense), 3)) == naive_cosine(dense, 3)
    assert cosine_top_k(sparse.csr_array(np.ones((50, 2))), 2).neighbour[:6].tolist() == [1, 2, 0, 2, 0, 1]


def test_very_large_and_very_small_values_keep_their_angle() -> None:
    found = cosine_top_k(sparse.csr_array([[1e200, 1e200], [1e-200, 0], [1.0, 1.0]]), k=2)
    assert found.similarity.tolist() == pytest.approx([1, np.sqrt(0.5), np.sqrt(0.5), np.sqrt(0.5), 1, np.sqrt(0.5)])
    assert found.neighbour.tolist() == [2, 1, 0, 2, 0, 1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 4)])
def test_nothing_to_compare_gives_no_neighbours(shape: tuple[int, int]) -> None:
    assert cosine_top_k(sparse.csr_array(np.ones(shape)), k=3).row.size == 0


def test_rows_without_overlap_or_values_have_no_neighbours() -> None:
    assert cosine_top_k(sparse.csr_array(np.eye(4)), k=3).row.size == 0
    assert cosine_top_k(sparse.csr_array(np.zeros((4, 2))), k=3).row.size == 0


def test_what_cannot_be_compared_is_refused() -> None:
    for parameter in ("k", "n_jobs"):
        with pytest.raises(ValueError, match=f"{parameter} must be at least 1"):
            cosine_top_k(sparse.csr_array(np.ones((2, 2))), **{"k": 1, parameter: 0})
    with pytest.raises(ValueError, match="weights of 0 or more"):
        cosine_top_k(sparse.csr_array([[1.0, -1.0]]), k=1)
    with pytest.raises(ValueError, match="NaN or infinite"):
        cosine_top_k(sparse.csr_array([[1.0, np.nan]]), k=1)


@settings(max_examples=100)
@given(matrices(), st.integers(1, 30))
def test_common_counts_of_listed_pairs(dense: np.ndarray, cells: int) -> None:
    rows = np.repeat(np.arange(len(dense)), len(dense))
    others = np.tile(np.arange(len(dense)), len(dense))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_CELLS", cells)
        counts = common_counts(sparse.csr_array(dense), rows, others)
    assert counts.tolist() == (dense @ dense.T).ravel().tolist()


@settings(max_examples=100)
@given(matrices(), st.integers(1, 20))
def test_blocks_hold_every_row_once_and_no_more_products_than_allowed(dense: np.ndarray, products: int) -> None:
    left, right = sparse.csr_array(dense), sparse.csr_array(dense).T.tocsr()
    cut = product_blocks(left, right, products)
    assert [row for block in cut for row in range(block.start, block.stop)] == list(range(len(dense)))
    cost = dense @ (dense != 0).sum(axis=0)
    assert all(cost[block].sum() <= products or block.stop - block.start == 1 for block in cut)


@given(st.integers(0, 100), st.integers(1, 6))
@settings(max_examples=20)
def test_the_weights_are_the_same_similarities_as_a_matrix(seed: int, k: int) -> None:
    vectors = sparse.csr_array(np.random.default_rng(seed).integers(0, 3, (12, 9)).astype(float))
    found = cosine_top_k(vectors, k)
    expected = np.zeros((12, 12))
    expected[found.row, found.neighbour] = found.similarity
    assert (cosine_weights(vectors, k).toarray() == expected).all()


def test_no_weights_without_columns_in_common() -> None:
    assert cosine_weights(sparse.csr_array(np.eye(3)), 2).nnz == 0
    with pytest.raises(ValueError, match="at least 1"):
        cosine_weights(sparse.csr_array(np.eye(3)), 0)
