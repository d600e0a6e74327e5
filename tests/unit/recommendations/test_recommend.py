"""Both tables from purchases: shape, schema, filters, invariance, and what the schemas refuse."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from dmp_assets.recommendations.exclusions import Exclusion, Exclusions
from dmp_assets.recommendations.names import LISTS, PRODUCT_LISTS
from dmp_assets.recommendations.plots import plot_leaderboard
from dmp_assets.recommendations.recommend import HORIZON_DAYS, recommend, recommend_products, train
from dmp_assets.recommendations.schema import CUSTOMER_RECOMMENDATIONS, LEADERBOARD, PRODUCT_RECOMMENDATIONS, RANKER
from dmp_assets.recommendations.served import Limits
from dmp_assets.recommendations.strategies import LEARNED, STRATEGIES

AS_OF = date(2017, 7, 1)


def test_tables_keep_their_schemas(shop_trained, shop_lists):
    LEADERBOARD.validate(shop_trained.leaderboard)
    assert set(CUSTOMER_RECOMMENDATIONS.validate(shop_lists)["list"]) == {"buy_again", "discover"}
    by_list = shop_trained.leaderboard.groupby("list")["strategy"].agg(set)
    assert by_list["all"] == {*STRATEGIES, LEARNED}
    assert set(by_list.index) == {*LISTS, *PRODUCT_LISTS}


def test_the_lists_beside_a_product_keep_to_the_exclusions(shop, products, shop_trained):
    is_excluded = products["product_category"] == "category 3"
    exclusions = Exclusions(exclusions=(Exclusion(product_category="category 3", reason="test"),))
    lists = recommend_products(shop, products, AS_OF, shop_trained.leaderboard, exclusions=exclusions)
    PRODUCT_RECOMMENDATIONS.validate(lists)
    assert set(lists["list"]) == set(PRODUCT_LISTS)
    assert not set(lists["recommended_product_id"]) & set(products.loc[is_excluded, "product_id"])


def test_each_list_is_filled_by_its_champion(shop_trained, shop_lists):
    board = shop_trained.leaderboard
    champions = board[board["is_champion"]].groupby("list")["strategy"].first()
    by_list = shop_lists.groupby("list")["strategy"].unique()
    assert by_list["buy_again"].tolist() == [champions["repeat"]]
    assert by_list["discover"].tolist() == [champions["novel"]]


def test_lists_keep_to_what_they_promise(shop, products, shop_lists):
    lists = shop_lists.merge(products, on="product_id")
    bought = set(zip(shop["customer_id"], shop["product_id"], strict=True))
    is_bought = [pair in bought for pair in zip(lists["customer_id"], lists["product_id"], strict=True)]
    assert (lists["list"].eq("buy_again") == is_bought).all()
    assert lists["is_recommendable"].all()
    assert lists.groupby(["customer_id", "list", "product_category"]).size().max() <= 2
    assert lists["rank"].max() == 5
    recent = set(shop.loc[shop["ordered_on"] >= date(2017, 6, 3), "product_id"])
    assert set(lists["product_id"]) <= recent


def test_reasons_are_true(shop, shop_lists):
    lists = shop_lists
    row = lists[lists["list"] == "buy_again"].iloc[0]
    own = shop[shop["customer_id"] == row["customer_id"]]
    orders = own.drop_duplicates("order_id").sort_values("ordered_on")["order_id"].tail(20)
    dates = own.loc[own["product_id"] == row["product_id"], ["order_id", "ordered_on"]]
    days = (AS_OF - dates["ordered_on"].max()).days
    count = dates["order_id"].isin(orders).sum()
    assert row["reason"].startswith(f"bought in {count} of the last {len(orders)} orders, last {days} day")
    assert lists.loc[lists["list"] == "discover", "reason"].str.contains("orders of all customers").all()


def test_another_size_of_what_a_customer_buys_is_not_called_new(shop, products, shop_lists):
    kind_of = products.set_index("product_id")["product_type"]
    bought = shop.assign(kind=shop["product_id"].map(kind_of)).groupby(["customer_id", "kind"])["order_id"].nunique()
    discover = shop_lists[shop_lists["list"] == "discover"]
    said = set()
    for customer, product, reason in discover[["customer_id", "product_id", "reason"]].itertuples(index=False):
        kind = kind_of[product]
        orders = bought.get((customer, kind), 0)
        holds = f"{orders} of this customer's orders {'holds' if orders == 1 else 'hold'}"
        assert reason.startswith(f"another {kind}, which {holds}; " if orders else f"{kind} is new to this customer; ")
        said.add(orders > 0)
    assert said == {True, False}


def test_the_result_does_not_depend_on_row_order_threads_or_the_future(shop, products, shop_trained, shop_lists):
    later = shop.assign(ordered_on=AS_OF, order_id="later").head(3)
    shuffled = pd.concat([shop, later]).sample(frac=1, random_state=2)
    trained = train(shuffled, products, AS_OF, n_jobs=2)
    pd.testing.assert_frame_equal(trained.leaderboard, shop_trained.leaderboard)
    pd.testing.assert_frame_equal(trained.ranker, shop_trained.ranker)
    again = recommend(shuffled, products, AS_OF, trained, limits=Limits(length=5, per_category=2), n_jobs=2)
    pd.testing.assert_frame_equal(again, shop_lists)


def test_a_return_after_the_cutoff_tells_the_compared_strategies_nothing(shop, products, shop_trained, shop_lists):
    cutoff = AS_OF - timedelta(HORIZON_DAYS)
    is_returned = (shop["ordered_on"] < cutoff) & shop["product_id"].isin(["p10", "p20", "p30"])
    returned = shop.assign(returned_on=pd.Series(cutoff, shop.index).where(is_returned))
    trained = train(returned, products, AS_OF)
    pd.testing.assert_frame_equal(trained.leaderboard, shop_trained.leaderboard)
    # What is served knows it.
    served = recommend(returned, products, AS_OF, trained, limits=Limits(length=5, per_category=2))
    assert len(served) != len(shop_lists) or not served.equals(shop_lists)


def test_what_was_trained_serves_the_days_after(shop, products):
    yesterday = AS_OF - timedelta(days=1)
    lists = CUSTOMER_RECOMMENDATIONS.validate(recommend(shop, products, AS_OF, train(shop, products, yesterday)))
    assert set(lists["as_of_on"]) == {pd.Timestamp(AS_OF)}


@pytest.mark.parametrize("case", ["one customer", "one product", "short history"])
def test_little_to_learn_from_still_gives_valid_tables(shop, products, case):
    poor = {
        "one customer": shop[shop["customer_id"] == "c00"],
        "one product": shop[shop["product_id"] == "p03"],
        "short history": shop[shop["ordered_on"] >= date(2017, 5, 15)],
    }[case]
    trained = train(poor, products, AS_OF)
    LEADERBOARD.validate(trained.leaderboard)
    assert not CUSTOMER_RECOMMENDATIONS.validate(recommend(poor, products, AS_OF, trained)).empty
    if case == "short history":
        assert LEARNED not in set(trained.leaderboard["strategy"])
        assert trained.ranker.empty


def test_a_history_too_short_to_compare_is_served_by_the_baselines(shop, products):
    as_of_on = date(2017, 1, 20)
    trained = train(shop, products, as_of_on)
    assert trained.leaderboard.empty
    assert trained.ranker.empty
    LEADERBOARD.validate(trained.leaderboard, lazy=True)
    RANKER.validate(trained.ranker, lazy=True)
    lists = recommend(shop, products, as_of_on, trained)
    CUSTOMER_RECOMMENDATIONS.validate(lists, lazy=True)
    served = lists.groupby("list")["strategy"].unique().map(list).to_dict()
    assert served == {"buy_again": ["personal_frequency"], "discover": ["popularity"]}


def test_products_that_nothing_is_known_of_are_recommended_one_by_one(shop):
    unknown = pd.DataFrame(
        {"product_id": shop["product_id"].unique(), "product_category": "Unknown", "product_type": "Unknown"}
    )
    trained = train(shop, unknown, AS_OF)
    lists = recommend(shop, unknown, AS_OF, trained)
    assert lists.groupby(["customer_id", "list"]).size().max() > Limits().per_category
    assert lists.loc[lists["list"] == "discover", "reason"].str.startswith("not bought before; ").all()
    of_products = recommend_products(shop, unknown, AS_OF, trained.leaderboard)
    PRODUCT_RECOMMENDATIONS.validate(of_products, lazy=True)
    assert set(of_products["list"]) == set(PRODUCT_LISTS)
    assert not lists["reason"].str.contains("Unknown").any()
    assert not of_products["reason"].str.contains("Unknown").any()


def test_no_purchases_are_refused(shop, products):
    with pytest.raises(ValueError, match="no purchases"):
        train(shop, products, date(2016, 1, 1))
    with pytest.raises(ValueError, match="at least 1"):
        Limits(per_category=0)


def test_every_column_is_described():
    for schema in (LEADERBOARD, CUSTOMER_RECOMMENDATIONS):
        assert schema.description
        assert all(column.description for column in schema.columns.values())


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda table: table.assign(is_champion=True), "one champion per list"),
        (lambda table: table.assign(is_champion=False), "one champion per list"),
        (lambda table: table.assign(ci_low=table["value"] + 1), "ci_low <= value"),
        (lambda table: table.assign(ci_low=np.nan), "ci_low <= value"),
        (lambda table: table.assign(value=-2.0), "outside the metric's range"),
        (lambda table: table.assign(strategy="oracle"), "isin"),
    ],
)
def test_a_wrong_leaderboard_is_refused(shop_trained, mistake, message):
    with pytest.raises(pandera.errors.SchemaErrors, match=message):
        LEADERBOARD.validate(mistake(shop_trained.leaderboard), lazy=True)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda table: table[table["rank"] != 2], "without gaps"),
        (lambda table: table.assign(score=table["rank"].astype(float)), "score rises with rank"),
        (lambda table: table.assign(expected_on=pd.NaT), "expected_on belongs to buy_again"),
        (lambda table: table.assign(expected_on=table["expected_on"] - pd.Timedelta(days=365)), "before as_of_on"),
        (lambda table: table.assign(reason=""), "str_length"),
    ],
)
def test_wrong_lists_are_refused(shop_lists, mistake, message):
    with pytest.raises(pandera.errors.SchemaErrors, match=message):
        CUSTOMER_RECOMMENDATIONS.validate(mistake(shop_lists), lazy=True)


def test_the_picture_has_a_panel_per_list(shop_trained):
    figure = plot_leaderboard(shop_trained.leaderboard)
    assert [axes.get_title().split(" (")[0] for axes in figure.axes] == ["all", "repeat", "novel"]
    assert "nothing to foresee" in plot_leaderboard(shop_trained.leaderboard.iloc[:0]).texts[0].get_text()
