"""Sales forecasts as assets: read, compute, store, record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import dagster as dg
import pandas as pd
import pandera.pandas as pa

from dmp_assets.analysis import inputs
from dmp_assets.forecasts.sales import plots, schema
from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.forecasts.sales.monitoring import HISTORY_DAYS, realised_accuracy
from dmp_assets.forecasts.sales.sections import SECTIONS
from dmp_assets.forecasts.sales.training import train
from dmp_assets.platform.automation import Cadence
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.history import History
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Alarm, Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse

QUERIES = {"weekly": inputs.WEEKLY_SALES, "daily": inputs.DAILY_SALES}
MARTS = {"weekly": "marts.fct_weekly_sales", "daily": "marts.fct_daily_sales"}
_SALES = [
    f"{MARTS[name]}.{column}"
    for name, frequency in FREQUENCIES.items()
    for column in ("level", "series_id", frequency.column, "sales_amount", frequency.whole_column)
]
_AS_OF = ["marts.customer_features.as_of_on"]


def _table(
    name: str,
    contract: pa.DataFrameSchema,
    derived: Mapping[str, Sequence[str]] | None = None,
    cadence: Cadence = "daily",
    history: History | None = None,
) -> Table:
    """Every column comes from both sales marts, unless `derived` says otherwise."""
    own = {column: [f"{mart}.{column}" for mart in MARTS.values()] for column in ("series_id", "level")}
    sources = {**dict.fromkeys(contract.columns, _SALES), **own, "as_of_on": _AS_OF, **(derived or {})}
    return Table(
        "forecasts", name, contract, {column: sources[column] for column in contract.columns}, cadence, history
    )


MODELS = _table("forecast_models", schema.FORECAST_MODELS, cadence="weekly")
ACCURACY = _table("forecast_accuracy", schema.FORECAST_ACCURACY, cadence="weekly")
EXCLUDED = _table("excluded_series", schema.EXCLUDED_SERIES, cadence="weekly")
BACKTEST = _table("forecast_backtest", schema.FORECAST_BACKTEST, cadence="weekly")
TRAINED = (MODELS, ACCURACY, EXCLUDED, BACKTEST)

_MODEL = [f"{MODELS.full_name}.model"]
_MEAN = [*_MODEL, *_SALES]
_SERVED = {
    "model": _MODEL,
    "mean": _MEAN,
    "base_mean": _MEAN,
    **{
        f"{bound}_{coverage}": [*_MEAN, f"{MODELS.full_name}.{side}_{coverage}"]
        for bound, side in (("lo", "below"), ("hi", "above"))
        for coverage in (80, 95)
    },
}
FORECASTS = replace(_table("sales_forecasts", schema.SALES_FORECASTS, _SERVED), also_reads=[BACKTEST.full_name])
HISTORY = _table("forecast_history", schema.FORECAST_HISTORY, _SERVED, history=History(days=HISTORY_DAYS))


def _alarming(warehouse: Warehouse) -> Iterator[str]:
    """Yield where forecasts have turned out much worse than the backtest said."""
    alarming = warehouse.query(
        f"select * from {REALISED.full_name} where is_alarming order by forecast_as_of_on desc, frequency, level"
    )
    for row in alarming.to_dict("records"):
        yield (
            f"{row['frequency']} {row['level']} of {row['forecast_as_of_on']:%Y-%m-%d}: MASE {row['mase']:.2f} (promised "
            f"{row['promised_mase']:.2f}), coverage {row['coverage_95']:.0%} (promised {row['promised_coverage_95']:.0%})"
        )


_FORECAST = [f"{HISTORY.full_name}.{column}" for column in ("mean", "scale")]
_REALISED_LINEAGE = {
    **{column: [*_FORECAST, *_SALES] for column in schema.REALISED_ACCURACY.columns},
    **{column: [f"{HISTORY.full_name}.{column}"] for column in ("frequency", "level")},
    "forecast_as_of_on": [f"{HISTORY.full_name}.as_of_on"],
    "naive_mase": [f"{HISTORY.full_name}.naive", f"{HISTORY.full_name}.scale", *_SALES],
    **{
        f"coverage_{coverage}": [*(f"{HISTORY.full_name}.{bound}_{coverage}" for bound in ("lo", "hi")), *_SALES]
        for coverage in (80, 95)
    },
    "promised_mase": [f"{ACCURACY.full_name}.value"],
    "promised_coverage_95": [f"{ACCURACY.full_name}.value"],
    "is_alarming": [*_FORECAST, f"{ACCURACY.full_name}.value", *_SALES],
    "as_of_on": _AS_OF,
}
REALISED = replace(
    _table("realised_accuracy", schema.REALISED_ACCURACY, _REALISED_LINEAGE),
    alarm=Alarm(
        "keeps_its_promise",
        "No earlier forecast's realised error is above 1.5 times, and no realised coverage of the 95 % intervals more than 10 "
        "points below, what the backtest promised (over at least 28 points).",
        _alarming,
    ),
)


@makes(*TRAINED)
def train_sales_forecasts(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Backtest every model on every series, choose each series' model, calibrate its intervals, list what is too short."""
    as_of_on = inputs.as_of(warehouse)
    trained = [
        train(warehouse.query(QUERIES[name]), as_of_on, frequency, n_jobs=settings.threads)
        for name, frequency in FREQUENCIES.items()
    ]
    frames = {
        table: pd.concat(parts, ignore_index=True)
        for table, parts in zip(TRAINED, zip(*trained, strict=True), strict=True)
    }
    accuracy = frames[ACCURACY]
    pictures = {
        MODELS: {"champions": plots.plot_champions(frames[MODELS])},
        ACCURACY: {
            **{f"accuracy_{name}": plots.plot_accuracy(accuracy, name) for name in FREQUENCIES},
            "coverage": plots.plot_coverage(accuracy),
        },
    }
    yield from save(warehouse, frames, plots=pictures)


@makes(FORECASTS, HISTORY)
def serve_sales_forecasts(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Forecast every series by its model from the newest sales, and keep the forecasts to be compared with what is sold."""
    as_of_on = inputs.as_of(warehouse)
    models = inputs.trained(warehouse, MODELS.full_name)
    sales = {name: warehouse.query(sql) for name, sql in QUERIES.items()}
    served = pd.concat(
        [
            forecast_sales(
                sales[name], as_of_on, frequency, models[models["frequency"] == name], n_jobs=settings.threads
            )
            for name, frequency in FREQUENCIES.items()
        ],
        ignore_index=True,
    )
    frames = {FORECASTS: served, HISTORY: served}
    backtest = inputs.trained(warehouse, BACKTEST.full_name)
    pictures = {
        f"{name}_sales": plots.plot_forecasts(sales[name], frames[FORECASTS], backtest, name) for name in FREQUENCIES
    }
    yield from save(warehouse, frames, plots={FORECASTS: pictures})


@makes(REALISED)
def compare_sales_forecasts(warehouse: Warehouse) -> Results:
    """Compare earlier forecasts with what has been sold since."""
    realised = realised_accuracy(
        warehouse.query(f"select * from {HISTORY.full_name}"),
        {name: warehouse.query(sql) for name, sql in QUERIES.items()},
        inputs.trained(warehouse, ACCURACY.full_name),
        inputs.as_of(warehouse),
    )
    yield from save(warehouse, {REALISED: realised}, plots={REALISED: {"realised": plots.plot_realised(realised)}})


def domain(_: Settings) -> Domain:
    """Return the sales forecasts: trained models, served forecasts, what came of earlier ones."""
    return Domain(
        tables=(*TRAINED, FORECASTS, HISTORY, REALISED),
        assets=(train_sales_forecasts, serve_sales_forecasts, compare_sales_forecasts),
        sections=SECTIONS,
    )
