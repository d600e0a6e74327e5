import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.recommendations.metrics import customer_metrics


def test_a_worked_example():
    truth = sparse.csr_array(np.array([[1, 0, 1, 1]]))
    found = customer_metrics(np.array([[1, 2, -1]]), truth, np.array([1.0, 2.0, 4.0, 8.0]))
    discounts = 1 / np.log2([2, 3, 4])
    assert {name: values.item() for name, values in found.items()} == pytest.approx(
        {
            "ndcg": discounts[1] / discounts.sum(),
            "recall": 1 / 3,
            "precision": 1 / 3,
            "mrr": 1 / 2,
            "hit_rate": 1,
            "novelty": 3,
        }
    )


@given(
    relevant=st.sets(st.integers(0, 9), min_size=1),
    listed=st.lists(st.integers(0, 9), unique=True, max_size=5),
)
def test_metrics_are_shares_and_a_list_of_relevant_products_is_perfect(relevant, listed):
    truth = sparse.csr_array(np.isin(np.arange(10), list(relevant)).astype(float)[None, :])
    padded = np.array([listed + [-1] * (5 - len(listed))])
    found = customer_metrics(padded, truth, np.zeros(10))
    assert all(0 <= values.item() <= 1 for values in found.values())
    best = np.array([(sorted(relevant) + [-1] * 5)[:5]])
    assert customer_metrics(best, truth, np.zeros(10))["ndcg"].item() == pytest.approx(1)
