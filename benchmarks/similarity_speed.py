"""Cosine top-100 of all products side by side with sparse_dot_topn and implicit, on one matrix in one run."""

import importlib.util
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from dmp_assets.analysis import inputs
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.similarity.cosine import cosine_top_k, unit_rows
from dmp_assets.similarity.ratings import rating_matrix, ratings_from_counts
from dmp_assets.similarity.weights import binary

K = 100
CUTOFF = "2017-11-30"
ROUNDS = 3
# The library keeps any of the neighbours that tie at the cut; what it keeps must be as similar, to this precision.
TOLERANCE = 1e-8


def main() -> None:
    """Time each in turn, several rounds, and compare what they found."""
    settings = get_settings()
    counts = inputs.PURCHASE_COUNTS.replace(
        f"lines.order_on < {inputs.AS_OF}", f"lines.order_on <= date '{CUTOFF}' and lines.order_on < {inputs.AS_OF}"
    )
    ratings = ratings_from_counts(Warehouse.from_settings(settings).query(counts))
    bought = binary(rating_matrix(ratings).ratings)
    products = bought.T.tocsr()
    print(
        f"{products.shape[0]:,} products, {products.shape[1]:,} customers, {products.nnz:,} pairs, {settings.threads} threads"
    )

    def ours() -> pd.DataFrame:
        found = cosine_top_k(products, K, n_jobs=settings.threads)
        return pd.DataFrame({"row": found.row, "rank": found.rank, "similarity": found.similarity})

    def library() -> sparse.csr_matrix:
        unit = sparse.csr_matrix(unit_rows(products))
        return sp_matmul_topn(unit, unit.T.tocsr(), top_n=K + 1, sort=True, n_threads=settings.threads)

    runs: dict[str, Callable] = {"this project": ours, "sparse_dot_topn": library}
    if importlib.util.find_spec("implicit"):
        from implicit.nearest_neighbours import CosineRecommender

        customers = sparse.csr_matrix(bought)
        runs["implicit"] = lambda: CosineRecommender(K=K, num_threads=settings.threads).fit(
            customers, show_progress=False
        )
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    results = {}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            wall, processor = time.perf_counter(), time.process_time()
            results[name] = run()
            seconds[name].append((time.perf_counter() - wall, time.process_time() - processor))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"  {name:16} {seconds[name][-1][0]:5.1f} s, processor {seconds[name][-1][1]:5.1f} s; peak so far {peak:,.0f} MB"
            )
    for name, values in seconds.items():
        print(
            f"{name:16} best of {ROUNDS}: {min(v[0] for v in values):.1f} s, processor {min(v[1] for v in values):.1f} s"
        )
    print(f"Largest difference of a similarity at the same place: {_difference(*results.values()):.1e}")


def _difference(ours: pd.DataFrame, library: sparse.csr_matrix, *_others: object) -> float:
    """Return how far apart the similarities of both are, place by place, without each product itself."""
    found = library.tocoo()
    other = pd.DataFrame({"row": found.row, "similarity": found.data})[found.row != found.col]
    other = other.sort_values(["row", "similarity"], ascending=[True, False], kind="stable")
    other["rank"] = other.groupby("row").cumcount() + 1
    # Where more than K tie with a product itself, the library may have left the product itself out of its K + 1.
    both = ours.merge(other[other["rank"] <= K], on=["row", "rank"], how="outer", suffixes=("", "_library"))
    difference = (both["similarity"] - both["similarity_library"]).abs().to_numpy()
    if not np.nanmax(difference) <= TOLERANCE or np.isnan(difference).any():
        raise SystemExit(f"the neighbours differ: {np.isnan(difference).sum()} missing, up to {np.nanmax(difference)}")
    return float(difference.max())


if __name__ == "__main__":
    main()
