"""The served tables: shape, schema, invariance, and what the schema refuses."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from dmp_assets.similarity.plots import similarity_of_first_and_last_neighbour
from dmp_assets.similarity.schema import CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY
from dmp_assets.similarity.tables import customer_similarity, product_similarity

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
    frame = long(np.log1p(orders).tolist())
    return frame[frame["rating"] > 0].reset_index(drop=True)


def test_worked_examples_hold_with_significance_off() -> None:
    customers = customer_similarity(long([[4, 2, 3, 1, 5], [3, 5, 4, 3, 2]]), AS_OF, significance=None)
    assert customers.to_dict("records") == [
        {
            "customer_id": one,
            "neighbour_customer_id": other,
            "rank": 1,
            "measure": "pearson",
            "similarity": pytest.approx(-0.5547001962, abs=1e-10),
            "co_rated_count": 5,
            "as_of_on": pd.Timestamp("2018-01-01"),
        }
        for one, other in (("c1", "c2"), ("c2", "c1"))
    ]
    three_users = long([[4, 3, 5, 2, 1], [3, 4, 2, 5, 3], [2, 5, 1, 3, 4]])
    products = product_similarity(three_users, AS_OF, significance=None, min_customers=1, min_co_raters=2)
    pair = products[(products["product_id"] == "p1") & (products["neighbour_product_id"] == "p2")]
    assert pair["similarity"].item() == pytest.approx(-0.7299244279, abs=1e-10)
    assert pair["measure"].item() == "adjusted_cosine"


def test_tables_keep_their_schemas(ratings: pd.DataFrame) -> None:
    customers = CUSTOMER_SIMILARITY.validate(customer_similarity(ratings, AS_OF, k=7))
    products = PRODUCT_SIMILARITY.validate(product_similarity(ratings, AS_OF, k=7))
    assert len(customers) == 40 * 7
    assert set(customers["measure"]) == {"pearson_significance_50"}
    assert set(products["measure"]) == {"adjusted_cosine_significance_50"}
    assert products["co_rater_count"].min() >= 5


def test_every_column_is_described() -> None:
    for schema in (CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY):
        assert schema.description
        assert all(column.description for column in schema.columns.values())


@pytest.mark.parametrize("table", [customer_similarity, product_similarity])
def test_neither_row_order_nor_threads_change_a_bit(ratings: pd.DataFrame, table: Callable) -> None:
    expected = table(ratings, AS_OF)
    shuffled = ratings.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(expected, table(shuffled, AS_OF, n_jobs=2), check_exact=True)


@pytest.mark.parametrize("name", ["no rows", "one customer", "one product", "equal ratings"])
def test_nothing_to_compare_gives_an_empty_table_of_the_same_types(ratings: pd.DataFrame, name: str) -> None:
    poor = {
        "no rows": ratings.iloc[:0],
        "one customer": ratings[ratings["customer_id"] == "c1"],
        "one product": ratings[ratings["product_id"] == "p1"],
        "equal ratings": ratings.assign(rating=np.log1p(1)),
    }[name]
    assert CUSTOMER_SIMILARITY.validate(customer_similarity(poor, AS_OF)).empty
    assert PRODUCT_SIMILARITY.validate(product_similarity(poor, AS_OF, min_customers=1)).empty


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda table: table.assign(neighbour_customer_id=table["customer_id"]), "its own neighbour"),
        (lambda table: table[table["rank"] != 2], "without gaps"),
        (lambda table: table.assign(rank=table["rank"] + 1), "without gaps"),
        (lambda table: table.assign(similarity=table["similarity"] + 1.5), "in_range"),
        (lambda table: table.assign(similarity=-table["similarity"]), "similarity rises with rank"),
        (lambda table: table.assign(similarity=np.nan), "not_nullable"),
        (lambda table: table.assign(extra=1), "extra"),
    ],
)
def test_schema_refuses(ratings: pd.DataFrame, mistake: Callable, message: str) -> None:
    table = customer_similarity(ratings, AS_OF, k=3)
    with pytest.raises(pa.errors.SchemaErrors, match=message):
        CUSTOMER_SIMILARITY.validate(mistake(table), lazy=True)


def test_figure_names_both_places_and_the_measure(ratings: pd.DataFrame) -> None:
    figure = similarity_of_first_and_last_neighbour(customer_similarity(ratings, AS_OF, k=7), "Similar customers")
    (axes,) = figure.axes
    labels = axes.get_legend_handles_labels()[1]
    assert [label.split(":")[0] for label in labels] == ["neighbour 1", "neighbour 7"]
    assert "pearson significance 50" in axes.get_xlabel()
    with pytest.raises(ValueError, match="empty"):
        similarity_of_first_and_last_neighbour(customer_similarity(ratings.iloc[:0], AS_OF), "Similar customers")
