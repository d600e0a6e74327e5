import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.profiles.rfm import SEGMENT_GRID, SEGMENTS, quintile_scores, rfm_table, segment_of

amounts = st.lists(st.integers(min_value=0, max_value=50), min_size=1, max_size=60)


def features(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=pd.Index(["recency_days", "frequency", "monetary_amount"]))
    return frame.assign(customer_id=[f"cj:{number:03d}" for number in range(len(rows))])


def test_ten_different_values_make_five_pairs() -> None:
    scores = quintile_scores(pd.Series(range(10)), higher_is_better=True)
    assert scores.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_low_recency_scores_best() -> None:
    assert quintile_scores(pd.Series([1, 2, 3, 4, 5]), higher_is_better=False).tolist() == [5, 4, 3, 2, 1]


def test_ties_take_the_score_of_their_middle() -> None:
    # Eight customers of ten share the lowest value; the middle of their places, 40 %, begins the third fifth.
    assert quintile_scores(pd.Series([0] * 8 + [1, 2]), higher_is_better=True).tolist() == [3] * 8 + [5, 5]


@pytest.mark.parametrize("values", [[7], [7, 7, 7]])
def test_a_population_that_is_all_alike_scores_three(values: list[int]) -> None:
    assert quintile_scores(pd.Series(values), higher_is_better=True).unique().tolist() == [3]


def test_no_customers_have_no_scores() -> None:
    assert rfm_table(features([])).empty


def test_a_missing_value_is_refused_with_the_columns_name() -> None:
    with pytest.raises(ValueError, match="frequency: 1 missing"):
        quintile_scores(pd.Series([1.0, np.nan], name="frequency"), higher_is_better=True)


@given(amounts)
def test_a_better_value_never_scores_lower_and_equal_values_score_alike(values: list[int]) -> None:
    scores = quintile_scores(pd.Series(values), higher_is_better=True).tolist()
    assert set(scores) <= {1, 2, 3, 4, 5}
    for (value, score), (other, other_score) in itertools.combinations(zip(values, scores, strict=True), 2):
        assert (value - other) * (score - other_score) >= 0
        if value == other:
            assert score == other_score


@settings(max_examples=40)
@given(amounts, st.integers(min_value=0, max_value=1000))
def test_the_order_of_rows_does_not_matter(values: list[int], seed: int) -> None:
    frame = features([(value, value % 7, value * 3) for value in values])
    pd.testing.assert_frame_equal(rfm_table(frame), rfm_table(frame.sample(frac=1, random_state=seed)))


@given(st.integers(min_value=1, max_value=300))
def test_different_values_fill_the_quintiles_evenly(count: int) -> None:
    sizes = (
        quintile_scores(pd.Series(range(count)), higher_is_better=True)
        .value_counts()
        .reindex(range(1, 6), fill_value=0)
    )
    assert sizes.max() - sizes.min() <= 1


def test_every_combination_of_scores_has_exactly_one_named_segment() -> None:
    named = {segment_of(r, f, m) for r, f, m in itertools.product(range(1, 6), repeat=3)}
    assert named == set(SEGMENTS)
    assert {name for row in SEGMENT_GRID.values() for name in row} == set(SEGMENTS)


@pytest.mark.parametrize(
    ("scores", "segment"),
    [
        ((5, 5, 5), "Champions"),
        ((1, 5, 5), "Cannot lose them"),
        ((1, 1, 1), "Lost"),
        ((5, 1, 1), "New"),
        ((3, 4, 5), "Loyal"),
    ],
)
def test_well_known_corners_have_their_usual_names(scores: tuple[int, int, int], segment: str) -> None:
    assert segment_of(*scores) == segment


@pytest.mark.parametrize(
    ("scores", "segment"),
    [
        ((5, 1, 2), "Potential loyalists"),  # rounded down: New
        ((5, 4, 3), "Champions"),  # Potential loyalists
        ((4, 4, 5), "Champions"),  # Loyal
        ((3, 1, 2), "Need attention"),  # Promising
        ((2, 3, 4), "At risk"),  # About to sleep
        ((1, 2, 1), "Hibernating"),  # Lost
    ],
)
def test_half_a_score_is_rounded_up(scores: tuple[int, int, int], segment: str) -> None:
    assert segment_of(*scores) == segment


def test_the_table_spells_the_scores() -> None:
    table = rfm_table(features([(1, 50, 900), (30, 20, 400), (60, 10, 200), (90, 5, 100), (300, 1, 10)]))
    assert table["rfm_score"].tolist() == ["555", "444", "333", "222", "111"]
    assert table["rfm_segment"].tolist() == ["Champions", "Loyal", "Need attention", "About to sleep", "Lost"]


def test_a_repeated_customer_is_refused() -> None:
    frame = features([(1, 1, 1), (2, 2, 2)]).assign(customer_id="cj:1")
    with pytest.raises(ValueError, match=r"repeated: .*cj:1"):
        rfm_table(frame)
