import pandas as pd
import pytest

from dmp_assets.forecasts.sales.champions import choose_champions


def scores(**mase_by_series):
    """Return window scores of one level; every series gives its MASE by model in one window."""
    return pd.DataFrame(
        [
            {"level": "category", "series_id": series_id, "model": model, "weeks_held_back": 16, "mase": mase}
            for series_id, models in mase_by_series.items()
            for model, mase in models.items()
        ]
    )


def champion_of(table, series_id):
    return table.loc[(table["series_id"] == series_id) & table["is_champion"], "model"].tolist()


# The ensemble wins the level through A in all examples.
A = {"naive": 2.0, "window_average": 1.5, "ensemble": 1.0}


def test_a_series_takes_the_levels_winner_unless_its_own_is_clearly_better():
    table = choose_champions(
        scores(
            A=A,
            near={"naive": 2.0, "window_average": 0.95, "ensemble": 1.0},
            far={"naive": 2.0, "window_average": 0.85, "ensemble": 1.0},
        )
    )
    assert table.loc[table["is_level_winner"], "model"].unique().tolist() == ["ensemble"]
    assert champion_of(table, "near") == ["ensemble"]
    assert champion_of(table, "far") == ["window_average"]


def test_a_model_that_loses_to_naive_is_not_served():
    table = choose_champions(scores(A=A, B={"naive": 1.0, "window_average": 0.95, "ensemble": 1.05}))
    assert champion_of(table, "B") == ["naive"]
    served = table[(table["series_id"] == "B") & table["is_served"]]
    assert served["model"].tolist() == ["naive", "window_average"]


def test_a_perfect_tie_stays_with_the_simplest_model():
    table = choose_champions(scores(A={"naive": 0.0, "window_average": 0.0, "ensemble": 0.0}))
    assert champion_of(table, "A") == ["naive"]


def test_the_selection_score_is_the_mean_over_windows():
    two_windows = pd.concat([scores(A=A), scores(A=A).assign(mase=3.0, weeks_held_back=18)])
    naive = choose_champions(two_windows).query("model == 'naive'").iloc[0]
    assert naive["selection_mase"] == pytest.approx(2.5)
    assert naive["windows"] == 2
