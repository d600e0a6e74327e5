"""Recommendations as assets: read, compute, store, record."""

import dagster as dg
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations.exclusions import entries_without_effect, load_exclusions
from dmp_assets.recommendations.names import LISTS
from dmp_assets.recommendations.names import PRODUCT_LISTS as PRODUCT_LIST_NAMES
from dmp_assets.recommendations.plots import plot_leaderboard, plot_segments
from dmp_assets.recommendations.recommend import Trained, recommend, recommend_products, train
from dmp_assets.recommendations.schema import (
    CUSTOMER_RECOMMENDATIONS,
    LEADERBOARD,
    PRODUCT_RECOMMENDATIONS,
    RANKER,
)
from dmp_assets.recommendations.sections import CUSTOMER, SECTIONS
from dmp_assets.recommendations.sequences import extra
from dmp_assets.recommendations.sequences.assets import SEQUENCE_MODELS, train_sequences

_LINES = "marts.fct_order_lines"
_PRODUCTS = "marts.dim_products"
_AS_OF = ["marts.customer_features.as_of_on"]
_LEARNED_FROM = [
    *(f"{_LINES}.{column}" for column in ("customer_id", "product_id", "order_id", "store_id")),
    *inputs.BOUGHT_READS,
    *(
        f"{_PRODUCTS}.{column}"
        for column in (
            "department",
            "product_category",
            "product_type",
            "brand",
            "manufacturer_id",
            "package_size",
            "is_recommendable",
        )
    ),
]
_SEQUENCE_WEIGHTS = f"{SEQUENCE_MODELS.full_name}.weights"


def _trained_table(name: str, schema, learned_from: list[str]) -> Table:
    derived = dict.fromkeys(schema.columns, learned_from) | {"as_of_on": _AS_OF}
    return Table("recommendations", name, schema, lineage(schema, source=_LINES, derived=derived), "weekly")


BOARD = _trained_table("leaderboard", LEADERBOARD, [*_LEARNED_FROM, _SEQUENCE_WEIGHTS])
RANKER_TABLE = _trained_table("ranker", RANKER, _LEARNED_FROM)
TRAINED = (BOARD, RANKER_TABLE)

_BY_CHAMPION = {"strategy": [f"{BOARD.full_name}.strategy", f"{BOARD.full_name}.is_champion"], "as_of_on": _AS_OF}
_SCORED_WITH = [*_LEARNED_FROM, f"{BOARD.full_name}.is_champion", f"{RANKER_TABLE.full_name}.model", _SEQUENCE_WEIGHTS]
RECOMMENDATIONS = Table(
    "recommendations",
    "customer_recommendations",
    CUSTOMER_RECOMMENDATIONS,
    lineage(
        CUSTOMER_RECOMMENDATIONS,
        source=_LINES,
        derived=dict.fromkeys(("list", "rank", "score", "reason", "expected_on"), _SCORED_WITH) | _BY_CHAMPION,
    ),
)

PRODUCT_LISTS = Table(
    "recommendations",
    "product_recommendations",
    PRODUCT_RECOMMENDATIONS,
    lineage(
        PRODUCT_RECOMMENDATIONS,
        source=_LINES,
        derived=dict.fromkeys(("list", "rank", "recommended_product_id", "score", "reason"), _LEARNED_FROM)
        | _BY_CHAMPION,
    ),
    "weekly",
)


@makes(*TRAINED)
def train_recommendations(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Compare every strategy on the last month and train the ranker for the next."""
    trained = train(
        *_read(warehouse),
        inputs.as_of(warehouse),
        exclusions=load_exclusions(settings.rules_dir / "exclusions.yml"),
        sequence_models=inputs.trained(warehouse, SEQUENCE_MODELS.full_name),
        n_jobs=settings.threads,
    )
    frames = {BOARD: trained.leaderboard, RANKER_TABLE: trained.ranker}
    plots = {
        "customers": plot_leaderboard(trained.leaderboard, LISTS),
        "segments": plot_segments(trained.leaderboard),
        "products": plot_leaderboard(trained.leaderboard, PRODUCT_LIST_NAMES),
    }
    yield from save(warehouse, frames, plots={BOARD: plots})


@makes(RECOMMENDATIONS)
def fill_recommendations(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Fill every customer's lists by the strategies that were best."""
    trained = Trained(*(inputs.trained(warehouse, table.full_name) for table in (*TRAINED, SEQUENCE_MODELS)))
    purchases, products = _read(warehouse)
    exclusions = load_exclusions(settings.rules_dir / "exclusions.yml")
    lists = recommend(
        purchases,
        products,
        inputs.as_of(warehouse),
        trained,
        exclusions=exclusions,
        n_jobs=settings.threads,
    )
    facts = {"exclusions_without_effect": entries_without_effect(products, exclusions)}
    yield from save(warehouse, {RECOMMENDATIONS: lists}, facts={RECOMMENDATIONS: facts})


@makes(PRODUCT_LISTS)
def fill_product_recommendations(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Fill every product's lists by the strategies that were best."""
    board = inputs.trained(warehouse, BOARD.full_name)
    exclusions = load_exclusions(settings.rules_dir / "exclusions.yml")
    lists = recommend_products(*_read(warehouse), inputs.as_of(warehouse), board, exclusions=exclusions)
    yield from save(warehouse, {PRODUCT_LISTS: lists})


def _read(warehouse: Warehouse) -> tuple[pd.DataFrame, pd.DataFrame]:
    return warehouse.query(inputs.PURCHASES), warehouse.query(f"select * from {_PRODUCTS} order by product_id")


def domain(_: Settings) -> Domain:
    """Return the recommendations: trained strategies and served lists, with the sequence models among them."""
    return Domain(
        tables=(SEQUENCE_MODELS, *TRAINED, RECOMMENDATIONS, PRODUCT_LISTS),
        assets=(train_sequences, train_recommendations, fill_recommendations, fill_product_recommendations),
        sections=SECTIONS,
        customer_sections=(CUSTOMER,),
        depends_on=lambda: [f"sequence models: {extra.is_installed()}"],
    )
