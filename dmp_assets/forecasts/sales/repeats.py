"""Forecasts that repeat what was sold before: the last usual week, and last year's weeks times the growth since.

The naive forecast repeats the last week whatever it was; after Christmas it forecasts Christmas. So what serves in its place
repeats the last week only where it was a usual one. Complete Journey, regular series, eight weeks ahead from six dates, mean MASE:
categories 1.162 (naive 1.174), stores 0.971 (0.984), departments 1.105 (1.084, three windows differ); of the 29 windows of
categories and stores that end in an unusual week 2.00 (2.96).

Last year's weeks say when more is sold. Each is the mean of three, as feasts and holidays move by days, and is multiplied by what
was sold in the last eight weeks over what was sold in the same weeks a year before. Online Retail, the total by week, sixteen
windows of eight weeks from January to August 2011: MASE 0.674; last year's single weeks 0.767, the average of four weeks 0.795,
naive 0.979.
"""

from __future__ import annotations

import numpy as np

WEEKS = 8
"""What is usual, and growth, are told by so many weeks."""

AVERAGED_WEEKS = 4
"""So many weeks are averaged in place of an unusual one."""

YEAR_WEEKS = 52


def last_usual_week(history: np.ndarray, week: int, horizon: int) -> np.ndarray:
    """Return the last week's amounts again and again, of an unusual week the mean of the four before it (currency).

    A week is unusual if its sum lies further outside of the range of those of the eight weeks before than this range is wide.

    Args:
        history: amounts by period, float64, two weeks or more.
        week: periods of a week.
        horizon: periods to forecast.
    """
    count = min(len(history) // week, WEEKS + 1)
    weeks = history[len(history) - count * week :].reshape(count, week)
    before = weeks[:-1].sum(axis=1)
    spread = before.max() - before.min()
    is_usual = before.min() - spread <= weeks[-1].sum() <= before.max() + spread
    shape = weeks[-1] if is_usual else weeks[:-1][-AVERAGED_WEEKS:].mean(axis=0)
    return np.resize(shape, horizon)


def least_history(week: int, horizon: int) -> float:
    """Return how many periods `last_year` needs to know; infinity where it cannot look so far ahead."""
    return (YEAR_WEEKS + WEEKS) * week if horizon <= (YEAR_WEEKS - 1) * week else np.inf


def last_year(history: np.ndarray, week: int, horizon: int) -> np.ndarray:
    """Return last year's periods, each averaged with those a week before and after, times the growth (currency).

    Where nothing was sold a year before, or less than nothing since, growth is 1.

    Args:
        history: amounts by period, float64, `least_history` of them or more.
        week: periods of a week.
        horizon: periods to forecast, see `least_history`.
    """
    ahead = np.arange(horizon) + len(history) - YEAR_WEEKS * week
    then = np.mean([history[ahead - week], history[ahead], history[ahead + week]], axis=0)
    begin = len(history) - YEAR_WEEKS * week
    before, lately = history[begin - WEEKS * week : begin].sum(), history[-WEEKS * week :].sum()
    return then * (lately / before if before > 0 and lately >= 0 else 1.0)
