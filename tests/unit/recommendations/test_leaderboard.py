from datetime import date

import numpy as np
import pytest
from scipy import sparse

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.leaderboard import champion, leaderboard, list_board
from dmp_assets.recommendations.segments import SEGMENTS

CUTOFF = day_number(date(2017, 1, 11))
AS_OF = date(2017, 1, 21)


@pytest.fixture
def history(interactions_of):
    """Return two customers: a buys x again and z for the first time, b comes for the first time after the cutoff."""
    return interactions_of(
        ("a", "o1", 0, "x y"),
        ("c", "o2", 1, "z"),
        ("a", "o3", 12, "x z new"),
        ("b", "o4", 12, "x"),
        ("a", "o5", 25, "y"),
    )


def scores_of(history, values):
    dense = np.zeros(history.shape)
    for (customer, product), value in values.items():
        dense[history.customers.tolist().index(customer), history.products.tolist().index(product)] = value
    return sparse.csr_array(dense)


def test_a_board_by_hand(history):
    scores = {
        "personal_frequency": scores_of(history, {("a", "y"): 2, ("a", "x"): 1}),
        "popularity": scores_of(history, {("a", "x"): 3, ("a", "y"): 2, ("a", "z"): 1}),
    }
    board = (
        leaderboard(history, scores, CUTOFF, AS_OF)
        .query("segment == 'all customers'")
        .set_index(["list", "strategy", "metric"])
    )
    value = board["value"]
    ideal = 1 + 1 / np.log2(3)
    # The truth of a is x and z: 'new' was not known, and y came after the as-of date.
    assert value["all", "popularity", "ndcg"] == pytest.approx((1 + 1 / 2) / ideal)
    assert value["all", "personal_frequency", "ndcg"] == pytest.approx(1 / np.log2(3) / ideal)
    assert value["all", "popularity", "ndcg_gain"] == pytest.approx((1 + 1 / 2 - 1 / np.log2(3)) / ideal)
    assert value["all", "personal_frequency", "ndcg_gap"] == value["all", "popularity", "ndcg_gain"]
    assert value["all", "popularity", "ndcg_gap"] == 0
    assert value["repeat", "popularity", "ndcg"] == 1
    assert value["novel", "popularity", "recall"] == 1
    assert value["all", "popularity", "coverage"] == 1
    assert value["all", "popularity", "novelty"] == pytest.approx(1)
    assert ("novel", "personal_frequency", "ndcg") not in board.index
    assert (board["customers"] == 1).all()
    assert champion(board.reset_index(), "novel") == "popularity"


def test_a_tie_goes_to_the_first_name(history):
    one = scores_of(history, {("a", "x"): 1})
    board = leaderboard(history, {"popularity": one, "personal_frequency": one}, CUTOFF, AS_OF)
    assert champion(board, "all") == "personal_frequency"
    assert champion(board, "novel") is None


def test_without_purchases_to_foresee_there_is_no_board(history):
    assert leaderboard(history, {}, CUTOFF, date(2017, 1, 11)).empty


def test_segments_are_parts_of_all_customers(shop):
    history = encode(shop)
    cutoff, as_of_on = day_number(date(2017, 6, 1)), date(2017, 7, 1)
    past = history.before(cutoff)
    frequency = past.order_counts()
    recent = past.between(cutoff - 28, cutoff).order_counts()
    board = leaderboard(history, {"personal_frequency": frequency, "popularity": recent}, cutoff, as_of_on)
    assert set(board["segment"]) == set(SEGMENTS)
    rows = board[board["list"].eq("all") & board["metric"].isin(["ndcg", "ndcg_gap", "hit_rate"])]
    for _, group in rows.groupby(["strategy", "metric"]):
        whole, parts = group[group["segment"] == "all customers"], group[group["segment"] != "all customers"]
        assert parts["customers"].sum() == whole["customers"].item()
        assert np.average(parts["value"], weights=parts["customers"]) == pytest.approx(whole["value"].item())
    is_inside = board["value"].between(board["ci_low"] - 1e-9, board["ci_high"] + 1e-9)
    assert (is_inside | board["metric"].eq("coverage")).all()
    assert board.groupby(["list", "strategy"])["is_champion"].nunique().max() == 1


def test_a_gap_beyond_noise_has_an_interval_above_0():
    good, bad = np.full(200, 0.5), np.random.default_rng(0).random(200) * 0.6
    values = {"popularity": {"ndcg": bad}, "up_cf": {"ndcg": good}}
    board = list_board(
        "novel", values, dict.fromkeys(values, 0.1), np.full(200, "light", dtype=object), AS_OF
    ).set_index(["segment", "strategy", "metric"])
    row = board.loc[("all customers", "popularity", "ndcg_gap")]
    assert row["ci_low"] > 0
    assert row["value"] == pytest.approx((good - bad).mean())
    assert "heavy" not in board.index.get_level_values("segment")
