"""Time and memory of both similarity matrices, and how often the best neighbour is of the same type, which no measure sees."""

import resource
import time

from dmp_assets import inputs
from dmp_assets.settings import get_settings
from dmp_assets.similarity.ratings import ratings_from_counts
from dmp_assets.similarity.tables import customer_similarity, product_similarity
from dmp_assets.warehouse import Warehouse


def main() -> None:
    """Run on the built platform."""
    settings = get_settings()
    warehouse = Warehouse.from_settings(settings)
    ratings = ratings_from_counts(warehouse.query(inputs.PURCHASE_COUNTS))
    as_of_on = warehouse.query(f"select {inputs.AS_OF} as as_of_on")["as_of_on"].iloc[0]
    types = warehouse.query("select product_id, product_type from marts.dim_products").set_index("product_id")[
        "product_type"
    ]

    start = time.perf_counter()
    customers = customer_similarity(ratings, as_of_on, n_jobs=settings.threads)
    print(f"Customers: {len(ratings):,} ratings, {len(customers):,} rows, {time.perf_counter() - start:.1f} s")

    for significance in (None, 20, 50, 100):
        start = time.perf_counter()
        products = product_similarity(ratings, as_of_on, significance=significance, n_jobs=settings.threads)
        seconds = time.perf_counter() - start
        best = products[products["rank"] == 1]
        same = (best["product_id"].map(types) == best["neighbour_product_id"].map(types)).mean()
        print(f"Products, significance {significance}: {len(products):,} rows, {seconds:.1f} s, same type {same:.1%}")
    print(f"Peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
