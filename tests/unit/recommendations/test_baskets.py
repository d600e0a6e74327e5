from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.analysis.interactions import day_number
from dmp_assets.recommendations.baskets import co_purchase_rules, mine_rules

DAY_0 = day_number(date(2017, 1, 1))


@pytest.fixture
def four_orders(interactions_of):
    return interactions_of(
        ("a", "o1", 0, "bread butter"),
        ("a", "o2", 1, "bread butter"),
        ("b", "o3", 2, "bread milk"),
        ("b", "o4", 3, "milk"),
    )


def test_rules_by_hand(four_orders):
    rules = mine_rules(four_orders, 1)
    assert four_orders.products.tolist() == ["bread", "butter", "milk"]
    assert rules.total_orders == 4
    assert rules.support.toarray().tolist() == [[0, 2, 1], [2, 0, 0], [1, 0, 0]]
    assert rules.confidence().toarray() == pytest.approx(np.array([[0, 2 / 3, 1 / 3], [1, 0, 0], [1 / 2, 0, 0]]))
    assert rules.lift().toarray()[0, 1] == pytest.approx(2 * 4 / (3 * 2))
    assert rules.lift(0.5).toarray()[0, 1] == pytest.approx(2 / (3 * 2 / 4 + 0.5))
    assert rules.cosine().toarray()[0, 1] == pytest.approx(2 / np.sqrt(6))
    # Bread and milk are in one order, and 3 * 2 / 4 were to be expected: no added value.
    assert rules.added_value().toarray() == pytest.approx(np.array([[0, 2 / 3 - 1 / 2, 0], [1 / 4, 0, 0], [0, 0, 0]]))


def test_rules_below_the_support_do_not_count(four_orders):
    assert mine_rules(four_orders, 2).support.toarray().tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    assert mine_rules(four_orders, 3).support.nnz == 0
    with pytest.raises(ValueError, match="at least 1 order"):
        mine_rules(four_orders, 0)


def test_a_customer_gets_what_the_rules_of_their_purchases_name(four_orders):
    scores = co_purchase_rules(four_orders, DAY_0 + 3, half_life_days=1e9, min_support=1).toarray()
    # Before the last order: bread 3, butter 2, milk 1 of 3 orders; butter adds 2/3 - 2/3, nothing.
    assert scores.tolist() == [[0, 0, 0], [0, 0, 0]]
    scores = co_purchase_rules(four_orders, DAY_0 + 4, half_life_days=1e9, min_support=1).toarray()
    # b bought bread once: butter is in 2/3 of the orders with bread, in half of all.
    assert scores[1] == pytest.approx([0, 2 / 3 - 1 / 2, 0])


@given(
    baskets=st.lists(st.sets(st.sampled_from("abcde"), min_size=1), min_size=1, max_size=12),
    min_support=st.integers(1, 3),
)
def test_support_counts_common_orders(interactions_of, baskets, min_support):
    history = interactions_of(*(("c", f"o{n:02}", n, " ".join(sorted(basket))) for n, basket in enumerate(baskets)))
    support = mine_rules(history, min_support).support.toarray()
    for left, first in enumerate(history.products):
        for right, second in enumerate(history.products):
            both = sum(first in basket and second in basket for basket in baskets)
            assert support[left, right] == (both if both >= min_support and left != right else 0)
