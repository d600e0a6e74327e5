"""How good every strategy is on the last days before the as-of date, as a table with intervals.

Protocol: features from purchases before the cutoff; the truth is the distinct products that a customer bought between
cutoff and as-of date, of customers and products seen before the cutoff. Three lists: all products, only those the
customer had bought before ('repeat'), only the others ('novel'); candidates and truth are restricted alike, and customers
without a relevant product in a list are not counted in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.recommendations.bootstrap import mean_interval, resamples
from dmp_assets.recommendations.interactions import Interactions, day_number
from dmp_assets.recommendations.metrics import customer_metrics
from dmp_assets.recommendations.scores import keep_entries, row_of_entries, select, top_k
from dmp_assets.recommendations.strategies import BASELINES

LISTS = ("all", "repeat", "novel")
LIST_LENGTH = 10
SELECTION_METRIC = "ndcg"
GAIN = "ndcg_gain"
COVERAGE = "coverage"
METRICS = (SELECTION_METRIC, "recall", "precision", "mrr", "hit_rate", "novelty", COVERAGE, GAIN)


def leaderboard(
    history: Interactions,
    scores: Mapping[str, sparse.csr_array],
    cutoff_day: int,
    as_of_on: date,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Return every metric of every strategy on each list, with 95 % bootstrap intervals over customers.

    Args:
        history: all purchases.
        scores: by strategy, computed from purchases before cutoff_day; those of BASELINES among them.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after the last day of the test period.
        seed: of the resamples.

    Returns:
        list, strategy, metric, value, ci_low, ci_high, customers, is_champion, as_of_on; sorted by list, strategy and
        metric. Coverage has no interval: a resample repeats customers and so covers less. ndcg_gain is the mean
        difference of NDCG to the list's baseline, its interval a paired bootstrap. The champion of a list has the
        highest NDCG, ties to the first name. Strategies without any candidate for a list have no row in it, a list
        without truth has none at all.

    Raises:
        ValueError: if no purchase lies before the cutoff or none of a known product by a known customer after it.
    """
    past = history.before(cutoff_day)
    bought = past.order_counts()
    truth = _known(history.between(cutoff_day, day_number(as_of_on)).order_counts(), bought)
    if not truth.nnz:
        raise ValueError(f"no customer known before the cutoff bought a known product in the days before {as_of_on}")
    catalogue = np.bincount(bought.indices, minlength=bought.shape[1])
    information = -np.log2(np.maximum(catalogue, 1) / np.count_nonzero(np.diff(bought.indptr)))
    tables = [
        _list_board(
            which,
            {name: select(matrix, bought, which) for name, matrix in scores.items()},
            relevant,
            information,
            seed=seed,
            product_count=int(np.count_nonzero(catalogue)),
        )
        for which in LISTS
        if (relevant := select(truth, bought, which)).nnz
    ]
    board = pd.concat([table for table in tables if not table.empty]).sort_values(
        ["list", "strategy", "metric"], ignore_index=True
    )
    return board.assign(as_of_on=np.full(len(board), as_of_on, dtype="datetime64[us]"))


def champion(board: pd.DataFrame, which: str) -> str | None:
    """Return the champion of a list, None if the list has no rows."""
    names = board.loc[(board["list"] == which) & board["is_champion"], "strategy"]
    return None if names.empty else str(names.iloc[0])


def _known(truth: sparse.csr_array, bought: sparse.csr_array) -> sparse.csr_array:
    is_customer = np.diff(bought.indptr) > 0
    is_product = np.bincount(bought.indices, minlength=bought.shape[1]) > 0
    return keep_entries(truth, is_customer[row_of_entries(truth)] & is_product[truth.indices])


def _list_board(
    which: str,
    scores: Mapping[str, sparse.csr_array],
    truth: sparse.csr_array,
    information: np.ndarray,
    *,
    seed: int,
    product_count: int,
) -> pd.DataFrame:
    rows = np.flatnonzero(np.diff(truth.indptr))
    weights = resamples(len(rows), seed)
    truth = truth[rows]
    recommended = {name: top_k(matrix[rows], LIST_LENGTH) for name, matrix in scores.items() if matrix.nnz}
    by_customer = {name: customer_metrics(items, truth, information) for name, items in recommended.items()}
    baseline = by_customer.get(BASELINES[which], {}).get(SELECTION_METRIC, np.zeros(len(rows)))
    found = []
    for name, values in by_customer.items():
        values[GAIN] = values[SELECTION_METRIC] - baseline
        found += [(name, metric, float(v.mean()), *mean_interval(v, weights)) for metric, v in values.items()]
        items = recommended[name]
        found.append((name, COVERAGE, len(np.unique(items[items >= 0])) / product_count, np.nan, np.nan))
    board = pd.DataFrame.from_records(found, columns=["strategy", "metric", "value", "ci_low", "ci_high"])
    best = board[board["metric"] == SELECTION_METRIC].sort_values(["value", "strategy"], ascending=[False, True])
    board.insert(0, "list", which)
    return board.assign(
        customers=np.full(len(board), len(rows), dtype=np.int64),
        is_champion=board["strategy"].isin(best["strategy"][:1]),
    )
