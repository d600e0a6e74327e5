"""The two frequencies of sales series and everything that differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Frequency:
    """A frequency of sales series.

    Attributes:
        name: 'weekly' or 'daily', as in the tables.
        period: 'week' or 'day', for messages.
        column: the column with the date on which a period begins.
        whole_column: the column that says whether a period was observed as a whole.
        offset: pandas' name of the frequency.
        days: length of a period.
        horizon: periods that are forecast.
        season: periods after which the seasonal models repeat themselves.
        scale_lag: the naive error that scales MASE is that of this many periods before.
        baseline: the naive model that every served model has to beat.
        average: periods that the window average is taken over.
        seasonal_average: seasons that the seasonal window average is taken over.
        cycle_window: periods of the running median that the month's cycle is measured against.
        min_training: fewest periods a model learns from in the backtest.
        step: periods between two backtest windows.
        selection_windows: backtest windows that champions are chosen and intervals calibrated on.
    """

    name: str
    period: str
    column: str
    whole_column: str
    offset: str
    days: int
    horizon: int
    season: int
    scale_lag: int
    baseline: str
    average: int
    seasonal_average: int
    cycle_window: int
    min_training: int
    step: int
    selection_windows: int

    @property
    def length(self) -> timedelta:
        """The length of a period."""
        return timedelta(days=self.days)

    def min_periods(self, horizon: int) -> int:
        """Return the fewest whole periods a series needs: some to learn from, a horizon each to choose and to judge on."""
        return self.min_training + 2 * horizon


# One year of data holds no second Christmas: only where more is known does last year compete. The seasonal naive forecast
# repeats the last four weeks (the cycle of monthly wages and benefits). Steps of two weeks from ten weeks of training on
# give fourteen windows; steps of four weeks chose slightly worse champions (held-out MASE 1.316 against 1.312).
WEEKLY = Frequency(
    name="weekly",
    period="week",
    column="week_start_on",
    whole_column="is_whole_week",
    offset="W-MON",
    days=7,
    horizon=8,
    season=4,
    scale_lag=1,
    baseline="naive",
    average=4,
    seasonal_average=2,
    cycle_window=9,
    min_training=10,
    step=2,
    selection_windows=14,
)

# The last day is no answer for a shop that lives by the week: naive 2.04, the same weekday of the week before 1.29 (mean
# MASE of 154 categories, 56 days from 2017-11-06). Eight weeks are the best average per weekday: 1.015, four 1.036,
# thirteen 1.018 (118 categories). A fit costs ten times that of a weekly series: six windows are what the time allows.
DAILY = Frequency(
    name="daily",
    period="day",
    column="sold_on",
    whole_column="is_whole_day",
    offset="D",
    days=1,
    horizon=28,
    season=7,
    scale_lag=7,
    baseline="seasonal_naive",
    average=28,
    seasonal_average=8,
    cycle_window=29,
    min_training=56,
    step=14,
    selection_windows=6,
)

FREQUENCIES = {frequency.name: frequency for frequency in (WEEKLY, DAILY)}
