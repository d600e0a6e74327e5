"""Every similarity measure: time, coverage, agreement in product type, and what it tells about purchases held out."""

import datetime as dt
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.analysis.product_text import product_texts
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.similarity.measures import similarity_measures
from dmp_assets.similarity.ratings import ratings_from_counts
from dmp_assets.similarity.tables import (
    co_purchase_similarity,
    content_similarity,
    customer_similarity,
    product_similarity,
)

HELD_OUT_DAYS = 28
NEIGHBOURS = 20


def main() -> None:
    """Run on the built platform, with the last weeks held out."""
    settings = get_settings()
    warehouse = Warehouse.from_settings(settings)
    as_of_on = inputs.as_of(warehouse)
    cutoff = as_of_on - dt.timedelta(days=HELD_OUT_DAYS)
    before = f"date '{cutoff}'"
    ratings = ratings_from_counts(warehouse.query(inputs.PURCHASE_COUNTS.replace(inputs.AS_OF, before)))
    later = warehouse.query(
        inputs.PURCHASE_COUNTS.replace("lines.order_on <", f"lines.order_on >= {before} and lines.order_on <")
    )
    attributes = warehouse.query(inputs.PRODUCT_ATTRIBUTES)
    baskets = warehouse.query(inputs.BASKETS.replace(inputs.AS_OF, before))
    n_jobs = settings.threads

    customers = _timed("customers", lambda: customer_similarity(ratings, cutoff, n_jobs=n_jobs))
    texts = product_texts(attributes)
    products = pd.concat(
        [
            _timed("products", lambda: product_similarity(ratings, cutoff, n_jobs=n_jobs)),
            _timed("co-purchases", lambda: co_purchase_similarity(baskets, cutoff)),
            _timed("content", lambda: content_similarity(texts, cutoff, ratings=ratings, n_jobs=n_jobs)),
        ],
        ignore_index=True,
    )
    measures = similarity_measures(customers, products, attributes, ratings["customer_id"].nunique(), cutoff)
    columns = ["entity", "measure", "row_count", "covered_share", "same_type_share", "chance_same_type_share"]
    print(measures[columns].to_string(index=False))
    print(
        f"Products new to a customer in the {HELD_OUT_DAYS} days held out: how much more often one of the {NEIGHBOURS} "
        "nearest had bought them than customers at large (1 by chance)"
    )
    for measure, table in customers.groupby("measure"):
        print(f"  {measure:28} {_new_purchase_ratio(table, ratings, later):.3f}")


def _timed(name: str, run: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    wall, processor = time.perf_counter(), time.process_time()
    table = run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:14} {len(table):9,} rows, {time.perf_counter() - wall:5.1f} s, processor "
        f"{time.process_time() - processor:5.1f} s; peak memory so far {peak:,.0f} MB"
    )
    return table


def _new_purchase_ratio(table: pd.DataFrame, ratings: pd.DataFrame, later: pd.DataFrame) -> float:
    """Return observed over expected share of the nearest customers who had bought what is new to a customer."""
    pair = ["customer_id", "product_id"]
    had = ratings[pair]
    new = later[pair].merge(had, on=pair, how="left", indicator=True).query("_merge == 'left_only'")[pair]
    bought_by = had["product_id"].value_counts() / had["customer_id"].nunique()
    new = new[new["product_id"].isin(bought_by.index) & new["customer_id"].isin(table["customer_id"])]
    nearest = table.loc[table["rank"] <= NEIGHBOURS, ["customer_id", "neighbour_customer_id"]]
    size = nearest["customer_id"].value_counts()
    owned = nearest.merge(had.rename(columns={"customer_id": "neighbour_customer_id"}), on="neighbour_customer_id")
    owners = owned.groupby(pair).size().rename("owners").reset_index()
    observed = new.merge(owners, on=pair, how="left")["owners"].fillna(0).to_numpy()
    return float(
        (observed / new["customer_id"].map(size).to_numpy()).sum() / np.sum(new["product_id"].map(bought_by).to_numpy())
    )


if __name__ == "__main__":
    main()
