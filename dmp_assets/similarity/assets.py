"""Similar customers and similar products as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.settings import get_settings
from dmp_assets.similarity.plots import similarity_of_first_and_last_neighbour
from dmp_assets.similarity.ratings import ratings_from_counts
from dmp_assets.similarity.schema import CUSTOMER_SIMILARITY, PRODUCT_SIMILARITY
from dmp_assets.similarity.tables import customer_similarity, product_similarity
from dmp_assets.warehouse import Warehouse

_LINES = "marts.fct_order_lines"
_RATED_BY = [
    *(f"{_LINES}.{column}" for column in ("customer_id", "product_id", "order_id", "line_type", "order_on")),
    "marts.dim_products.is_fuel",
]


def _similarity_table(what: str, schema) -> Table:
    return Table(
        "similarity",
        f"{what}_similarity",
        schema,
        lineage(
            schema,
            source=_LINES,
            derived=dict.fromkeys(schema.columns, _RATED_BY)
            | {
                f"{what}_id": [f"{what}_id"],
                f"neighbour_{what}_id": _RATED_BY,
                "as_of_on": ["marts.customer_features.as_of_on"],
            },
        ),
    )


CUSTOMERS = _similarity_table("customer", CUSTOMER_SIMILARITY)
PRODUCTS = _similarity_table("product", PRODUCT_SIMILARITY)

TABLES = (CUSTOMERS, PRODUCTS)


@dg.multi_asset(specs=[table.spec() for table in TABLES])
def build_similarity(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Find each customer's and each product's most similar others."""
    as_of_on = warehouse.query(f"select {inputs.AS_OF} as as_of_on")["as_of_on"].iloc[0]
    ratings = ratings_from_counts(warehouse.query(inputs.PURCHASE_COUNTS))
    threads = get_settings().threads
    customers = customer_similarity(ratings, as_of_on, n_jobs=threads)
    products = product_similarity(ratings, as_of_on, n_jobs=threads)
    store(warehouse, {CUSTOMERS: customers, PRODUCTS: products})
    for table, frame in ((CUSTOMERS, customers), (PRODUCTS, products)):
        figure = similarity_of_first_and_last_neighbour(frame, f"How alike are the neighbours? {table.name}")
        yield result(table, frame, plots={"similarity": figure}, ratings=len(ratings))
