"""Similar products, and both lists of products as they are served."""

from datetime import date

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.exclusions import Exclusion, Exclusions
from dmp_assets.recommendations.leaderboard import leaderboard, sorted_board
from dmp_assets.recommendations.names import PRODUCT_LISTS
from dmp_assets.recommendations.plots import plot_leaderboard, plot_segments
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.product_lists import product_board, product_lists
from dmp_assets.recommendations.schema import LEADERBOARD, PRODUCT_RECOMMENDATIONS
from dmp_assets.recommendations.similar_products import (
    SIMILAR_STRATEGIES,
    similar_products,
    similar_products_board,
)

AS_OF = date(2017, 7, 1)
CUTOFF = day_number(date(2017, 6, 1))


@pytest.fixture(scope="module")
def history(shop):
    return encode(shop)


@pytest.fixture(scope="module")
def groups(history, products):
    return product_groups(history, products)


@pytest.fixture(scope="module")
def board(history, groups):
    return product_board(history, groups, CUTOFF, AS_OF)


@pytest.fixture(scope="module")
def lists(history, groups, board):
    return product_lists(history, groups, AS_OF, board)


def test_similar_products_by_hand(interactions_of):
    history = interactions_of(
        ("a", "o1", 175, "cola red beer"), ("b", "o2", 175, "cola"), ("c", "o3", 175, "lemon"), ("c", "o4", 176, "red")
    )
    products = pd.DataFrame(
        {
            "product_id": ["beer", "cola", "lemon", "red"],
            "product_category": ["BEER", "SODA", "SODA", "WINE"],
            "product_type": ["ALE", "SOFT", "SOFT", "WINE"],
            "is_recommendable": True,
        }
    )
    groups = product_groups(history, products)
    found = similar_products(history, day_number(AS_OF), groups, SIMILAR_STRATEGIES)
    # Beer and wine are alone in their categories; cola and lemon have no buyer in common but the same text.
    assert found["shared_buyers"][0][:, 0].tolist() == [-1, 2, 1, -1]
    assert found["shared_buyers"][1][1, 0] == pytest.approx(0.001)
    assert found["content"][1][1, 0] == pytest.approx(1)
    assert found["popularity"][1][2, 0] == 2
    alone = product_groups(history, products.assign(product_category="DRINKS"))
    fallback = similar_products(history, day_number(AS_OF), alone, ["shared_buyers"])["shared_buyers"][0]
    # Beer is the only one of its type: the others of its category, first those that its buyer bought.
    assert sorted(fallback[0, :2].tolist()) == [1, 3]
    assert fallback[1, :2].tolist() == [2, -1]


def test_shared_buyers_are_the_cosine_of_the_customers(history, groups):
    products, scores = similar_products(history, day_number(AS_OF), groups, ["shared_buyers"])["shared_buyers"]
    bought = (history.order_counts().toarray() > 0).astype(float)
    product, other = 4, products[4, 0]
    cosine = bought[:, product] @ bought[:, other] / np.sqrt(bought[:, product].sum() * bought[:, other].sum())
    assert scores[4, 0] == pytest.approx(cosine, abs=0.002)
    assert groups.types[other] == groups.types[product]


def test_switches_need_a_purchase_of_the_type_on_both_sides(interactions_of, products):
    # p00, p01 and p02 are of one type.
    history = interactions_of(
        ("a", "o1", 150, "p00"), ("a", "o2", 155, "p01"), ("b", "o3", 149, "p02"), ("c", "o4", 149, "p00 p01 p02")
    )
    board = similar_products_board(history, product_groups(history, products), day_number(date(2017, 6, 2)), AS_OF)
    assert set(board["strategy"]) == set(SIMILAR_STRATEGIES)
    assert (board["customers"] == 1).all()
    value = board.query("segment == 'all customers'").set_index(["strategy", "metric"])["value"]
    assert value["shared_buyers", "hit_rate"] == 1
    nobody = similar_products_board(history, product_groups(history, products), day_number(date(2017, 6, 20)), AS_OF)
    assert nobody.empty


def test_tables_keep_their_schemas(history, groups, board, lists):
    past = history.before(CUTOFF)
    customers = leaderboard(history, {"personal_frequency": past.order_counts()}, CUTOFF, AS_OF)
    LEADERBOARD.validate(sorted_board([customers, board]))
    assert set(PRODUCT_RECOMMENDATIONS.validate(lists)["list"]) == set(PRODUCT_LISTS)
    assert PRODUCT_RECOMMENDATIONS.description
    assert all(column.description for column in PRODUCT_RECOMMENDATIONS.columns.values())


def test_lists_keep_to_what_they_promise(shop, products, board, lists):
    champions = board[board["is_champion"]].groupby("list")["strategy"].first()
    assert lists.groupby("list")["strategy"].unique().map(list).to_dict() == {
        name: [champions[name]] for name in PRODUCT_LISTS
    }
    kind = products.set_index("product_id")["product_type"]
    is_same = lists["product_id"].map(kind) == lists["recommended_product_id"].map(kind)
    assert (is_same == lists["list"].eq("similar_products")).all()
    recent = set(shop.loc[shop["ordered_on"] >= date(2017, 6, 3), "product_id"]) - {"p59"}
    assert set(lists["product_id"]) | set(lists["recommended_product_id"]) <= recent
    with_others = {p for p in recent if any(kind[p] == kind[other] for other in recent - {p})}
    assert set(lists.loc[lists["list"] == "similar_products", "product_id"]) == with_others


def test_reasons_are_true(shop, lists):
    row = lists[lists["list"] == "similar_products"].iloc[0]
    buyers = {
        product: set(shop.loc[shop["product_id"] == row[product], "customer_id"])
        for product in ("product_id", "recommended_product_id")
    }
    both, own = len(set.intersection(*buyers.values())), len(buyers["product_id"])
    assert row["reason"].endswith(f"bought by {both} of the {own} customers of this product")
    row = lists[lists["list"].eq("cross_sell") & lists["reason"].str.contains("with this product")].iloc[0]
    orders = {
        product: set(shop.loc[shop["product_id"] == row[product], "order_id"])
        for product in ("product_id", "recommended_product_id")
    }
    share = len(set.intersection(*orders.values())) / len(orders["product_id"])
    assert row["reason"].startswith(f"in {100 * share:.0f} % of the {len(orders['product_id'])} orders")
    together = shop[shop["order_id"].isin(set.intersection(*orders.values()))]
    assert f", of {together['customer_id'].nunique()} customers; " in row["reason"]


def test_what_is_excluded_is_neither_recommended_nor_asked_for(history, products, tmp_path, board):
    exclusions = Exclusions(exclusions=(Exclusion(product_type="type 3", reason="a test"),))
    groups = product_groups(history, products, exclusions)
    found = product_lists(history, groups, AS_OF, board)
    assert not {"p09", "p10", "p11"} & (set(found["product_id"]) | set(found["recommended_product_id"]))


def test_the_row_order_and_the_future_change_nothing(shop, products, board, lists):
    later = shop.assign(ordered_on=AS_OF, order_id="later").head(3)
    shuffled = encode(pd.concat([shop, later]).sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(product_lists(shuffled, product_groups(shuffled, products), AS_OF, board), lists)


@pytest.mark.parametrize("case", ["one customer", "one product", "one product per order"])
def test_little_to_learn_from_still_gives_valid_tables(shop, products, case):
    poor = {
        "one customer": shop[shop["customer_id"] == "c00"],
        "one product": shop[shop["product_id"] == "p03"],
        "one product per order": shop.drop_duplicates("order_id"),
    }[case]
    history = encode(poor)
    groups = product_groups(history, products)
    board = product_board(history, groups, CUTOFF, AS_OF)
    found = PRODUCT_RECOMMENDATIONS.validate(product_lists(history, groups, AS_OF, board))
    assert found.empty == (case == "one product")
    # One customer is no evidence for others.
    assert "cross_sell" not in set(found["list"])
    assert ("cross_sell" in set(board["list"])) == (case == "one customer")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda table: table.assign(recommended_product_id=table["product_id"]), "recommends itself"),
        (lambda table: table[table["rank"] != 1], "without gaps"),
        (lambda table: table.assign(score=table["rank"].astype(float)), "score rises"),
        (lambda table: table.assign(score=0.0), "in_range"),
        (lambda table: table.assign(strategy="als"), "isin"),
    ],
)
def test_wrong_lists_are_refused(lists, mistake, message):
    with pytest.raises(pandera.errors.SchemaErrors, match=message):
        PRODUCT_RECOMMENDATIONS.validate(mistake(lists), lazy=True)


def test_pictures_show_the_lists_of_products_and_the_segments(board):
    figure = plot_leaderboard(board, PRODUCT_LISTS)
    assert [axes.get_title().split(" (")[0] for axes in figure.axes] == ["cross sell", "similar products"]
    assert len(figure.axes[0].get_yticklabels()) == 6
    segments = plot_segments(board, PRODUCT_LISTS)
    assert [label.get_text() for label in segments.axes[0].get_xticklabels()] == ["light", "medium", "heavy"]
    assert "nothing to foresee of all, repeat, novel" in plot_segments(board).texts[0].get_text()
