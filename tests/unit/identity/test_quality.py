import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.identity.quality import (
    MEASURES,
    as_of,
    attribution_quality,
    clustering_quality,
    link_quality,
    wilson_interval,
)


def persons(**groups: str) -> pd.DataFrame:
    """Return the persons whose identifiers are the letters of each text."""
    return pd.DataFrame(
        [(letter, person) for person, letters in groups.items() for letter in letters],
        columns=pd.Index(["identifier_id", "person_id"]),
    )


def values(assigned: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    quality = clustering_quality(assigned, truth)
    return dict(zip(quality["measure"], quality["value"], strict=True))


def test_a_worked_example():
    # Found pairs: ab, cd, ce, de, of which ab and de are right; true pairs: ab, ac, bc, de.
    quality = values(persons(p="ab", q="cde"), persons(x="abc", y="de"))
    assert (quality["precision"], quality["recall"], quality["f1"]) == (0.5, 0.5, 0.5)
    assert quality["b_cubed_precision"] == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert quality["b_cubed_recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)


def test_nobody_put_together_is_never_wrong_and_finds_nothing():
    quality = values(persons(a="a", b="b", c="c"), persons(x="abc"))
    assert np.isnan(quality["precision"])
    assert quality["recall"] == 0
    assert quality["b_cubed_precision"] == 1
    assert quality["b_cubed_recall"] == pytest.approx(1 / 3)


def test_all_in_one_finds_everything():
    quality = values(persons(a="abcd"), persons(x="ab", y="cd"))
    assert quality["recall"] == quality["b_cubed_recall"] == 1
    assert quality["precision"] == pytest.approx(2 / 6)


def test_what_only_one_of_the_two_knows_is_left_out_and_nothing_at_all_is_no_quality():
    quality = clustering_quality(persons(p="abz"), persons(x="aby"))
    assert set(quality["identifier_count"]) == {2}
    assert quality["value"].tolist() == [1.0] * len(MEASURES)
    assert clustering_quality(persons(p="a"), persons(x="b"))["value"].isna().all()


people = st.lists(st.integers(0, 4), min_size=2, max_size=12)


@given(people, st.data())
def test_the_measures_equal_those_counted_pair_by_pair(true, data):
    found = data.draw(st.lists(st.integers(0, 4), min_size=len(true), max_size=len(true)))
    ids = [str(place) for place in range(len(true))]
    truth = pd.DataFrame({"identifier_id": ids, "person_id": [str(each) for each in true]})
    assigned = pd.DataFrame({"identifier_id": ids, "person_id": [str(each) for each in found]})
    pairs = [(a, b) for a in range(len(true)) for b in range(a)]
    right = sum(true[a] == true[b] and found[a] == found[b] for a, b in pairs)
    found_pairs = sum(found[a] == found[b] for a, b in pairs)
    true_pairs = sum(true[a] == true[b] for a, b in pairs)
    quality = values(assigned, truth)
    assert quality["precision"] == pytest.approx(right / found_pairs if found_pairs else np.nan, nan_ok=True)
    assert quality["recall"] == pytest.approx(right / true_pairs if true_pairs else np.nan, nan_ok=True)
    each = [
        (
            sum(true[a] == true[b] and found[a] == found[b] for b in range(len(true))) / found.count(found[a]),
            sum(true[a] == true[b] and found[a] == found[b] for b in range(len(true))) / true.count(true[a]),
        )
        for a in range(len(true))
    ]
    assert quality["b_cubed_precision"] == pytest.approx(np.mean([precision for precision, _ in each]))
    assert quality["b_cubed_recall"] == pytest.approx(np.mean([recall for _, recall in each]))


def test_the_interval_holds_the_value_and_is_the_same_each_time():
    rng = np.random.default_rng(1)
    truth = pd.DataFrame(
        {"identifier_id": [str(n) for n in range(600)], "person_id": [str(n // 3) for n in range(600)]}
    )
    moved = rng.random(600) < 0.05
    assigned = truth.assign(person_id=np.where(moved, "0", truth["person_id"]))
    quality = clustering_quality(assigned, truth).set_index("measure")
    recall = quality.loc["recall"]
    assert recall["low"] < recall["value"] < recall["high"]
    assert 0.02 < recall["high"] - recall["low"] < 0.15
    pd.testing.assert_frame_equal(clustering_quality(assigned, truth).set_index("measure"), quality)


DAYS = pd.to_datetime(["2017-01-01", "2017-06-01"])


def test_who_owns_an_identifier_at_a_time():
    rows = pd.DataFrame(
        {"identifier_id": ["a", "a"], "person_id": ["x", "y"], "from": [pd.NaT, DAYS[1]], "to": [DAYS[1], pd.NaT]}
    )
    assert as_of(rows, DAYS[0], "from", "to")["person_id"].tolist() == ["x"]
    assert as_of(rows, DAYS[1], "from", "to")["person_id"].tolist() == ["y"]


def test_a_link_is_right_by_who_both_were_when_it_was_seen():
    truth = pd.DataFrame(
        [
            ("a", "x", pd.NaT, DAYS[1]),
            ("a", "y", DAYS[1], pd.NaT),
            ("b", "x", pd.NaT, pd.NaT),
            ("c", "y", pd.NaT, pd.NaT),
        ],
        columns=pd.Index(["identifier_id", "person_id", "valid_from", "valid_to"]),
    )
    links = pd.DataFrame(
        [
            ("a", "b", "login", DAYS[0]),
            ("a", "c", "login", DAYS[1]),
            ("a", "b", "order", DAYS[1]),
            ("a", "z", "order", DAYS[0]),
        ],
        columns=pd.Index(["identifier_id", "other_identifier_id", "cause", "first_seen_at"]),
    )
    quality = link_quality(links, truth).set_index("cause")
    assert quality["link_count"].to_dict() == {"login": 2, "order": 1}, "of z nobody knows whose it is"
    assert quality["precision"].to_dict() == {"login": 1.0, "order": 0.0}


def test_the_interval_of_a_share_is_that_of_wilson():
    low, high = wilson_interval(np.array([9.0]), np.array([10.0]))
    assert (low[0], high[0]) == (pytest.approx(0.5958, abs=1e-4), pytest.approx(0.9821, abs=1e-4))


def test_what_has_a_customer_is_measured_by_whether_it_is_the_right_one():
    counts = pd.DataFrame(
        {"subject": ["sessions", "touches", "none"], "attributed_count": [200, 10, 0], "right_count": [190, 10, 0]}
    )
    found = attribution_quality(counts)
    assert found[["subject", "measure", "value", "row_count"]].to_numpy().tolist() == [
        ["sessions", "precision", 0.95, 200],
        ["touches", "precision", 1.0, 10],
    ]
    assert (found["low"] < found["value"]).all()
    assert (found["low"] > 0.7).all()
    assert found["high"].iloc[0] > 0.95
