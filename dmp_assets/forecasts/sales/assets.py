"""Sales forecasts as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg
import pandera.pandas as pa

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.plots import plot_accuracy, plot_champions, plot_total_forecast
from dmp_assets.forecasts.sales.schema import EXCLUDED_SERIES, FORECAST_ACCURACY, SALES_FORECASTS
from dmp_assets.warehouse import Warehouse

SOURCE = "marts.fct_weekly_sales"
_SALES = ["level", "series_id", "week_start_on", "sales_amount", "is_whole_week"]


def _forecast_table(name: str, schema: pa.DataFrameSchema) -> Table:
    derived = dict.fromkeys(set(schema.columns) - {"series_id", "level", "sales_amount"}, _SALES)
    return Table(
        "forecasts",
        name,
        schema,
        lineage(schema, source=SOURCE, derived=derived | {"as_of_on": ["marts.customer_features.as_of_on"]}),
    )


FORECASTS = _forecast_table("sales_forecasts", SALES_FORECASTS)
ACCURACY = _forecast_table("forecast_accuracy", FORECAST_ACCURACY)
EXCLUDED = _forecast_table("excluded_series", EXCLUDED_SERIES)

TABLES = (FORECASTS, ACCURACY, EXCLUDED)


@dg.multi_asset(specs=[table.spec() for table in TABLES])
def build_sales_forecasts(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Backtest every model on every series, forecast with each series' champion, and list what cannot be forecast."""
    weekly = warehouse.query(inputs.WEEKLY_SALES)
    as_of_on = inputs.as_of(warehouse)
    sales = forecast_sales(weekly, as_of_on)
    store(warehouse, {FORECASTS: sales.forecasts, ACCURACY: sales.accuracy, EXCLUDED: sales.excluded})
    yield result(FORECASTS, sales.forecasts, plots={"total_sales": plot_total_forecast(weekly, sales.forecasts)})
    yield result(
        ACCURACY,
        sales.accuracy,
        plots={"accuracy": plot_accuracy(sales.accuracy), "champions": plot_champions(sales.accuracy)},
    )
    yield result(EXCLUDED, sales.excluded)
