from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import day_number
from dmp_assets.recommendations.content import content, text_vectors
from dmp_assets.recommendations.product_groups import product_groups

DAY_0 = day_number(date(2017, 1, 1))


@pytest.fixture
def drinks():
    return pd.DataFrame(
        {
            "product_id": ["apple", "cola", "lemonade", "milk", "oldcola"],
            "product_category": ["FRUIT", "SOFT DRINKS", "SOFT DRINKS", "DAIRY", "SOFT DRINKS"],
            "product_type": ["APPLES", "COLA", "LEMON", "WHOLE", "COLA"],
            "is_recommendable": True,
        }
    )


def test_products_like_those_bought_come_first_and_what_is_not_sold_any_more_not_at_all(interactions_of, drinks):
    history = interactions_of(
        ("b", "o0", 0, "oldcola"), ("a", "o1", 90, "cola"), ("b", "o2", 90, "lemonade milk apple")
    )
    scores = content(history, product_groups(history, drinks), DAY_0 + 100)
    by_product = dict(zip(history.products, scores.toarray()[0], strict=True))
    assert by_product["cola"] == pytest.approx(1)
    assert 0 < by_product["lemonade"] < 1
    assert by_product["milk"] == by_product["apple"] == by_product["oldcola"] == 0


def test_without_words_nothing_is_like_anything(interactions_of, drinks):
    history = interactions_of(("a", "o1", 90, "cola"), ("b", "o2", 90, "lemonade milk"))
    groups = product_groups(history, drinks)
    scores = content(history, replace(groups, texts=np.full(len(groups.texts), "", dtype=object)), DAY_0 + 100)
    assert scores.nnz == 3
    assert (scores.data == 0).all()


def test_equal_texts_share_a_vector_of_length_1():
    codes, vectors = text_vectors(np.array(["red apple", "", "red apple", "pear"], dtype=object))
    assert codes[0] == codes[2]
    assert np.sqrt(vectors.multiply(vectors).sum(axis=1))[codes] == pytest.approx([1, 0, 1, 1])
