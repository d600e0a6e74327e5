import pandas as pd
import pytest

from dmp_assets.forecasts.sales.champions import LEAST_WINDOWS, choose_champions


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


def reason_of(table, series_id):
    return table.loc[table["series_id"] == series_id, "reason"].iloc[0]


# The ensemble wins the level through these in all examples.
A = {"naive": 2.0, "window_average": 1.5, "ensemble": 1.0}
MANY = {f"A{number}": A for number in range(20)}


def test_a_series_takes_its_kinds_best_model_even_if_another_was_luckier_on_it():
    near, far = ({"naive": 2.0, "window_average": error, "ensemble": 1.0} for error in (0.95, 0.5))
    table = choose_champions(scores(**MANY, near=near, far=far), "naive")
    assert table["level_model"].unique().tolist() == ["ensemble"]
    assert champion_of(table, "near") == champion_of(table, "far") == ["ensemble"]
    assert reason_of(table, "far").startswith(
        "the smallest mean error over the 22 series of its kind; error 1.000 here"
    )


def test_a_model_that_loses_to_the_baseline_is_not_served():
    # By its one window, against five of its kind's, the naive forecast is ahead of B's model, not of C's.
    losing = {"naive": 0.1, "last_usual_week": 3.0, "ensemble": 20.0}
    narrowly = {"naive": 0.99, "last_usual_week": 3.0, "ensemble": 1.0}
    table = choose_champions(
        scores(**{name: A | {"last_usual_week": 3.0} for name in MANY}, B=losing, C=narrowly), "naive"
    )
    assert champion_of(table, "B") == ["last_usual_week"]
    assert reason_of(table, "B").startswith("the naive forecast is ahead of ensemble: error 0.100 against 20.000 here")
    assert champion_of(table, "C") == ["ensemble"]


def test_alone_of_its_kind_a_series_is_served_by_the_baseline_wherever_that_is_ahead():
    ahead = {"naive": 0.98, "last_usual_week": 1.2, "ensemble": 0.99}
    assert champion_of(choose_champions(scores(total=ahead), "naive"), "total") == ["last_usual_week"]
    sparse = {"naive": 0.98, "croston": 0.99}
    assert champion_of(choose_champions(scores(sparse=sparse), "naive"), "sparse") == ["naive"]


def test_a_model_of_the_newest_windows_is_compared_on_these():
    newest = scores(total={"naive": 4.0, "window_average": 3.0, "last_year_times_growth": 1.5})
    oldest = scores(total={"naive": 1.0, "window_average": 0.5})
    windows = [newest.assign(periods_held_back=held) for held in range(LEAST_WINDOWS)]
    windows += [oldest.assign(periods_held_back=held) for held in range(10, 20)]
    table = choose_champions(pd.concat(windows), "naive")
    assert champion_of(table, "total") == ["last_year_times_growth"]
    errors = table.set_index("model")["selection_error"]
    # 1.5 / 4 of the naive error over all windows, where the average has 17 / 26.
    assert errors["last_year_times_growth"] == pytest.approx(1.5 / 4 * 26 / 14)
    assert errors["window_average"] == pytest.approx(17 / 14)
    assert table["stand_in"].unique().tolist() == ["window_average"]
    too_few = choose_champions(pd.concat(windows[1:]), "naive")
    assert "last_year_times_growth" not in set(too_few["model"])


def test_a_model_that_young_series_lack_serves_the_old_ones():
    old = {"naive": 2.0, "window_average": 1.0, "last_year_times_growth": 0.5}
    table = choose_champions(scores(**MANY, old=old), "naive")
    assert champion_of(table, "old") == ["last_year_times_growth"]
    assert champion_of(table, "A1") == ["ensemble"]


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
