"""The served tables: shape, schema, invariance, and what the schema refuses."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from dmp_assets.similarity.measures import MEASURES, similarity_measures
from dmp_assets.similarity.plots import similarity_by_measure
from dmp_assets.similarity.ratings import ratings_from_counts
from dmp_assets.similarity.schema import CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY, SIMILARITY_MEASURES
from dmp_assets.similarity.tables import (
    co_purchase_similarity,
    content_similarity,
    customer_similarity,
    product_similarity,
    rated_similarity,
)

AS_OF = date(2018, 1, 1)


def long(dense: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": f"c{user}", "product_id": f"p{item}", "rating": value}
        for user, row in enumerate(dense, 1)
        for item, value in enumerate(row, 1)
    )


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    random = np.random.default_rng(3)
    orders = random.poisson(0.9, (40, 30))
    frame = long(orders.tolist())
    return ratings_from_counts(frame[frame["rating"] > 0].rename(columns={"rating": "order_count"}))


@pytest.fixture(scope="module")
def baskets() -> pd.DataFrame:
    cells = np.argwhere(np.random.default_rng(4).random((300, 30)) < 0.2)
    return pd.DataFrame({"order_id": [f"o{row}" for row in cells[:, 0]], "product_id": [f"p{c}" for c in cells[:, 1]]})


@pytest.fixture(scope="module")
def texts() -> pd.Series:
    words = ["tea", "jam", "milk", "rice"]
    return pd.Series({f"p{item}": f"{words[item % 4]} brand={item % 3}" for item in range(35)})


@pytest.fixture(scope="module")
def products(ratings: pd.DataFrame, baskets: pd.DataFrame, texts: pd.Series) -> pd.DataFrame:
    parts = (
        product_similarity(ratings, AS_OF),
        co_purchase_similarity(baskets, AS_OF),
        content_similarity(texts, AS_OF, ratings=ratings),
    )
    return pd.concat(parts, ignore_index=True)


def only(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    return table[table["measure"] == measure].reset_index(drop=True)


def test_worked_examples_hold_with_significance_off() -> None:
    explicit = long([[4, 2, 3, 1, 5], [3, 5, 4, 3, 2]])
    customers = only(customer_similarity(explicit, AS_OF, significance=None), "pearson")
    assert customers.to_dict("records") == [
        {
            "customer_id": one,
            "neighbour_customer_id": other,
            "rank": 1,
            "measure": "pearson",
            "similarity": pytest.approx(-0.5547001962, abs=1e-10),
            "common_count": 5,
            "as_of_on": pd.Timestamp("2018-01-01"),
        }
        for one, other in (("c1", "c2"), ("c2", "c1"))
    ]
    three_users = long([[4, 3, 5, 2, 1], [3, 4, 2, 5, 3], [2, 5, 1, 3, 4]])
    table = product_similarity(three_users, AS_OF, significance=None, min_customers=1, min_common=2)
    products = only(table, "adjusted_cosine")
    pair = products[(products["product_id"] == "p1") & (products["neighbour_product_id"] == "p2")]
    assert pair["similarity"].item() == pytest.approx(-0.7299244279, abs=1e-10)
    assert pair["measure"].item() == "adjusted_cosine"


def test_explicit_ratings_have_the_measures_that_ratings_allow() -> None:
    """Stars on any scale, 0 and negative ones included, under their own names as ids."""
    stars = pd.DataFrame({"customer_id": [7, 7, 3, 3, 9], "product_id": [1, 2, 1, 2, 1], "rating": [5, -2, 4, 0, 1]})
    customers = customer_similarity(stars, AS_OF, min_common=2, significance=None)
    assert set(customers["measure"]) == {"pearson", "cosine_binary"}
    assert only(customers, "pearson")["similarity"].tolist() == [1.0, 1.0]
    products = product_similarity(stars, AS_OF, min_customers=1, min_common=1, significance=None)
    assert set(products["measure"]) == {"adjusted_cosine", "cosine_binary"}
    assert only(products, "adjusted_cosine")["similarity"].tolist() == pytest.approx([-1.0, -1.0])


def test_explicit_ratings_of_a_source_are_served_beside_what_was_bought(ratings, products) -> None:
    stars = long(np.random.default_rng(8).integers(1, 6, (40, 30)).tolist())
    customers, rated = rated_similarity(stars, AS_OF)
    CUSTOMER_SIMILARITY.validate(customers)
    PRODUCT_SIMILARITY.validate(rated)
    explicit = customer_similarity(stars, AS_OF)
    own = only(explicit, "pearson_significance_50").drop(columns="measure")
    pd.testing.assert_frame_equal(customers.drop(columns="measure"), own)
    both = pd.concat([customer_similarity(ratings, AS_OF), customers]), pd.concat([products, rated])
    attributes = pd.DataFrame({"product_id": [f"p{i}" for i in range(35)], "product_type": "a"})
    table = SIMILARITY_MEASURES.validate(similarity_measures(*both, attributes, 40, AS_OF))
    assert set(table["measure"]) == {measure.name for measure in MEASURES}


def test_without_explicit_ratings_there_is_nothing_of_them() -> None:
    none = long([[1]]).head(0)
    customers, products = rated_similarity(none, AS_OF)
    assert CUSTOMER_SIMILARITY.validate(customers).empty
    assert PRODUCT_SIMILARITY.validate(products).empty


def test_tables_keep_their_schemas(ratings: pd.DataFrame, products: pd.DataFrame) -> None:
    customers = CUSTOMER_SIMILARITY.validate(customer_similarity(ratings, AS_OF))
    PRODUCT_SIMILARITY.validate(products)
    served = {(measure.entity, measure.name) for measure in MEASURES if not measure.needs_ratings}
    assert {("customer", name) for name in customers["measure"].unique()} == {m for m in served if m[0] == "customer"}
    assert {("product", name) for name in products["measure"].unique()} == {m for m in served if m[0] == "product"}
    assert only(products, "adjusted_cosine_significance_50")["common_count"].min() >= 5
    assert only(customers, "cosine_bm25")["rank"].max() == 20


def test_every_measure_is_symmetric_where_both_sides_are_listed(ratings: pd.DataFrame, products: pd.DataFrame) -> None:
    for what, table in (("customer", customer_similarity(ratings, AS_OF)), ("product", products)):
        mine, other = f"{what}_id", f"neighbour_{what}_id"
        turned = table.rename(columns={mine: other, other: mine})
        both = table.merge(turned, on=[mine, other, "measure"])
        assert set(both["measure"]) == set(table["measure"])
        np.testing.assert_allclose(both["similarity_x"], both["similarity_y"], atol=1e-9, rtol=0)
        assert (both["common_count_x"] == both["common_count_y"]).all()


def test_content_covers_what_nobody_bought_and_prefers_what_many_bought(ratings: pd.DataFrame) -> None:
    same = pd.Series({"cold": "tea", "p1": "tea", "p2": "tea", "z": "jam", "y": "jam jam"})
    bought = ratings[~((ratings["product_id"] == "p1") & (ratings["customer_id"] != "c1"))]
    found = only(content_similarity(same, AS_OF, ratings=bought), "content_tf_idf")
    assert found.loc[found["product_id"] == "cold", "neighbour_product_id"].tolist() == ["p2", "p1"]
    assert found.loc[found["product_id"] == "z", "common_count"].tolist() == [0]
    assert not content_similarity(same, AS_OF).empty, "without any purchase"
    with pytest.raises(ValueError, match="one row per product_id"):
        content_similarity(pd.concat([same, same]), AS_OF)


def test_measures_say_what_is_in_the_tables(ratings: pd.DataFrame, products: pd.DataFrame) -> None:
    customers = customer_similarity(ratings, AS_OF)
    attributes = pd.DataFrame({"product_id": [f"p{i}" for i in range(35)], "product_type": ["a"] * 20 + ["b"] * 15})
    table = SIMILARITY_MEASURES.validate(similarity_measures(customers, products, attributes, 40, AS_OF))
    assert table.groupby("entity")["is_default"].sum().to_dict() == {"customer": 1, "product": 1}
    assert table["row_count"].sum() == len(customers) + len(products)
    row = table[table["measure"] == "adjusted_cosine_significance_50"].iloc[0]
    best = only(products, row["measure"]).query("rank == 1")
    types = attributes.set_index("product_id")["product_type"]
    same = best["product_id"].map(types).to_numpy() == best["neighbour_product_id"].map(types).to_numpy()
    assert row["same_type_share"] == pytest.approx(same.mean())
    assert 0 < row["chance_same_type_share"] < 1
    assert table.loc[table["measure"].str.startswith("content"), "same_type_share"].isna().all()
    without_types = similarity_measures(customers, products, attributes.assign(product_type="Unknown"), 40, AS_OF)
    assert SIMILARITY_MEASURES.validate(without_types)["same_type_share"].isna().all()
    empty = similarity_measures(customers.iloc[:0], products.iloc[:0], attributes.iloc[:0], 0, AS_OF)
    assert SIMILARITY_MEASURES.validate(empty)["row_count"].sum() == 0
    with pytest.raises(ValueError, match="without a description in MEASURES: jaccard"):
        similarity_measures(customers.assign(measure="jaccard"), products, attributes, 40, AS_OF)


def test_every_column_is_described() -> None:
    for schema in (CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY, SIMILARITY_MEASURES):
        assert schema.description
        assert all(column.description for column in schema.columns.values())


@pytest.mark.parametrize("table", [customer_similarity, product_similarity])
def test_neither_row_order_nor_threads_change_a_bit(ratings: pd.DataFrame, table: Callable) -> None:
    expected = table(ratings, AS_OF)
    shuffled = ratings.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(expected, table(shuffled, AS_OF, n_jobs=2), check_exact=True)


def test_baskets_and_texts_may_come_in_any_order(
    baskets: pd.DataFrame, texts: pd.Series, ratings: pd.DataFrame
) -> None:
    shuffled = baskets.sample(frac=1, random_state=1)
    one, other = co_purchase_similarity(baskets, AS_OF), co_purchase_similarity(shuffled, AS_OF)
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    expected = content_similarity(texts, AS_OF, ratings=ratings)
    found = content_similarity(texts.sample(frac=1, random_state=1), AS_OF, ratings=ratings, n_jobs=2)
    pd.testing.assert_frame_equal(expected, found, check_exact=True)


@pytest.mark.parametrize("name", ["no rows", "one customer", "one product", "equal ratings"])
def test_poor_data_keep_the_schema(ratings: pd.DataFrame, name: str) -> None:
    poor = {
        "no rows": ratings.iloc[:0],
        "one customer": ratings[ratings["customer_id"] == "c1"],
        "one product": ratings[ratings["product_id"] == "p1"],
        "equal ratings": ratings.assign(rating=np.log1p(1), order_count=1),
    }[name]
    customers = CUSTOMER_SIMILARITY.validate(customer_similarity(poor, AS_OF))
    products = PRODUCT_SIMILARITY.validate(product_similarity(poor, AS_OF, min_customers=1))
    assert only(customers, "pearson_significance_50").empty
    assert only(products, "adjusted_cosine_significance_50").empty
    assert customers.empty == (name in {"no rows", "one customer"})
    assert products.empty == (name in {"no rows", "one product"})


def test_no_baskets_and_no_texts_give_empty_tables_of_the_same_types(baskets: pd.DataFrame, texts: pd.Series) -> None:
    assert PRODUCT_SIMILARITY.validate(co_purchase_similarity(baskets.iloc[:0], AS_OF)).empty
    assert PRODUCT_SIMILARITY.validate(content_similarity(texts.iloc[:0], AS_OF)).empty


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda table: table.assign(neighbour_customer_id=table["customer_id"]), "its own neighbour"),
        (lambda table: pd.concat([table, table.head(1).assign(rank=4)]), "neighbour twice"),
        (lambda table: table.assign(measure="jaccard"), "matches"),
        (lambda table: table[table["rank"] != 2], "without gaps"),
        (lambda table: table.assign(rank=table["rank"] + 1), "without gaps"),
        (lambda table: table.assign(similarity=table["similarity"] + 1.5), "in_range"),
        (lambda table: table.assign(similarity=-table["similarity"]), "similarity rises with rank"),
        (lambda table: table.assign(similarity=np.nan), "not_nullable"),
        (lambda table: table.assign(extra=1), "extra"),
    ],
)
def test_schema_refuses(ratings: pd.DataFrame, mistake: Callable, message: str) -> None:
    table = only(customer_similarity(ratings, AS_OF), "pearson_significance_50").query("rank <= 3")
    with pytest.raises(pa.errors.SchemaErrors, match=message):
        CUSTOMER_SIMILARITY.validate(mistake(table), lazy=True)


def test_figure_has_a_panel_per_measure_and_names_both_places(ratings: pd.DataFrame) -> None:
    table = customer_similarity(ratings, AS_OF)
    figure = similarity_by_measure(table, "Similar customers")
    assert len(figure.axes) == table["measure"].nunique()
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert [label.split(":")[0] for label in labels] == ["neighbour 1", "neighbour 20"]
    assert "cosine binary" in figure.axes[0].get_xlabel() or "cosine bm25" in figure.axes[0].get_xlabel()
    nobody = similarity_by_measure(customer_similarity(ratings.iloc[:0], AS_OF), "Similar customers")
    assert "enough in common" in nobody.texts[0].get_text()
