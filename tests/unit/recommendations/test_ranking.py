import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.recommendations.ranking import (
    best_entries,
    best_places,
    keep_candidates_among,
    merge_places,
)
from dmp_assets.recommendations.scores import is_stored, keep_candidates


@st.composite
def score_matrices(draw):
    rows, columns = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    values = draw(st.lists(st.integers(0, 4), min_size=rows * columns, max_size=rows * columns))
    return sparse.csr_array(np.array(values, dtype=float).reshape(rows, columns))


@given(scores=score_matrices(), k=st.integers(1, 14))
def test_the_best_places_are_those_of_a_full_sort(scores, k):
    columns, values = best_places(scores, k)
    for row, dense in enumerate(scores.toarray()):
        stored = np.flatnonzero(dense)
        expected = stored[np.lexsort((stored, -dense[stored]))][:k]
        assert columns[row, : len(expected)].tolist() == expected.tolist()
        assert values[row, : len(expected)].tolist() == dense[expected].tolist()
        assert (columns[row, len(expected) :] == -1).all()
        assert (values[row, len(expected) :] == -np.inf).all()


@given(scores=score_matrices(), k=st.integers(1, 5), seed=st.integers(0, 5))
def test_the_best_of_two_halves_are_the_best_of_all(scores, k, seed):
    is_left = np.random.default_rng(seed).random(scores.shape[1]) < 0.5
    left, right = (sparse.csr_array(scores.toarray() * side) for side in (is_left, ~is_left))
    merged = merge_places(best_places(left, k), best_places(right, k))
    np.testing.assert_array_equal(merged, best_places(scores, k)[0])


@given(scores=score_matrices(), pattern=score_matrices())
def test_stored_entries_are_found(scores, pattern):
    size = np.minimum(scores.shape, pattern.shape)
    left, right = (sparse.csr_array(matrix.toarray()[: size[0], : size[1]]) for matrix in (scores, pattern))
    rows, columns = left.nonzero()
    assert is_stored(right, left).tolist() == (right.toarray()[rows, columns] > 0).tolist()


def test_best_entries_keep_their_values():
    scores = sparse.csr_array(np.array([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 5.0, 0.0]]))
    assert best_entries(scores, 2).toarray().tolist() == [[0, 3, 3, 0], [0, 0, 5, 0]]


@pytest.mark.parametrize("products", [[0, 2, 3, 6], [], [5]])
def test_candidates_among_some_products_are_those_where_the_others_score_0(products):
    random = np.random.default_rng(3)
    bought = sparse.csr_array((random.random((6, 8)) < 0.3).astype(float))
    scores = random.random((6, 8)) * np.isin(np.arange(8), products)
    found = keep_candidates_among(lambda block: scores[block][:, products], np.array(products, int), bought, novel=2)
    expected = keep_candidates(lambda block: scores[block].copy(), bought, 2)
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    np.testing.assert_array_equal(found.indices, expected.indices)
