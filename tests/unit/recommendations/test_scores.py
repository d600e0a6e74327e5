import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from dmp_assets.recommendations.scores import keep_candidates, select, values_at

SMALL = arrays(np.float64, (4, 7), elements=st.sampled_from([0, 0, 0.5, 1, 2, 3]))


@given(dense=SMALL, own=SMALL, novel=st.integers(1, 8))
def test_candidates_are_everything_bought_and_the_best_of_the_rest(dense, own, novel):
    bought = sparse.csr_array(own)
    kept = keep_candidates(lambda block: dense[block].copy(), bought, novel)
    assert select(kept, bought, "repeat").nnz == bought.nnz
    new = select(kept, bought, "novel").toarray()
    for row in range(4):
        others = np.where(own[row] > 0, 0, dense[row])
        expected = np.argsort(-others, kind="stable")[: min(novel, np.count_nonzero(others))]
        assert sorted(np.flatnonzero(new[row])) == sorted(expected)


@given(dense=SMALL)
def test_values_are_read_where_stored_and_0_elsewhere(dense):
    rows, columns = (grid.ravel() for grid in np.indices(dense.shape))
    np.testing.assert_array_equal(values_at(sparse.csr_array(dense), rows, columns), dense.ravel())


@given(dense=SMALL, own=SMALL)
def test_repeat_and_novel_share_out_all(dense, own):
    scores, bought = sparse.csr_array(dense), sparse.csr_array(own)
    parts = select(scores, bought, "repeat") + select(scores, bought, "novel")
    assert parts.toarray() == pytest.approx(select(scores, bought, "all").toarray())
