"""Customers as vectors: near where they buy alike, the same on every run, blind to the future."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number, encode
from dmp_assets.profiles.embedding import (
    EMBEDDING_DIMENSIONS,
    Beside,
    customer_embeddings,
    customer_traits,
    customer_vectors,
    product_codes,
    product_words,
)
from dmp_assets.profiles.lookalike import (
    BASELINE,
    METHODS,
    METRICS,
    look_alikes,
    lookalike_quality,
    seed_similarity,
)
from dmp_assets.profiles.plots import plot_lookalike_quality
from dmp_assets.profiles.schema import CUSTOMER_EMBEDDINGS, LOOKALIKE_QUALITY

START = day_number(date(2017, 1, 1))


@pytest.fixture(scope="module")
def market(purchases_of) -> pd.DataFrame:
    """Two hundred customers, half of them for pets, half for babies; each buys ten orders of own products, one a week."""
    random = np.random.default_rng(3)
    return purchases_of(
        *(
            (
                f"c{customer:03}",
                f"o{customer}-{week}",
                7 * week + int(random.integers(7)),
                " ".join(
                    {f"{'pet' if customer % 2 else 'baby'}{random.integers(8)}" for _ in range(3)}
                    | {f"all{random.integers(4)}"}
                ),
            )
            for customer in range(200)
            for week in range(20)
            if random.random() < 0.6
        )
    )


@pytest.fixture(scope="module")
def purchases(market: pd.DataFrame) -> Interactions:
    return encode(market)


@pytest.fixture(scope="module")
def types(purchases: Interactions) -> np.ndarray:
    return np.arange(len(purchases.products))


def test_every_customer_has_a_vector_and_the_table_keeps_its_schema(purchases, types):
    frame = customer_embeddings(purchases, types, START + 140)
    CUSTOMER_EMBEDDINGS.validate(frame)
    assert list(frame["customer_id"]) == list(purchases.customers)
    vectors = np.vstack(frame["embedding"].to_list())
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-9)


def test_who_buys_alike_is_near(purchases, types):
    _, vectors = customer_vectors(purchases, types, START + 140)
    is_pet = np.arange(200) % 2 == 1
    similarity = seed_similarity(vectors, np.isin(np.arange(200), [1, 3, 5]))
    assert similarity[is_pet].min() > similarity[~is_pet].max()


def test_the_order_of_the_rows_and_what_happens_later_change_nothing(market, purchases, types):
    first = customer_vectors(purchases, types, START + 100)[1]
    shuffled = encode(market.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(customer_vectors(shuffled, types, START + 100)[1], first)
    later = encode(
        market.assign(
            ordered_on=market["ordered_on"].where(market["ordered_on"] < date(2017, 4, 11), date(2017, 5, 30))
        )
    )
    np.testing.assert_array_equal(customer_vectors(later, types, START + 100)[1], first)


@pytest.mark.parametrize(
    "orders",
    [
        [("c1", "o1", 0, "milk")],
        [("c1", "o1", 0, "milk"), ("c2", "o2", 0, "milk")],
        [("c1", "o1", 0, "milk"), ("c2", "o2", 3, "eggs bread")],
    ],
)
def test_hardly_any_customers_are_placed_without_nan(interactions_of, orders):
    history = interactions_of(*orders)
    frame = customer_embeddings(history, np.arange(len(history.products)), START + 10)
    CUSTOMER_EMBEDDINGS.validate(frame)
    assert len(frame) == len(orders)
    assert frame["embedding"].map(len).eq(EMBEDDING_DIMENSIONS).all()


def test_words_and_demographics_tell_apart_who_buys_alike(interactions_of):
    history = interactions_of(*((f"c{n}", f"o{n}", 0, "milk" if n % 2 else "oats") for n in range(8)))
    topics = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 1.0]]))
    beside = Beside(
        product_words(history, np.array(["milk", "tea"], dtype=object), topics),
        customer_traits(history, pd.DataFrame({"customer_id": ["c1", "c3"], "age_band": ["65+", None]})),
    )
    assert beside.words is not None
    assert beside.words.toarray().tolist() == [[1, 0], [0, 0]]
    assert beside.traits is not None
    assert beside.traits.sum(axis=1).tolist() == [1.0] * 8
    _, vectors = customer_vectors(history, np.zeros(2, dtype=np.int64), START + 1, beside)
    milk, oats, old = vectors[3], vectors[0], vectors[1]
    assert np.linalg.norm(milk - oats) > 0.01
    assert np.linalg.norm(milk - old) > 0.01
    np.testing.assert_allclose(vectors[[5, 7]], [milk, milk], atol=1e-12)


def test_without_purchases_before_the_date_the_error_says_so(interactions_of):
    with pytest.raises(ValueError, match="nothing was bought before the as-of date"):
        customer_embeddings(interactions_of(("c1", "o1", 5, "milk")), np.zeros(1, dtype=int), START)


def test_product_codes_tell_types_of_two_categories_apart(interactions_of):
    history = interactions_of(("c1", "o1", 0, "p1 p2 p3"))
    products = pd.DataFrame(
        {"product_id": ["p3", "p1", "p2"], "product_category": ["b", "a", "b"], "product_type": ["x", "x", "x"]}
    )
    types, categories = product_codes(history, products)
    assert list(types) == [0, 1, 1]
    assert list(categories) == [0, 1, 1]
    with pytest.raises(ValueError, match="1 products bought are not in the products, for example p3"):
        product_codes(history, products[1:])


def test_look_alikes_are_ranked_and_leave_the_seed_out(purchases, types):
    frame = customer_embeddings(purchases, types, START + 140)
    found = look_alikes(frame, ["c001", "c003"], 50)
    assert list(found["rank"]) == list(range(1, 51))
    assert found["similarity"].is_monotonic_decreasing
    assert found["similarity"].between(-1 - 1e-9, 1 + 1e-9).all()
    assert not set(found["customer_id"]) & {"c001", "c003"}
    assert found["customer_id"].str[1:].astype(int).mod(2).eq(1).all()
    pd.testing.assert_frame_equal(look_alikes(frame.sample(frac=1, random_state=0), ["c003", "c001"], 50), found)


def test_look_alikes_without_a_seed_or_a_place_say_so(purchases, types):
    frame = customer_embeddings(purchases, types, START + 140)
    with pytest.raises(ValueError, match="no customer of the seed has an embedding"):
        look_alikes(frame, ["nobody"], 5)
    with pytest.raises(ValueError, match="count must be at least 1"):
        look_alikes(frame, ["c001"], 0)
    assert look_alikes(frame, frame["customer_id"], 5).empty


def test_quality_is_measured_on_what_was_bought_afterwards(purchases, types, monkeypatch):
    monkeypatch.setattr("dmp_assets.profiles.lookalike.RECENT_DAYS", 14)
    quality = lookalike_quality(purchases, types, types, START + 140)
    LOOKALIKE_QUALITY.validate(quality)
    assert len(quality) == len(METHODS) * len(METRICS)
    auc = quality[quality["metric"] == "roc_auc"].set_index("method")["value"]
    # Who buys for pets is told by everything but the order count.
    assert auc["embedding"] > 0.7 > auc["order_count"]
    gain = quality[(quality["metric"] == "lift_gain") & (quality["method"] == BASELINE)]
    assert (gain[["value", "ci_low", "ci_high"]] == 0).all(axis=None)
    assert plot_lookalike_quality(quality).axes
    pd.testing.assert_frame_equal(lookalike_quality(purchases, types, types, START + 140), quality)


def test_quality_without_enough_buyers_is_an_empty_table(interactions_of):
    history = interactions_of(("c1", "o1", 0, "milk"), ("c2", "o2", 60, "eggs"))
    for day in (START + 10, START + 61):
        quality = lookalike_quality(history, np.arange(2), np.arange(2), day)
        assert quality.empty
        LOOKALIKE_QUALITY.validate(quality)
