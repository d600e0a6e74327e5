from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import encode
from dmp_assets.profiles.interests import interests_table
from dmp_assets.profiles.plots import plot_topics
from dmp_assets.profiles.schema import PRODUCT_TOPICS, TOPIC_PRODUCTS, TOPIC_TERMS
from dmp_assets.profiles.topics import Topics, content_interests, fit_topics, product_topics, topic_products

AS_OF = date(2018, 1, 1)
SUBJECTS = ("cheese", "beer", "soap", "bread", "tea", "fish")


@pytest.fixture
def products() -> pd.DataFrame:
    """Six subjects of eight products each, and one product of which nothing is known."""
    rows = [
        (f"{subject}{number}", f"{subject} aisle{subject} kind{number}{subject}", f"{subject.upper()} {number}")
        for subject in SUBJECTS
        for number in range(8)
    ]
    frame = pd.DataFrame([*rows, ("zero", "", "Unknown")], columns=pd.Index(["product_id", "text", "product_type"]))
    return frame.assign(product_category="FOOD")


@pytest.fixture
def topics(products: pd.DataFrame) -> Topics:
    return fit_topics(products.set_index("product_id")["text"], topics=6)


def served(frame: pd.DataFrame, schema) -> pd.DataFrame:
    frame = frame.assign(as_of_on=pd.Timestamp(AS_OF)).astype({"as_of_on": "datetime64[us]"})[list(schema.columns)]
    return schema.validate(frame, lazy=True)


def purchases(rows: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=pd.Index(["customer_id", "product_id"]))
    order_id = frame["customer_id"] + "-" + frame.groupby("customer_id").cumcount().astype(str)
    return frame.assign(order_id=order_id, ordered_on=pd.Timestamp(AS_OF) - pd.Timedelta(days=5))


def test_subjects_become_topics_named_by_their_words(topics: Topics) -> None:
    assert sorted(name.split(", ")[0] for name in topics.names) == sorted(f"aisle{subject}" for subject in SUBJECTS)
    assert np.allclose(topics.shares.sum(axis=1), 1)


def test_the_tables_of_topics_keep_their_contract(topics: Topics, products: pd.DataFrame) -> None:
    members = topic_products(topics)
    served(members, TOPIC_PRODUCTS)
    served(topics.terms, TOPIC_TERMS)
    table = served(product_topics(topics, members, products.assign(sales_amount=2.0)), PRODUCT_TOPICS)
    assert table["product_count"].tolist() == [8] * 6
    assert table["sales_amount"].tolist() == [16.0] * 6
    assert table["sales_share"].sum() == pytest.approx(48 / 49)


def test_a_product_of_which_nothing_is_known_has_no_topic(topics: Topics) -> None:
    assert "zero" not in topic_products(topics)["product_id"].tolist()


def test_a_customers_topic_is_what_they_buy_more_of(topics: Topics, products: pd.DataFrame) -> None:
    rows = [("a", f"cheese{number}") for number in range(4)] + [("a", "zero")]
    rows += [(customer, f"{subject}1") for customer in "bc" for subject in SUBJECTS for _ in range(2)]
    encoded = encode(purchases(rows))
    found = interests_table(content_interests(encoded, topics, products, AS_OF))
    first = found.iloc[0]
    assert (first["customer_id"], first["source"], first["rank"]) == ("a", "content", 1)
    assert "cheese" in first["tag"]
    assert first["evidence"].startswith("100 % of purchases, ")
    assert first["evidence"].endswith("times the average customer: CHEESE 0, CHEESE 1, CHEESE 2")


@pytest.mark.parametrize("texts", [[], ["", ""], ["soup", "soup"], ["soup", "tea", "fish"]])
def test_texts_that_tell_nothing_apart_have_no_topics(texts: list[str]) -> None:
    ids = [f"p{number}" for number in range(len(texts))]
    topics = fit_topics(pd.Series(texts, index=pd.Index(ids, dtype=object), dtype=object))
    members = topic_products(topics)
    sold = pd.DataFrame({"product_id": ids, "sales_amount": 1.0, "product_type": "SOUP", "product_category": "FOOD"})
    assert served(members, TOPIC_PRODUCTS).empty
    assert served(topics.terms, TOPIC_TERMS).empty
    assert served(product_topics(topics, members, sold), PRODUCT_TOPICS).empty
    encoded = encode(purchases([("a", "p0"), ("a", "p1"), ("b", "p0")]))
    assert content_interests(encoded, topics, sold, AS_OF).empty
    plot_topics(topics.terms).draw_without_rendering()


def test_the_order_of_rows_does_not_matter(topics: Topics, products: pd.DataFrame) -> None:
    again = fit_topics(products.sample(frac=1, random_state=1).set_index("product_id")["text"], topics=6)
    pd.testing.assert_frame_equal(topics.terms, again.terms, check_exact=True)
    random = np.random.default_rng(0)
    known = products["product_id"].to_numpy()
    frame = purchases([(f"c{random.integers(6)}", str(product)) for product in random.choice(known, 200)])
    expected = content_interests(encode(frame), topics, products, AS_OF)
    shuffled = content_interests(encode(frame[::-1]), again, products[::-1], AS_OF)
    assert len(expected) > 3
    pd.testing.assert_frame_equal(expected, shuffled, check_exact=True)


def test_the_chart_of_topics_has_a_bar_for_each_term(topics: Topics) -> None:
    figure = plot_topics(topics.terms)
    figure.draw_without_rendering()
    assert len(figure.axes[0].get_yticklabels()) == 6
    assert figure.axes[0].get_title()
