from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.baskets import mine_rules
from dmp_assets.recommendations.cross_sell import (
    CROSS_SELL_STRATEGIES,
    complements,
    cross_sell,
    cross_sell_board,
    type_baskets,
)
from dmp_assets.recommendations.product_groups import product_groups

DAY_0 = day_number(date(2017, 1, 1))


@pytest.fixture
def pasta_shop(interactions_of):
    """Return twelve orders: pasta with sauce, the second pasta never seen with anything, beer on its own with crisps."""
    orders = [("a", f"p{n}", n, "pasta sauce") for n in range(6)]
    orders += [("b", f"b{n}", n, "beer crisps") for n in range(5)]
    return interactions_of(*orders, ("b", "last", 6, "spaghetti"))


@pytest.fixture
def pasta_groups(pasta_shop):
    types = {"beer": "BEER", "crisps": "CRISPS", "pasta": "PASTA", "sauce": "SAUCE", "spaghetti": "PASTA"}
    products = pd.DataFrame({"product_id": list(types), "product_type": list(types.values())})
    return product_groups(pasta_shop, products.assign(product_category="FOOD", is_recommendable=True))


def lists_of(history, groups, strategy):
    end_day = DAY_0 + 10
    found, scores = complements(
        history, end_day, groups, mine_rules(history), type_baskets(history, groups.types), [strategy]
    )[strategy]
    return {
        product: {history.products[other]: score for other, score in zip(row, values, strict=True) if other >= 0}
        for product, row, values in zip(history.products, found, scores, strict=True)
    }


def test_what_is_in_the_same_baskets_goes_together(pasta_shop, pasta_groups):
    lists = lists_of(pasta_shop, pasta_groups, "rule_confidence")
    assert lists["pasta"] == {"sauce": 1}
    assert lists["beer"] == {"crisps": 1}
    assert lists["spaghetti"] == {}


def test_a_product_without_rules_borrows_from_its_type_but_never_names_it(pasta_shop, pasta_groups):
    lists = lists_of(pasta_shop, pasta_groups, "smoothed_confidence")
    # Six of seven orders with pasta hold sauce, twenty without are added; pasta itself is of the same type.
    assert lists["spaghetti"] == {"sauce": pytest.approx(20 * 6 / (7 + 20) / 21)}
    assert lists["pasta"] == {"sauce": pytest.approx((6 + 20 * 6 / (7 + 20)) / 26)}


def test_best_sellers_of_other_types_are_the_naive_answer(pasta_shop, pasta_groups):
    lists = lists_of(pasta_shop, pasta_groups, "popularity")
    assert list(lists["spaghetti"]) == ["sauce", "beer", "crisps"]


def test_confidence_of_a_type_counts_an_order_once_and_needs_support(interactions_of):
    orders = [("a", f"o{day}", day, "x y" if day < 5 else "x z") for day in range(10)]
    baskets = type_baskets(interactions_of(*orders, ("a", "o10", 10, "y z")), np.array([0, 0, 1]))
    assert baskets.order_counts.tolist() == [11, 6]
    assert baskets.confidence().toarray() == pytest.approx(np.array([[10 / 11, 6 / 11, 6 / 11], [5 / 6, 0, 1]]))
    assert baskets.confidence(smoothing=4).toarray()[1] == pytest.approx(np.array([5 / 10, 0, 6 / 10]))


def test_the_board_knows_every_strategy_and_repeats(shop, products):
    history = encode(shop)
    groups = product_groups(history, products)
    cutoff, as_of_on = day_number(date(2017, 6, 1)), date(2017, 7, 1)
    board = cross_sell_board(history, groups, cutoff, as_of_on)
    assert set(board["strategy"]) == set(CROSS_SELL_STRATEGIES)
    shuffled = encode(shop.sample(frac=1, random_state=4))
    pd.testing.assert_frame_equal(cross_sell_board(shuffled, groups, cutoff, as_of_on), board)


def test_without_baskets_of_two_there_is_no_board(interactions_of, products):
    history = interactions_of(("a", "o1", 0, "p00 p10"), ("a", "o2", 20, "p00"), ("b", "o3", 21, "p10"))
    groups = product_groups(history, products)
    assert cross_sell_board(history, groups, DAY_0 + 10, date(2017, 2, 1)).empty


@pytest.fixture
def table():
    return pd.DataFrame(
        [
            ("pasta", "cross_sell", "sauce", 0.4, "with pasta"),
            ("pasta", "cross_sell", "wine", 0.2, "with pasta"),
            ("cheese", "cross_sell", "wine", 0.3, "with cheese"),
            ("cheese", "cross_sell", "pasta", 0.9, "with cheese"),
            ("cheese", "similar_products", "gouda", 0.9, "alike"),
        ],
        columns=pd.Index(["product_id", "list", "recommended_product_id", "score", "reason"]),
    )


def test_a_basket_gets_what_its_products_agree_on(table):
    found = cross_sell(["pasta", "cheese", "unknown"], table)
    assert found["recommended_product_id"].tolist() == ["wine", "sauce"]
    assert found["score"].tolist() == pytest.approx([0.5 / 3, 0.4 / 3])
    assert found["rank"].tolist() == [1, 2]
    assert found["because_of_product_id"].tolist() == ["cheese", "pasta"]
    assert found["reason"].tolist() == ["with cheese", "with pasta"]
    assert len(cross_sell(["pasta", "cheese"], table, length=1)) == 1
    pd.testing.assert_frame_equal(cross_sell(["cheese", "pasta", "unknown"], table.iloc[::-1]), found)


def test_an_unknown_basket_gets_nothing_and_an_empty_one_is_refused(table):
    assert cross_sell(["unknown"], table).empty
    with pytest.raises(ValueError, match="basket is empty"):
        cross_sell([], table)
    with pytest.raises(ValueError, match="at least 1"):
        cross_sell(["pasta"], table, length=0)
