"""Customer predictions as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg
import pandera.pandas as pa

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.forecasts.customers.examples import CHURN, FEATURES, active_customers, examples
from dmp_assets.forecasts.customers.plots import plot_prediction_leaderboard, plot_reliability
from dmp_assets.forecasts.customers.predictions import predict, train
from dmp_assets.forecasts.customers.schema import CUSTOMER_PREDICTIONS, PREDICTION_LEADERBOARD, PREDICTION_MODELS
from dmp_assets.warehouse import Warehouse

SOURCE = "marts.customer_features"
_LEARNED_FROM = [
    *(f"{SOURCE}.{feature}" for feature in FEATURES),
    *(f"marts.fct_orders.{column}" for column in ("customer_id", "order_on", "has_sale", "sales_amount")),
]


def _trained_table(name: str, schema: pa.DataFrameSchema) -> Table:
    derived = dict.fromkeys(schema.columns, _LEARNED_FROM) | {"as_of_on": ["as_of_on"]}
    return Table("forecasts", name, schema, lineage(schema, source=SOURCE, derived=derived), "weekly")


BOARD = _trained_table("prediction_leaderboard", PREDICTION_LEADERBOARD)
MODELS = _trained_table("prediction_models", PREDICTION_MODELS)
TRAINED = (BOARD, MODELS)

PREDICTIONS = Table(
    "forecasts",
    "customer_predictions",
    CUSTOMER_PREDICTIONS,
    lineage(
        CUSTOMER_PREDICTIONS,
        source=SOURCE,
        derived={
            "target": [f"{MODELS.full_name}.target"],
            "model": [f"{MODELS.full_name}.model"],
            "prediction": [f"{MODELS.full_name}.parameters", *FEATURES],
        },
    ),
)

TABLES = (*TRAINED, PREDICTIONS)


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
