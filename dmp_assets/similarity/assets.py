"""Similar customers and similar products as assets: read, compute, store, record."""

import dagster as dg
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.analysis.product_text import product_texts
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.permissions import LEFT_OUT
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.similarity.measures import similarity_measures
from dmp_assets.similarity.plots import similarity_by_measure
from dmp_assets.similarity.ratings import ratings_from_counts
from dmp_assets.similarity.schema import CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY, SIMILARITY_MEASURES
from dmp_assets.similarity.sections import CUSTOMER, SECTIONS
from dmp_assets.similarity.tables import (
    co_purchase_similarity,
    content_similarity,
    customer_similarity,
    product_similarity,
    rated_similarity,
)

_LINES = "marts.fct_order_lines"
_RATED_BY = [
    *(f"{_LINES}.{column}" for column in ("customer_id", "product_id", "order_id")),
    *inputs.BOUGHT_READS,
    "marts.dim_products.is_recommendable",
    *(
        f"marts.fct_events.{column}"
        for column in ("customer_id", "product_id", "event_name", "properties", "occurred_at", "occurred_on", "is_bot")
    ),
]
_TEXT = [
    f"marts.dim_products.{column}"
    for column in (
        "product_id",
        "department",
        "product_category",
        "product_type",
        "brand",
    )
]
_AS_OF_ON = {"as_of_on": ["marts.customer_features.as_of_on"]}


def _similarity_table(what: str, schema, computed_from: list[str], ids: list[str]) -> Table:
    derived = dict.fromkeys(schema.columns, computed_from) | {f"{what}_id": ids} | _AS_OF_ON
    return Table("similarity", f"{what}_similarity", schema, lineage(schema, source=_LINES, derived=derived), "weekly")


CUSTOMERS = _similarity_table("customer", CUSTOMER_SIMILARITY, _RATED_BY, ["customer_id"])
PRODUCTS = _similarity_table("product", PRODUCT_SIMILARITY, [*_RATED_BY, *_TEXT], ["marts.dim_products.product_id"])

_BOTH = ("similarity.customer_similarity", "similarity.product_similarity")
_MEASURE_NAMES = [f"{table}.measure" for table in _BOTH]
_ROWS = [*_MEASURE_NAMES, *(f"{table}.rank" for table in _BOTH)]
_TYPES = [
    "similarity.product_similarity.product_id",
    "similarity.product_similarity.neighbour_product_id",
    "marts.dim_products.product_type",
]
MEASURES = Table(
    "similarity",
    "similarity_measures",
    SIMILARITY_MEASURES,
    lineage(
        SIMILARITY_MEASURES,
        source=_BOTH[1],
        derived=dict.fromkeys(SIMILARITY_MEASURES.columns, _MEASURE_NAMES)
        | {
            "neighbour_count": _ROWS,
            "row_count": _ROWS,
            "covered_share": [*_ROWS, f"{_LINES}.customer_id", "marts.dim_products.product_id"],
            "median_similarity": [f"{table}.similarity" for table in _BOTH],
            "same_type_share": _TYPES,
            "chance_same_type_share": _TYPES,
        }
        | _AS_OF_ON,
    ),
    "weekly",
)


@makes(CUSTOMERS, PRODUCTS, MEASURES)
def build_similarity(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Find each customer's and each product's most similar others by every measure."""
    as_of_on = inputs.as_of(warehouse)
    ratings = ratings_from_counts(warehouse.query(inputs.PURCHASE_COUNTS))
    attributes = warehouse.query(inputs.PRODUCT_ATTRIBUTES)
    threads = settings.threads
    reviews = warehouse.query(inputs.RATINGS)
    # Customers who are left out are nobody's neighbours; what is said of products counts everyone.
    left_out = warehouse.query(f"select customer_id from {LEFT_OUT}")["customer_id"]
    own, own_reviews = (rows[~rows["customer_id"].isin(left_out)] for rows in (ratings, reviews))
    alike = (
        customer_similarity(own, as_of_on, n_jobs=threads),
        rated_similarity(own_reviews, as_of_on, n_jobs=threads)[0],
    )
    customers = pd.concat(alike, ignore_index=True)
    parts = (
        rated_similarity(reviews, as_of_on, n_jobs=threads)[1],
        product_similarity(ratings, as_of_on, n_jobs=threads),
        co_purchase_similarity(warehouse.query(inputs.BASKETS), as_of_on),
        content_similarity(product_texts(attributes), as_of_on, ratings=ratings, n_jobs=threads),
    )
    products = pd.concat(parts, ignore_index=True)
    measures = similarity_measures(customers, products, attributes, own["customer_id"].nunique(), as_of_on)
    plots = {
        table: {"similarity": similarity_by_measure(frame, f"How alike are the neighbours? {table.name}")}
        for table, frame in ((CUSTOMERS, customers), (PRODUCTS, products))
    }
    facts = {CUSTOMERS: {"ratings": len(own), "customers_left_out": len(left_out)}, PRODUCTS: {"ratings": len(ratings)}}
    yield from save(warehouse, {CUSTOMERS: customers, PRODUCTS: products, MEASURES: measures}, plots=plots, facts=facts)


def domain(_: Settings) -> Domain:
    """Return similar customers and similar products."""
    return Domain(
        tables=(CUSTOMERS, PRODUCTS, MEASURES),
        assets=(build_similarity,),
        sections=SECTIONS,
        customer_sections=(CUSTOMER,),
    )
