"""Weekly sales by product category, complete series, horizon 8 weeks from 2017-10-30: mean MASE with the one-step naive scale.

Then the honest figures of the whole procedure at several as-of dates: error and interval coverage on weeks that nothing was
chosen or calibrated on.
"""

import datetime as dt
import time

import pandas as pd

from dmp_assets import inputs
from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.models import forecast_histories
from dmp_assets.settings import get_settings
from dmp_assets.warehouse import Warehouse

CUTOFF = pd.Timestamp("2017-10-30")
LAST_WEEK = pd.Timestamp("2017-12-25")
WEEKS = 51
HORIZON = 8
AS_OF_DATES = ("2018-01-01", "2017-12-04", "2017-11-06", "2017-10-09", "2017-09-11")


def protocol(weekly: pd.DataFrame) -> None:
    """Print the mean MASE of each model on the fixed protocol."""
    series = weekly[(weekly["level"] == "category") & weekly["is_whole_week"] & (weekly["week_start_on"] < LAST_WEEK)]
    sold = series[series["sales_amount"] > 0].groupby("series_id").size()
    complete = sold.index[sold == WEEKS]
    series = series[series["series_id"].isin(complete)].rename(
        columns={"series_id": "unique_id", "week_start_on": "ds", "sales_amount": "y"}
    )
    series = series.sort_values(["unique_id", "ds"])
    known = series[series["ds"] < CUTOFF]
    start = time.perf_counter()
    forecasts = forecast_histories(known[["unique_id", "level", "ds", "y"]], HORIZON)
    print(f"Protocol: {len(complete)} series, fitted in {time.perf_counter() - start:.1f} s, mean MASE:")
    scale = known.groupby("unique_id")["y"].apply(lambda sales: sales.diff().abs().mean())
    compared = forecasts.merge(series, on=["unique_id", "ds"])
    for model in forecasts.columns[2:].drop("auto_arima", errors="ignore"):
        error = (compared[model] - compared["y"]).abs().groupby(compared["unique_id"]).mean()
        print(f"  {model:30} {(error / scale).mean():.3f}")


def rolling(weekly: pd.DataFrame) -> None:
    """Print error and coverage of the champions at several as-of dates."""
    print("Champions on the held-out weeks, mean over all series:")
    for as_of in AS_OF_DATES:
        start = time.perf_counter()
        accuracy = forecast_sales(weekly, dt.date.fromisoformat(as_of)).accuracy
        own = accuracy[(accuracy["series_id"] != "(all)") & accuracy["is_champion"]]
        means = own.groupby("metric")["value"].mean()
        print(
            f"  as of {as_of}: MASE {means['mase']:.3f}, coverage {means['coverage_80']:.1%} of 80 %, "
            f"{means['coverage_95']:.1%} of 95 %  ({time.perf_counter() - start:.1f} s)"
        )


def main() -> None:
    """Run both on the built platform."""
    weekly = Warehouse.from_settings(get_settings()).query(inputs.WEEKLY_SALES)
    protocol(weekly)
    rolling(weekly)


if __name__ == "__main__":
    main()
