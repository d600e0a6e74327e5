"""Weights of counts."""

import numpy as np
import pytest
from scipy import sparse

from dmp_assets.similarity.weights import binary, bm25, tf_idf

COUNTS = sparse.csr_array([[3.0, 1.0], [1.0, 0.0]])


def test_binary_forgets_how_often() -> None:
    assert binary(COUNTS).toarray().tolist() == [[1, 1], [1, 0]]


def test_tf_idf_is_sublinear_and_nothing_for_what_everyone_has() -> None:
    expected = [[0, np.log(2)], [0, 0]]
    np.testing.assert_allclose(tf_idf(COUNTS).toarray(), expected)
    np.testing.assert_allclose(tf_idf(sparse.csr_array([[5.0], [0.0]])).toarray(), [[(1 + np.log(5)) * np.log(2)], [0]])


def test_bm25_saturates_and_weighs_by_length() -> None:
    # Lengths 4 and 1, mean 2.5; idf = ln(1 + (2 - 1 + .5) / (1 + .5)) = ln 2 for the second column.
    weight = np.log(2) * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 4 / 2.5))
    assert bm25(COUNTS).toarray()[0, 1] == pytest.approx(weight)
    often = bm25(sparse.csr_array([[1000.0], [0.0]]), b=0).toarray()[0, 0]
    assert often == pytest.approx(np.log(2) * 2.2, rel=0.01), "no count weighs more than k1 + 1 times idf"


@pytest.mark.parametrize("weights", [tf_idf, bm25])
def test_what_is_no_count_is_refused(weights) -> None:
    with pytest.raises(ValueError, match="1 cells hold a count below 1"):
        weights(sparse.csr_array([[0.5, 2.0]]))
    assert weights(sparse.csr_array((0, 3))).shape == (0, 3)
