"""Which series are forecast, and which are left out and why."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.frequencies import Frequency

KEYS = ["level", "series_id"]

# Below half of the periods with sales a series is intermittent demand: its own methods, no trend, no season.
MIN_SALE_SHARE = 0.5


class SelectedSeries(NamedTuple):
    """The series split in two.

    Attributes:
        series: level, series_id, date (on which the period begins), sales_amount (currency), is_intermittent; whole periods
            only, sorted, without gaps, all series ending in the same period. Net of returns, an amount may be below 0.
        excluded: one row per series left out: level, series_id, whole_period_count, sale_period_share (0-1, 0 without a
            period), sales_amount (currency, all whole periods), reason.
    """

    series: pd.DataFrame
    excluded: pd.DataFrame


def known_periods(sales: pd.DataFrame, as_of_on: date, frequency: Frequency) -> pd.DataFrame:
    """Return what was known on a day: level, series_id, date, sales_amount of whole periods that had ended, sorted.

    Args:
        sales: level, series_id, the frequency's date and whole column, sales_amount, as in marts.fct_weekly_sales or
            marts.fct_daily_sales; one row per series and period from its first sale on, periods without sales being 0.
            Other columns are ignored.
        as_of_on: the first day that is not known. No later amount is read.
        frequency: of the rows.

    Raises:
        ValueError: if a column is missing, a known amount is not a finite number, a week does not start on a Monday, or
            a series has a gap, a repeated period or ends early; it names the series and the period.
    """
    columns = [*KEYS, frequency.column, "sales_amount", frequency.whole_column]
    missing = [column for column in columns if column not in sales.columns]
    if missing:
        raise ValueError(f"The {frequency.name} sales lack the columns {', '.join(missing)}.")
    rows = sales[columns].rename(columns={frequency.column: "date"})
    rows = rows.astype({"date": "datetime64[us]", "sales_amount": float})
    is_known = rows[frequency.whole_column].astype(bool) & (rows["date"] + frequency.length <= pd.Timestamp(as_of_on))
    known = rows[is_known].sort_values([*KEYS, "date"], ignore_index=True).drop(columns=frequency.whole_column)
    _check_periods(known, frequency)
    return known


def select_series(sales: pd.DataFrame, as_of_on: date, frequency: Frequency, horizon: int) -> SelectedSeries:
    """Return the series that can be forecast from what was known on a day: those with enough whole periods.

    Whether a series is intermittent is decided without its last `horizon` periods, which nothing is chosen on.

    Args:
        sales: see `known_periods`.
        as_of_on: the first day that is not known.
        frequency: of the rows.
        horizon: periods to forecast.

    Raises:
        ValueError: see `known_periods`.
    """
    known = known_periods(sales, as_of_on, frequency)
    began = sales[pd.to_datetime(sales[frequency.column]) < pd.Timestamp(as_of_on)]
    amounts = known["sales_amount"].groupby([known[key] for key in KEYS])
    summary = pd.DataFrame(
        {
            "whole_period_count": amounts.size(),
            "sale_period_share": amounts.agg(lambda sold: (sold != 0).mean()),
            "sales_amount": amounts.sum(),
            "is_intermittent": amounts.agg(lambda sold: (sold[:-horizon] != 0).mean() < MIN_SALE_SHARE),
        },
        index=pd.MultiIndex.from_frame(began[KEYS].drop_duplicates().sort_values(KEYS)),
    )
    summary = summary.fillna(dict.fromkeys(summary.columns, 0.0)).reset_index()
    summary = summary.astype({"whole_period_count": "int64", "sale_period_share": float, "sales_amount": float})
    fewest = frequency.min_periods(horizon)
    summary["reason"] = f"fewer than {fewest} whole {frequency.period}s"
    is_excluded = summary["whole_period_count"] < fewest
    is_intermittent = summary.loc[~is_excluded, [*KEYS, "is_intermittent"]].astype({"is_intermittent": bool})
    return SelectedSeries(
        known.merge(is_intermittent, on=KEYS),
        summary[is_excluded].drop(columns="is_intermittent").reset_index(drop=True),
    )


def _check_periods(known: pd.DataFrame, frequency: Frequency) -> None:
    """Raise ValueError at the first series whose periods or amounts cannot be used."""
    if known.empty:
        return
    period = frequency.period
    before = known.groupby(KEYS)["date"].shift()
    gap = known["date"] - before
    is_last = ~known.duplicated(KEYS, keep="last")
    absent = f"is missing: {period}s without sales must be there with 0"
    problems = [
        ("has an amount that is not a finite number", ~np.isfinite(known["sales_amount"]), known["date"]),
        (
            "does not start on a Monday, on which weeks begin here",
            (frequency.days == 7) & (known["date"].dt.dayofweek != 0),
            known["date"],
        ),
        (
            f"is there more than once: add up its rows to one per series and {period}",
            gap == pd.Timedelta(0),
            known["date"],
        ),
        (absent, gap > frequency.length, before + frequency.length),
        (f"does not begin {frequency.days * 24} hours after the one before", gap < frequency.length, known["date"]),
        (
            f"{absent}, as other series go on",
            is_last & (known["date"] < known["date"].max()),
            known["date"] + frequency.length,
        ),
    ]
    for problem, is_wrong, day in problems:
        if is_wrong.any():
            row = known[is_wrong].iloc[0]
            raise ValueError(
                f"{frequency.name.title()} sales of {row['level']} '{row['series_id']}': "
                f"the {period} {day[is_wrong].iloc[0]:%Y-%m-%d} {problem}."
            )
