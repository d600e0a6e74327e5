"""Sales forecasts on the fixed protocols, and what is served at several as-of dates.

Protocols (product categories, mean MASE; the best known results in brackets):

* daily: 118 series with sales on nearly all days, 56 days from 2017-11-06 (1.010). Days of the tills' clock, which is UTC, as
  only these give the known naive figures; the platform itself uses local days.
* weekly: complete series, eight weeks from 2017-10-30 (1.303);
* three windows: the same series, eight weeks from 2017-10-30, 2017-09-04 and 2017-07-10, averaged (1.029).

Then the honest figures of the whole procedure at several as-of dates: error and interval coverage on weeks and days that nothing
was chosen or calibrated on, before and after reconciliation.
"""

import datetime as dt
import time

import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.analysis.bootstrap import mean_intervals, resamples
from dmp_assets.forecasts.sales.accuracy import CHAMPION, SERVED
from dmp_assets.forecasts.sales.frequencies import DAILY, FREQUENCIES, WEEKLY, Frequency
from dmp_assets.forecasts.sales.models import (
    CROSTON_SBA,
    HOLT,
    IMAPA,
    REGULAR_MODELS,
    THETA,
    forecast_histories,
)
from dmp_assets.forecasts.sales.training import train
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse

UTC_SALES = """
    select cast(lines.ordered_at as date) as ds, products.product_category as unique_id,
        cast(sum(lines.sales_amount) as double) as y
    from marts.fct_order_lines as lines
    inner join marts.dim_products as products on lines.product_id = products.product_id
    where cast(lines.ordered_at as date) between '2017-01-02' and '2017-12-31'
    group by all
"""
FIRST_DAY = "2017-01-02"
DAYS, LEAST_DAYS_SOLD, DAILY_HORIZON, DAILY_CUTOFF = 364, 363, 56, "2017-11-06"
WEEKS, WEEKLY_CUTOFFS = 51, ("2017-10-30", "2017-09-04", "2017-07-10")
AS_OF_DATES = ("2018-01-01", "2017-12-04", "2017-11-06", "2017-10-09", "2017-09-11")
"""The first three were in sight when models, groups and weights were settled; the last two were not."""


def errors_of(series: pd.DataFrame, cutoff: str, frequency: Frequency, horizon: int, models: list[str]) -> pd.DataFrame:
    """Return the MASE of every model (columns) on every series (rows), forecast from the cutoff."""
    known = series[series["ds"] < cutoff]
    lag = frequency.scale_lag
    scale = known.groupby("unique_id")["y"].apply(lambda sold: sold.diff(lag).abs().mean())
    forecasts = forecast_histories(known, models, frequency, horizon)
    compared = forecasts.merge(series, on=["unique_id", "ds"]).set_index("unique_id")
    errors = compared[models].sub(compared["y"], axis=0).abs()
    return errors.groupby(level=0).mean().div(scale, axis=0)


def show(title: str, errors: pd.DataFrame, known: float) -> None:
    """Print the mean error of every model, with the interval of how far it is from the known result."""
    print(f"{title}: {len(errors)} series, mean MASE (to beat: {known:.3f}; 95 % interval over the series):")
    low, high = mean_intervals(errors.to_numpy(), resamples(len(errors), seed=0))
    for model, mean, lower, upper in zip(errors.columns, errors.mean(), low, high, strict=True):
        print(f"  {model:30} {mean:.3f}  ({lower:.3f} to {upper:.3f})")
    best = errors.mean().idxmin()
    for model in errors.columns.drop(best):
        (lower,), (upper,) = mean_intervals(
            (errors[[model]] - errors[[best]].to_numpy()).to_numpy(), resamples(len(errors), 0)
        )
        if lower <= 0 <= upper:
            print(f"  {model} ties with {best}: {lower:+.3f} to {upper:+.3f}")


def daily_protocol(warehouse: Warehouse) -> None:
    """Print the daily protocol."""
    wide = warehouse.query(UTC_SALES).pivot_table(index="ds", columns="unique_id", values="y", fill_value=0.0)
    # On Christmas Day nothing is sold.
    wide = wide.reindex(pd.date_range(FIRST_DAY, periods=DAYS, name="ds"), fill_value=0.0)
    series = wide.loc[:, (wide > 0).sum() >= LEAST_DAYS_SOLD].melt(ignore_index=False, value_name="y").reset_index()
    series = number(series)
    models = [*REGULAR_MODELS["daily"], THETA]
    start = time.perf_counter()
    errors = errors_of(series, DAILY_CUTOFF, DAILY, DAILY_HORIZON, models)
    show(f"Daily protocol ({time.perf_counter() - start:.1f} s)", errors, 1.010)


def weekly_protocol(weekly: pd.DataFrame) -> None:
    """Print the weekly protocol and the three windows."""
    series = weekly[
        (weekly["level"] == "category") & weekly["is_whole_week"] & (weekly["week_start_on"] < "2017-12-25")
    ]
    sold = series[series["sales_amount"] > 0].groupby("series_id").size()
    series = series[series["series_id"].isin(sold.index[sold == WEEKS])]
    series = number(series.rename(columns={"series_id": "unique_id", "week_start_on": "ds", "sales_amount": "y"}))
    models = [*REGULAR_MODELS["weekly"], HOLT, CROSTON_SBA, IMAPA]
    windows = [errors_of(series, cutoff, WEEKLY, WEEKLY.horizon, models) for cutoff in WEEKLY_CUTOFFS]
    show("Weekly protocol", windows[0], 1.303)
    show("Three windows", sum(windows[1:], windows[0]) / len(windows), 1.029)


def number(series: pd.DataFrame) -> pd.DataFrame:
    """Return unique_id as a number, ds, y, sorted."""
    series = series.assign(unique_id=pd.factorize(series["unique_id"], sort=True)[0])
    return series[["unique_id", "ds", "y"]].sort_values(["unique_id", "ds"], ignore_index=True)


def rolling(sales: dict[str, pd.DataFrame]) -> None:
    """Print error and coverage of what is served at several as-of dates."""
    for name, as_of in ((name, as_of) for name in sales for as_of in AS_OF_DATES):
        start = time.perf_counter()
        accuracy = train(
            sales[name], dt.date.fromisoformat(as_of), FREQUENCIES[name], n_jobs=get_settings().threads
        ).accuracy
        print(f"{name} as of {as_of} ({time.perf_counter() - start:.1f} s), held-out periods by level:")
        rows = accuracy[accuracy["series_id"].isin(["(all)", "(regular)"]) & accuracy["model"].isin([CHAMPION, SERVED])]
        wide = rows.pivot_table(index=["series_id", "level", "model"], columns="metric", values="value")
        print(
            wide[["mase", "wmape", "bias", "coverage_80", "coverage_95", "improvement_over_naive_pct"]]
            .round(3)
            .to_string()
        )


def main() -> None:
    """Run all on the built platform."""
    warehouse = Warehouse.from_settings(get_settings())
    sales = {"weekly": warehouse.query(inputs.WEEKLY_SALES), "daily": warehouse.query(inputs.DAILY_SALES)}
    daily_protocol(warehouse)
    weekly_protocol(sales["weekly"])
    rolling(sales)


if __name__ == "__main__":
    main()
