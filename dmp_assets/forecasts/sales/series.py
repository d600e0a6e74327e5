"""Which weekly series are forecast, and which are left out and why."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

KEYS = ["level", "series_id"]
WEEKLY_COLUMNS = [*KEYS, "week_start_on", "sales_amount", "is_whole_week"]

# A model sees at least ten weeks in every backtest window: below that, window averages and smoothing differ by chance
# only.
MIN_TRAINING_WEEKS = 10
# Below half of the weeks with sales the series is intermittent demand, which these models do not describe.
MIN_SALE_WEEK_SHARE = 0.5

WEEK = pd.Timedelta(days=7)


class SelectedSeries(NamedTuple):
    """The weekly series split in two.

    Attributes:
        series: level, series_id, week_start_on (Monday), sales_amount (USD); whole weeks only, sorted, without gaps,
            all series ending in the same week.
        excluded: one row per series left out: level, series_id, whole_week_count, sale_week_share (0-1, 0 without a
            week), sales_amount (USD, all whole weeks), reason.
    """

    series: pd.DataFrame
    excluded: pd.DataFrame


def min_week_count(horizon: int) -> int:
    """Return the fewest whole weeks a series needs: ten to learn from, a horizon each to choose and to judge on."""
    return MIN_TRAINING_WEEKS + 2 * horizon


def select_series(weekly: pd.DataFrame, as_of_on: date, horizon: int) -> SelectedSeries:
    """Return the series that can be forecast from what was known on a day.

    A week counts when it is whole and its Sunday lies before `as_of_on`; no other amount is read. A series is forecast
    when it has at least `min_week_count(horizon)` such weeks and sales in at least half of them.

    Args:
        weekly: level, series_id, week_start_on, sales_amount, is_whole_week, as in marts.fct_weekly_sales; one row per
            series and week from its first sale on, weeks without sales being 0. Other columns are ignored.
        as_of_on: the first day that is not known.
        horizon: weeks to forecast.

    Raises:
        ValueError: if a column is missing, a known amount is not a finite number, a week does not start on a Monday, or
            a series has a gap, a repeated week or ends early.
    """
    missing = [column for column in WEEKLY_COLUMNS if column not in weekly.columns]
    if missing:
        raise ValueError(f"The weekly sales lack the columns {', '.join(missing)}.")
    rows = weekly[WEEKLY_COLUMNS].astype({"week_start_on": "datetime64[us]", "sales_amount": float})
    rows = rows[rows["week_start_on"] < pd.Timestamp(as_of_on)]
    is_known = rows["is_whole_week"].astype(bool) & (rows["week_start_on"] + WEEK <= pd.Timestamp(as_of_on))
    known = rows[is_known].sort_values([*KEYS, "week_start_on"], ignore_index=True).drop(columns="is_whole_week")
    _check_weeks(known)

    sales = known["sales_amount"].groupby([known[key] for key in KEYS])
    summary = pd.DataFrame(
        {
            "whole_week_count": sales.size(),
            "sale_week_share": sales.agg(lambda amounts: (amounts > 0).mean()),
            "sales_amount": sales.sum(),
        },
        index=pd.MultiIndex.from_frame(rows[KEYS].drop_duplicates().sort_values(KEYS)),
    ).fillna(0.0)
    summary = summary.astype({"whole_week_count": "int64", "sale_week_share": float}).reset_index()

    is_short = summary["whole_week_count"] < min_week_count(horizon)
    is_sparse = summary["sale_week_share"] < MIN_SALE_WEEK_SHARE
    summary["reason"] = np.select(
        [is_short, is_sparse],
        [f"fewer than {min_week_count(horizon)} whole weeks", "sales in fewer than half of the weeks"],
        default="",
    )
    is_excluded = is_short | is_sparse
    series = known.merge(summary.loc[~is_excluded, KEYS], on=KEYS)
    return SelectedSeries(series, summary[is_excluded].reset_index(drop=True))


def _check_weeks(known: pd.DataFrame) -> None:
    """Raise ValueError at the first series whose weeks or amounts cannot be used."""
    if known.empty:
        return
    gap = known.groupby(KEYS)["week_start_on"].diff()
    is_last = ~known.duplicated(KEYS, keep="last")
    problems = {
        "has an amount that is not a finite number": ~np.isfinite(known["sales_amount"]),
        "does not start on a Monday": known["week_start_on"].dt.dayofweek != 0,
        "does not follow the week before it (a gap or a repeated week)": gap.notna() & (gap != WEEK),
        "is the series' last, but other series go on: weeks without sales must be 0, not absent": is_last
        & (known["week_start_on"] < known["week_start_on"].max()),
    }
    for problem, is_wrong in problems.items():
        if is_wrong.any():
            row = known[is_wrong].iloc[0]
            raise ValueError(
                f"Weekly sales of {row['level']} '{row['series_id']}': "
                f"the week {row['week_start_on']:%Y-%m-%d} {problem}."
            )
