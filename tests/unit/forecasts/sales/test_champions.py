import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.champions import choose_champions


def scores(**error_by_series):
    """Return window scores of one level; every series gives its error by model in one window."""
    return pd.DataFrame(
        [
            {
                "level": "category",
                "series_id": series_id,
                "is_intermittent": series_id.startswith("sparse"),
                "model": model,
                "periods_held_back": 16,
                "selection_error": error,
            }
            for series_id, models in error_by_series.items()
            for model, error in models.items()
        ]
    )


def champion_of(table, series_id):
    return table.loc[(table["series_id"] == series_id) & table["is_champion"], "model"].tolist()


# The ensemble wins the level through these in all examples.
A = {"naive": 2.0, "window_average": 1.5, "ensemble": 1.0}
MANY = {f"A{number}": A for number in range(20)}


def test_a_series_takes_the_levels_model_unless_its_own_is_clearly_better():
    near, far = ({"naive": 2.0, "window_average": error, "ensemble": 1.0} for error in (0.95, 0.85))
    table = choose_champions(scores(**MANY, near=near, far=far), "naive")
    assert table["level_model"].unique().tolist() == ["ensemble"]
    assert champion_of(table, "near") == ["ensemble"]
    assert champion_of(table, "far") == ["window_average"]
    reasons = table.groupby("series_id")["reason"].first()
    assert reasons["far"].startswith("at least 10%")


def test_a_model_that_loses_to_the_baseline_is_not_served():
    table = choose_champions(scores(**MANY, B={"naive": 1.0, "window_average": 0.95, "ensemble": 1.05}), "naive")
    assert champion_of(table, "B") == ["naive"]


def test_a_perfect_tie_stays_with_the_simplest_model():
    table = choose_champions(scores(A={"naive": 0.0, "window_average": 0.0, "ensemble": 0.0}), "naive")
    assert champion_of(table, "A") == ["naive"]


def test_regular_and_intermittent_series_have_a_level_model_each():
    sparse = {f"sparse{number}": {"naive": 2.0, "imapa": 1.0} for number in range(20)}
    table = choose_champions(scores(**MANY, **sparse), "naive")
    assert table.groupby("is_intermittent")["level_model"].unique().str[0].to_dict() == {
        False: "ensemble",
        True: "imapa",
    }


def test_a_model_within_noise_of_the_best_is_chosen_if_it_is_simpler():
    rng = np.random.default_rng(0)
    best = rng.gamma(10, 0.1, 50)
    errors = zip(best + 1, best + rng.normal(0.01, 0.3, 50), best, strict=True)
    series = {
        f"A{number}": dict(zip(("naive", "window_average", "ensemble"), row, strict=True))
        for number, row in enumerate(errors)
    }
    assert choose_champions(scores(**series), "naive")["level_model"].unique().tolist() == ["window_average"]


def test_the_last_bits_of_an_error_choose_nothing():
    near = {f"A{number}": {"naive": 0.5 + 1e-16, "window_average": 0.5 + 1e-15, "ensemble": 0.5} for number in range(9)}
    table = choose_champions(scores(**near), "naive")
    assert table["level_model"].unique().tolist() == ["naive"]
    assert {champion_of(table, series_id)[0] for series_id in near} == {"naive"}


def test_the_selection_error_is_the_mean_over_windows():
    two_windows = pd.concat([scores(A=A), scores(A=A).assign(selection_error=3.0, periods_held_back=18)])
    naive = choose_champions(two_windows, "naive").query("model == 'naive'").iloc[0]
    assert naive["selection_error"] == pytest.approx(2.5)
    assert naive["windows"] == 2


def test_of_a_single_series_the_smallest_error_decides():
    table = choose_champions(scores(total={"naive": 1.0, "window_average": 0.99, "ensemble": 0.98}), "naive")
    assert champion_of(table, "total") == ["ensemble"]


def test_a_regular_series_is_not_forecast_to_repeat_its_last_week():
    ahead = {"naive": 0.5, "simple_exponential_smoothing": 0.6, "ensemble": 1.0}
    table = choose_champions(scores(**MANY, B=ahead, sparse=ahead), "naive")
    assert champion_of(table, "B") == ["simple_exponential_smoothing"]
    assert "in place of the naive forecast" in table.loc[table["series_id"] == "B", "reason"].iloc[0]
    assert champion_of(table, "sparse") == ["naive"]
    daily = {"seasonal_naive": 0.5, "simple_exponential_smoothing": 0.6, "holt_winters": 0.9}
    assert champion_of(choose_champions(scores(B=daily), "seasonal_naive"), "B") == ["holt_winters"]
