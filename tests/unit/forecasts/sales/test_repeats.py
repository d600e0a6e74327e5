import numpy as np
import pytest

from dmp_assets.forecasts.sales.repeats import last_usual_week, last_year, least_history


def test_a_usual_week_is_repeated_and_an_unusual_one_is_not():
    usual = np.array([9.0, 10, 11, 10, 9, 10, 11, 10, 12])
    assert last_usual_week(usual, 1, 3).tolist() == [12, 12, 12]
    # The range of the eight weeks before is 9 to 11: above 13 or below 7 a week is a holiday.
    for holiday in (30.0, 0.0):
        assert last_usual_week(np.append(usual[:-1], holiday), 1, 2).tolist() == [10, 10]


def test_a_new_level_is_followed_from_its_second_week():
    assert last_usual_week(np.array([10.0] * 8 + [20, 20]), 1, 1).tolist() == [20]


def test_days_are_repeated_by_weekday():
    week = np.arange(7.0)
    history = np.concatenate([week, week + 1, week])
    assert last_usual_week(history, 7, 9).tolist() == [*week, 0, 1]
    assert last_usual_week(np.concatenate([history, 10 * week]), 7, 7) == pytest.approx(week + 1 / 3)


@pytest.mark.parametrize("week", [1, 7])
def test_last_years_weeks_come_again_times_the_growth(week):
    shape = np.sin(np.arange(52 * week) / (52 * week) * 2 * np.pi) + 2
    known = np.concatenate([shape, 3 * shape])
    # Three weeks' mean of a smooth year is the year, but for its first week.
    ahead = np.arange(week, 4 * week)
    assert last_year(known, week, 4 * week)[ahead] == pytest.approx(9 * shape[ahead], rel=0.05)
    # What was returned does not grow.
    assert last_year(-known, week, 4 * week)[ahead] == pytest.approx(-3 * shape[ahead], rel=0.05)


def test_without_a_year_and_eight_weeks_nothing_is_told():
    assert least_history(1, 8) == 60
    assert len(last_year(np.ones(60), 1, 51)) == 51
    assert least_history(7, 28) == 420
    assert least_history(1, 52) == np.inf
