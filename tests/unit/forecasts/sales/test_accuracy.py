import pandas as pd
import pytest

from dmp_assets.forecasts.sales.accuracy import measure_accuracy


@pytest.fixture
def accuracy():
    """Return the accuracy of two series, two weeks each; naive errs by 4 and 2 (A), by nothing (B)."""
    held_out = pd.DataFrame.from_records(
        [
            ("A", "naive", 6.0, 10.0),
            ("A", "naive", 8.0, 10.0),
            ("A", "ensemble", 9.0, 10.0),
            ("A", "ensemble", 13.0, 10.0),
            ("B", "naive", 5.0, 5.0),
            ("B", "naive", 5.0, 5.0),
            ("B", "ensemble", 5.0, 5.0),
            ("B", "ensemble", 7.0, 5.0),
        ],
        columns=["series_id", "model", "mean", "actual"],
    ).assign(level="category", weeks_held_back=8, scale=2.0)
    for coverage, reach in ((80, 2), (95, 3)):
        held_out[f"lo_{coverage}"] = held_out["mean"] - reach
        held_out[f"hi_{coverage}"] = held_out["mean"] + reach
    champions = pd.DataFrame.from_records(
        [
            ("A", "naive", 2.0, False, False),
            ("A", "ensemble", 1.0, True, True),
            ("B", "naive", 0.5, False, True),
            ("B", "ensemble", 1.0, True, False),
        ],
        columns=["series_id", "model", "selection_mase", "is_level_winner", "is_champion"],
    ).assign(level="category", windows=3, is_served=True)
    return measure_accuracy(held_out, champions).set_index(["series_id", "model", "metric"])


def test_errors_and_coverage_of_a_series(accuracy):
    own = accuracy["value"]["A"]
    assert own["naive"].to_dict() == {
        "coverage_80": 0.5,
        "coverage_95": 0.5,
        "improvement_over_naive_pct": 0,
        "mae": 3,
        "mase": 1.5,
        "selection_mase": 2,
    }
    assert own["ensemble", "improvement_over_naive_pct"] == pytest.approx(100 / 3)


def test_improvement_over_a_naive_forecast_without_error_is_defined(accuracy):
    assert accuracy.loc[("B", "naive", "improvement_over_naive_pct"), "value"] == 0
    assert accuracy.loc[("B", "ensemble", "improvement_over_naive_pct"), "value"] == -100


def test_pooled_rows_average_the_series_and_follow_the_champions(accuracy):
    pooled = accuracy["value"]["(all)"]
    assert pooled["naive", "mase"] == 0.75
    assert pooled["ensemble", "mase"] == 0.75
    # A's champion is the ensemble (1.0), B's the naive forecast (0).
    assert pooled["champion", "mase"] == 0.5
    assert pooled["champion", "improvement_over_naive_pct"] == pytest.approx(100 / 3)


def test_the_levels_winner_is_marked_in_the_pooled_rows(accuracy):
    is_marked = accuracy["is_champion"]["(all)"]
    assert is_marked[is_marked].index.get_level_values("model").unique().tolist() == ["ensemble"]


def test_only_the_selection_score_averages_windows(accuracy):
    windows = accuracy["windows"].groupby("metric").unique()
    assert windows["selection_mase"].tolist() == [3]
    assert windows["mase"].tolist() == [1]
