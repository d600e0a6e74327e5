"""What goes together beyond popularity, by hand and on a shop with bananas in every second basket."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import Interactions, day_number, encode
from dmp_assets.recommendations.association import MIN_CUSTOMERS, associations
from dmp_assets.recommendations.cross_sell import associated, associated_products
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.reasons import cross_sell_reasons


def shop_of(orders: list[tuple[int, str]]) -> Interactions:
    """Return the interactions of orders of a customer and products."""
    return encode(
        pd.DataFrame(
            [
                {
                    "customer_id": f"c{customer:03}",
                    "order_id": f"o{number:05}",
                    "ordered_on": date(2017, 1, 1),
                    "product_id": p,
                }
                for number, (customer, products) in enumerate(orders)
                for p in products.split()
            ]
        )
    )


def test_observed_expected_and_customers_by_hand():
    # Thirty customers buy pasta with sauce, thirty others single loaves: half of the orders and a third of the lines are sauce.
    history = shop_of([*((c, "pasta sauce") for c in range(30)), *((c, "bread") for c in range(30, 60))])
    found = associations(history, np.arange(3), np.ones(3, dtype=bool))
    pasta, sauce = (list(history.products).index(name) for name in ("pasta", "sauce"))
    assert found.share.toarray()[pasta, sauce] == 1
    assert found.expected.toarray()[pasta, sauce] == 0.5
    assert found.customers.toarray()[pasta, sauce] == 30
    assert found.surplus.toarray()[pasta, sauce] == 0.5
    assert found.share.nnz == 2


@pytest.mark.parametrize(("customers", "is_named"), [(MIN_CUSTOMERS - 1, False), (MIN_CUSTOMERS, True)])
def test_twenty_distinct_customers_stand_behind_a_pair(customers, is_named):
    orders = [(n % customers, "pasta sauce") for n in range(100)] + [(n, "bread") for n in range(200)]
    found = associations(shop_of(orders), np.arange(3), np.ones(3, dtype=bool))
    assert (found.share.nnz > 0) == is_named


def test_what_sells_anyway_is_no_complement():
    random = np.random.default_rng(1)
    orders = []
    for number in range(3_000):
        basket = {f"p{item:02}" for item in random.choice(30, random.integers(1, 6), replace=False)}
        basket |= {"banana"} if random.random() < 0.5 else set()
        basket |= {"tonic"} if "p03" in basket and random.random() < 0.7 else set()
        orders.append((number % 150, " ".join(basket)))
    history = shop_of(orders)
    products = pd.DataFrame(
        {"product_id": history.products, "product_type": history.products, "product_category": "FOOD"}
    )
    groups = product_groups(history, products.assign(is_recommendable=True))
    is_offered = np.ones(len(history.products), dtype=bool)
    first = associated(associated_products(history, groups, is_offered), groups, is_offered)[0][:, 0]
    named = {a: history.products[b] for a, b in zip(history.products, first, strict=True) if b >= 0}
    assert named["p03"] == "tonic"
    assert named["tonic"] == "p03"
    assert "banana" not in named.values()


def test_a_product_borrows_from_its_type_and_never_names_it():
    orders = [(c, "penne sauce") for c in range(40)] + [(c, "bread") for c in range(40, 120)] + [(0, "penne spaghetti")]
    history = shop_of(orders)
    types = {"penne": "PASTA", "spaghetti": "PASTA", "sauce": "SAUCE", "bread": "BREAD"}
    products = pd.DataFrame(
        {"product_id": list(types), "product_type": list(types.values()), "product_category": "FOOD"}
    )
    groups = product_groups(history, products.assign(is_recommendable=True))
    is_offered = np.ones(4, dtype=bool)
    lists, scores = associated(associated_products(history, groups, is_offered), groups, is_offered)
    spaghetti = list(history.products).index("spaghetti")
    assert [history.products[other] for other in lists[spaghetti] if other >= 0] == ["sauce"]
    assert scores[spaghetti, 0] == pytest.approx(40 / 41 - 40 / 121)


def test_where_neither_product_nor_type_tells_the_category_does():
    # Nineteen customers buy each of two kinds of pasta with the sauce: too few for a kind, enough for pasta.
    orders = [(c, "penne sauce") for c in range(19)] + [(c, "lasagne sauce") for c in range(19, 38)]
    history = shop_of([*orders, *((c, "bread") for c in range(38, 138))])
    kinds = {"penne": "PASTA", "lasagne": "PASTA", "sauce": "SAUCE", "bread": "BREAD"}
    products = pd.DataFrame(
        {"product_id": list(kinds), "product_type": list(kinds), "product_category": list(kinds.values())}
    )
    groups = product_groups(history, products.assign(is_recommendable=True))
    is_offered = np.ones(4, dtype=bool)
    found = associated_products(history, groups, is_offered)
    lists, _ = associated(found, groups, is_offered)
    penne, lasagne, sauce = (list(history.products).index(name) for name in ("penne", "lasagne", "sauce"))
    assert lists[[penne, lasagne], 0].tolist() == [sauce, sauce]
    table = pd.DataFrame({"product": [penne], "recommended": [sauce]})
    assert cross_sell_reasons(table, groups, found)[0].startswith(
        "in 100 % of the 38 orders with PASTA, of 38 customers"
    )
    unknown = product_groups(history, products.assign(is_recommendable=True, product_category=None))
    assert (associated(associated_products(history, unknown, is_offered), unknown, is_offered)[0] < 0).all()


def test_blocks_of_customers_change_nothing(shop, monkeypatch):
    history = encode(shop).before(day_number(date(2017, 7, 1)))
    offered = np.ones(history.shape[1], dtype=bool)
    whole = associations(history, np.arange(history.shape[1]), offered)
    monkeypatch.setattr("dmp_assets.recommendations.association._JOINED", 50)
    parts = associations(history, np.arange(history.shape[1]), offered)
    assert whole.customers.nnz > 0
    np.testing.assert_array_equal(parts.customers.toarray(), whole.customers.toarray())
