import pandas as pd
import pytest

from dmp_assets.forecasts.sales.accuracy import measure_accuracy

KEYS = ["level", "series_id", "is_intermittent"]


def scored(series_id, model, error, bias, actual, is_intermittent=False):
    """Return the held-out score of one model on one series over two periods, at a scale of 2."""
    return {
        "level": "category",
        "series_id": series_id,
        "is_intermittent": is_intermittent,
        "model": model,
        "periods_held_back": 8,
        "mae": error / 2,
        "mase": error / 4,
        "rmsse": error / 4,
        "selection_error": error / 4,
        "error_amount": error,
        "bias_amount": bias,
        "actual_amount": actual,
    }


@pytest.fixture(scope="module")
def accuracy():
    """Return the accuracy of two series, two periods each; naive errs by 4 and 2 (A), by nothing (B); C sells nothing."""
    scores = pd.DataFrame(
        [
            scored("A", "naive", 6.0, -6.0, 20.0),
            scored("A", "ensemble", 4.0, 2.0, 20.0),
            scored("B", "naive", 0.0, 0.0, 10.0),
            scored("B", "ensemble", 2.0, 2.0, 10.0),
            scored("C", "naive", 0.0, 0.0, 0.0, is_intermittent=True),
        ]
    )
    choices = scores[[*KEYS, "model", "selection_error"]].assign(windows=3, level_model="ensemble")
    choices["is_champion"] = [False, True, True, False, True]
    choices.loc[4, "level_model"] = "naive"
    served = pd.DataFrame(
        {
            "level": "category",
            "series_id": ["A", "A", "B", "B", "C", "C"],
            "is_intermittent": [False] * 4 + [True] * 2,
            "actual": [10.0, 10.0, 5.0, 5.0, 0.0, 0.0],
            "mean": [9.0, 13.0, 5.0, 5.0, 0.0, 0.0],
            "scale": 2.0,
        }
    )
    for coverage, reach in ((80, 2), (95, 3)):
        served[f"lo_{coverage}"] = served["mean"] - reach
        served[f"hi_{coverage}"] = served["mean"] + reach
    table = measure_accuracy(scores, served, choices, "naive")
    return table.set_index(["series_id", "model", "metric"])


def test_errors_of_a_model_on_a_series(accuracy):
    own = accuracy["value"]["A"]
    assert own["naive"].to_dict() == {
        "bias": -0.3,
        "improvement_over_naive_pct": 0,
        "mae": 3,
        "mase": 1.5,
        "rmsse": 1.5,
        "selection_error": 1.5,
        "wmape": 0.3,
    }
    assert own["ensemble", "improvement_over_naive_pct"] == pytest.approx(100 / 3)


def test_what_is_served_has_the_coverage_of_its_intervals(accuracy):
    served = accuracy["value"]["A", "served"]
    assert served[["coverage_80", "coverage_95", "mase", "bias"]].tolist() == [0.5, 1, 1, 0.1]
    assert served["rmsse"] == pytest.approx((5 / 4) ** 0.5)


def test_improvement_over_a_naive_forecast_without_error_is_defined(accuracy):
    assert accuracy.loc[("B", "naive", "improvement_over_naive_pct"), "value"] == 0
    assert accuracy.loc[("B", "ensemble", "improvement_over_naive_pct"), "value"] == -100


def test_without_sales_there_is_no_share_of_them(accuracy):
    assert not {"wmape", "bias"} & set(accuracy["value"]["C", "naive"].index)


def test_pooled_rows_are_over_the_regular_the_intermittent_and_all_series(accuracy):
    assert accuracy.loc[("(regular)", "naive", "mase"), ["value", "series_count"]].tolist() == [0.75, 2]
    assert accuracy.loc[("(regular)", "naive", "wmape"), "value"] == pytest.approx(0.2)
    assert accuracy.loc[("(intermittent)", "naive", "mase"), ["value", "series_count"]].tolist() == [0, 1]
    assert accuracy.loc[("(all)", "served", "mase"), ["value", "series_count"]].tolist() == [pytest.approx(1 / 3), 3]
    # The ensemble is not fitted to C, so it has no mean over all series.
    assert "ensemble" not in accuracy["value"]["(all)"].index


def test_the_levels_model_is_marked_in_the_pooled_rows(accuracy):
    is_marked = accuracy["is_champion"]["(regular)"]
    assert is_marked[is_marked].index.get_level_values("model").unique().tolist() == ["ensemble"]


def test_only_the_selection_error_averages_windows(accuracy):
    windows = accuracy["windows"].groupby("metric").unique()
    assert windows["selection_error"].tolist() == [3]
    assert windows["mase"].tolist() == [1]
