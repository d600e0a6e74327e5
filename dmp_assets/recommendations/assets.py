"""Recommendations as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.recommendations.plots import plot_leaderboard
from dmp_assets.recommendations.recommend import Trained, recommend, train
from dmp_assets.recommendations.schema import CUSTOMER_RECOMMENDATIONS, LEADERBOARD, RANKER
from dmp_assets.settings import get_settings
from dmp_assets.warehouse import Warehouse

_LINES = "marts.fct_order_lines"
_PRODUCTS = "marts.dim_products"
_AS_OF = ["marts.customer_features.as_of_on"]
_LEARNED_FROM = [
    *(
        f"{_LINES}.{column}"
        for column in ("customer_id", "product_id", "order_id", "order_on", "store_id", "line_type")
    ),
    *(f"{_PRODUCTS}.{column}" for column in ("product_category", "product_type", "is_fuel")),
]


def _trained_table(name: str, schema) -> Table:
    derived = dict.fromkeys(schema.columns, _LEARNED_FROM) | {"as_of_on": _AS_OF}
    return Table("recommendations", name, schema, lineage(schema, source=_LINES, derived=derived), "weekly")


BOARD = _trained_table("leaderboard", LEADERBOARD)
RANKER_TABLE = _trained_table("ranker", RANKER)
TRAINED = (BOARD, RANKER_TABLE)

_SCORED_WITH = [*_LEARNED_FROM, f"{BOARD.full_name}.is_champion", f"{RANKER_TABLE.full_name}.model"]
RECOMMENDATIONS = Table(
    "recommendations",
    "customer_recommendations",
    CUSTOMER_RECOMMENDATIONS,
    lineage(
        CUSTOMER_RECOMMENDATIONS,
        source=_LINES,
        derived=dict.fromkeys(("list", "rank", "score", "reason", "expected_on"), _SCORED_WITH)
        | {"strategy": [f"{BOARD.full_name}.strategy", f"{BOARD.full_name}.is_champion"], "as_of_on": _AS_OF},
    ),
)

TABLES = (*TRAINED, RECOMMENDATIONS)


@dg.multi_asset(specs=[table.spec() for table in TRAINED])
def train_recommendations(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Compare every strategy on the last month and train the ranker for the next."""
    trained = train(*_read(warehouse), inputs.as_of(warehouse), n_jobs=get_settings().threads)
    frames = {BOARD: trained.leaderboard, RANKER_TABLE: trained.ranker}
    store(warehouse, frames)
    yield result(BOARD, trained.leaderboard, plots={"leaderboard": plot_leaderboard(trained.leaderboard)})
    yield result(RANKER_TABLE, trained.ranker)


@dg.multi_asset(specs=[RECOMMENDATIONS.spec()])
def fill_recommendations(warehouse: Warehouse) -> dg.MaterializeResult:
    """Fill every customer's lists by the strategies that were best."""
    trained = Trained(inputs.trained(warehouse, BOARD.full_name), inputs.trained(warehouse, RANKER_TABLE.full_name))
    lists = recommend(*_read(warehouse), inputs.as_of(warehouse), trained, n_jobs=get_settings().threads)
    store(warehouse, {RECOMMENDATIONS: lists})
    return result(RECOMMENDATIONS, lists)


def _read(warehouse: Warehouse) -> tuple[pd.DataFrame, pd.DataFrame]:
    return warehouse.query(inputs.PURCHASES), warehouse.query(f"select * from {_PRODUCTS} order by product_id")
