import warnings
from datetime import date

import numpy as np

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.als import als

END = day_number(date(2017, 7, 1))


def test_two_groups_of_customers_get_the_products_of_their_own_group(interactions_of):
    orders = []
    for customer in range(20):
        kind = "left" if customer < 10 else "right"
        own = " ".join(f"{kind}{n}" for n in range(5) if n != customer % 5)
        orders.append((f"c{customer:02}", f"o{customer:02}", 170, own))
    history = interactions_of(*orders)
    scores = als(history, END, factors=2, min_customers=1).toarray()
    bought = history.order_counts().toarray() > 0
    best = history.products[np.where(bought, -np.inf, scores).argmax(axis=1)]
    expected = [f"{'left' if customer < 10 else 'right'}{customer % 5}" for customer in range(20)]
    assert best.tolist() == expected


def test_it_warns_of_nothing_and_is_the_same_again(shop):
    history = encode(shop)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, other = als(history, END), als(history, END)
    np.testing.assert_array_equal(one.toarray(), other.toarray())
    assert (one.data >= 0).all()


def test_everything_bought_is_a_candidate_even_without_factors(interactions_of):
    history = interactions_of(("a", "o1", 170, "x y"), ("b", "o2", 170, "x"))
    assert als(history, END, factors=1, min_customers=2).nnz >= history.order_counts().nnz
