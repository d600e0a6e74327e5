"""The sequence models as an asset: read, train, store, record."""

import time

import dagster as dg

from dmp_assets.analysis import inputs
from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.platform.tables import Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations.recommend import HORIZON_DAYS
from dmp_assets.recommendations.sequences import extra, schema
from dmp_assets.recommendations.sequences.training import no_sequence_models, train_sequence_models

_LINES = "marts.fct_order_lines"
_LEARNED_FROM = [
    *(f"{_LINES}.{column}" for column in ("customer_id", "product_id", "order_id")),
    *inputs.BOUGHT_READS,
]
_AS_OF = ["marts.customer_features.as_of_on"]

SEQUENCE_MODELS = Table(
    "recommendations",
    "sequence_models",
    schema.SEQUENCE_MODELS,
    lineage(
        schema.SEQUENCE_MODELS,
        source=_LINES,
        derived=dict.fromkeys(schema.SEQUENCE_MODELS.columns, _LEARNED_FROM)
        | {"trained_before_on": _AS_OF, "as_of_on": _AS_OF},
    ),
    "weekly",
)


@makes(SEQUENCE_MODELS)
def train_sequences(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
    """Train the sequence models on what was known before the leaderboard's test month; without the extra there are none."""
    if not extra.is_installed():
        context.log.info(extra.HOW_TO_INSTALL)
        yield from save(warehouse, {SEQUENCE_MODELS: no_sequence_models()})
        return
    as_of_on = inputs.as_of(warehouse)
    start = time.perf_counter()
    models = train_sequence_models(
        encode(warehouse.query(inputs.PURCHASES)), day_number(as_of_on) - HORIZON_DAYS, as_of_on
    )
    facts = {"training_seconds": round(time.perf_counter() - start, 1)}
    yield from save(warehouse, {SEQUENCE_MODELS: models}, facts={SEQUENCE_MODELS: facts})
