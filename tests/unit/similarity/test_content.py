"""Content similarity: equal texts, ties, LSA, degenerate texts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.similarity.blocks import Neighbours
from dmp_assets.similarity.content import content_lsa_top_k, content_tf_idf_top_k

BOTH = pytest.mark.parametrize("top_k", [content_tf_idf_top_k, content_lsa_top_k])
TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=3).map(" ".join), min_size=1, max_size=12)


def naive_tf_idf(texts: list[str], k: int) -> list[tuple[int, int, float]]:
    different = list(dict.fromkeys(texts))
    words = sorted({word for text in different for word in text.split()})
    vectors = np.zeros((len(texts), len(words)))
    for column, word in enumerate(words):
        idf = np.log(len(different) / sum(word in text.split() for text in different))
        for row, text in enumerate(texts):
            if word in text.split():
                vectors[row, column] = (1 + np.log(text.split().count(word))) * idf
    lengths = np.sqrt((vectors**2).sum(axis=1))
    result = []
    for a in range(len(texts)):
        others = [b for b in range(len(texts)) if a != b and vectors[a] @ vectors[b] > 0]
        pairs = [(-round(float(vectors[a] @ vectors[b] / lengths[a] / lengths[b]), 9), b) for b in others]
        result += [(a, b, -value) for value, b in sorted(pairs)[:k]]
    return result


def as_rows(found: Neighbours) -> list[tuple[int, int, float]]:
    return list(zip(found.row.tolist(), found.neighbour.tolist(), found.similarity.tolist(), strict=True))


@settings(max_examples=200)
@given(TEXTS, st.integers(1, 4))
def test_tf_idf_agrees_with_the_naive_formula_and_its_ties(texts: list[str], k: int) -> None:
    found = as_rows(content_tf_idf_top_k(pd.Series(texts), k))
    expected = naive_tf_idf(texts, k)
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in expected], abs=3e-9)


@BOTH
def test_equal_texts_come_first_then_the_others_in_order(top_k) -> None:
    texts = pd.Series(["green tea", "red wine", "green tea", "black tea", "green tea", "white wine", "rice"])
    found = top_k(texts, 3)
    first = found.neighbour[found.row == 4]
    assert first.tolist() == [0, 2, 3]
    assert found.similarity[found.row == 4][:2].tolist() == [1.0, 1.0]


@settings(max_examples=60)
@given(TEXTS)
def test_lsa_is_bounded_symmetric_and_the_same_in_threads(texts: list[str]) -> None:
    found = content_lsa_top_k(pd.Series(texts), k=12)
    pairs = {(a, b): value for a, b, value in as_rows(found)}
    assert all(-1 <= value <= 1 and pairs[b, a] == value for (a, b), value in pairs.items())
    assert as_rows(content_lsa_top_k(pd.Series(texts), k=12, n_jobs=2)) == as_rows(found)


def test_lsa_brings_together_words_that_keep_the_same_company() -> None:
    # Soda and pop never meet, but both come with cola; wine comes with neither.
    texts = pd.Series(["soda cola", "pop cola", "soda lemon", "pop lemon", "wine red", "wine white"])
    similar = {(a, b): value for a, b, value in as_rows(content_lsa_top_k(texts, k=5, dimensions=2))}
    assert similar[0, 3] > 0.9
    assert similar[0, 4] < 0.1


@BOTH
@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["tea"], ["tea", ""]])
def test_texts_that_tell_nothing_have_no_neighbours(top_k, texts: list[str]) -> None:
    assert top_k(pd.Series(texts, dtype=object), k=3).row.size == 0


@BOTH
def test_parameters_below_1_are_refused(top_k) -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        top_k(pd.Series(["tea"]), k=0)
