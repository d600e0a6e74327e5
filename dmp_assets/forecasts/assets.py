"""Sales forecasts and customer predictions as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.forecasts.plots import plot_accuracy, plot_champions, plot_total_forecast
from dmp_assets.forecasts.prediction_examples import CHURN, FEATURES, active_customers, examples
from dmp_assets.forecasts.prediction_plots import plot_prediction_leaderboard, plot_reliability
from dmp_assets.forecasts.predictions import predict, train
from dmp_assets.forecasts.sales import forecast_sales
from dmp_assets.forecasts.schema import (
    CUSTOMER_PREDICTIONS,
    EXCLUDED_SERIES,
    FORECAST_ACCURACY,
    PREDICTION_LEADERBOARD,
    PREDICTION_MODELS,
    SALES_FORECASTS,
)
from dmp_assets.warehouse import Warehouse

SOURCE = "marts.fct_weekly_sales"
_SALES = ["level", "series_id", "week_start_on", "sales_amount", "is_whole_week"]


def _forecast_table(name: str, schema) -> Table:
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

SALES = (FORECASTS, ACCURACY, EXCLUDED)

CUSTOMERS = "marts.customer_features"
_LEARNED_FROM = [
    *(f"{CUSTOMERS}.{feature}" for feature in FEATURES),
    *(f"marts.fct_orders.{column}" for column in ("customer_id", "order_on", "has_sale", "sales_amount")),
]


def _trained_table(name: str, schema) -> Table:
    derived = dict.fromkeys(schema.columns, _LEARNED_FROM) | {"as_of_on": ["as_of_on"]}
    return Table("forecasts", name, schema, lineage(schema, source=CUSTOMERS, derived=derived), "weekly")


BOARD = _trained_table("prediction_leaderboard", PREDICTION_LEADERBOARD)
MODELS = _trained_table("prediction_models", PREDICTION_MODELS)
TRAINED = (BOARD, MODELS)

PREDICTIONS = Table(
    "forecasts",
    "customer_predictions",
    CUSTOMER_PREDICTIONS,
    lineage(
        CUSTOMER_PREDICTIONS,
        source=CUSTOMERS,
        derived={
            "target": [f"{MODELS.full_name}.target"],
            "model": [f"{MODELS.full_name}.model"],
            "prediction": [f"{MODELS.full_name}.parameters", *FEATURES],
        },
    ),
)

TABLES = (*SALES, *TRAINED, PREDICTIONS)


@dg.multi_asset(specs=[table.spec() for table in SALES])
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


@dg.multi_asset(specs=[table.spec() for table in TRAINED])
def train_predictions(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Compare the models of every target on the newest cutoff and train the champions for the next days."""
    trained = train(warehouse.query(examples(inputs.AS_OF)), inputs.as_of(warehouse))
    store(warehouse, {BOARD: trained.leaderboard, MODELS: trained.models})
    yield result(
        BOARD,
        trained.leaderboard,
        plots={
            "leaderboard": plot_prediction_leaderboard(trained.leaderboard),
            "reliability": plot_reliability(trained.held_out, CHURN),
        },
    )
    yield result(MODELS, trained.models)


@dg.multi_asset(specs=[PREDICTIONS.spec()])
def predict_customers(warehouse: Warehouse) -> dg.MaterializeResult:
    """Predict every target for every active customer by its champion."""
    predictions = predict(warehouse.query(active_customers(inputs.AS_OF)), inputs.trained(warehouse, MODELS.full_name))
    store(warehouse, {PREDICTIONS: predictions})
    return result(PREDICTIONS, predictions)
