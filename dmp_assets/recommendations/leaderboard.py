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

from dmp_assets.analysis.bootstrap import mean_intervals, resamples
from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.platform.emptiness import as_table, empty_table
from dmp_assets.recommendations.metrics import customer_metrics
from dmp_assets.recommendations.names import COVERAGE, GAIN, GAP, LISTS, SELECTION_METRIC, SERVING
from dmp_assets.recommendations.ranking import best_places, merge_places
from dmp_assets.recommendations.schema import LEADERBOARD
from dmp_assets.recommendations.scores import is_stored, keep_entries, row_of_entries, select
from dmp_assets.recommendations.segments import ALL_CUSTOMERS, FREQUENCY_SEGMENTS, frequency_segments
from dmp_assets.recommendations.strategies import BASELINES

LIST_LENGTH = 10


def leaderboard(
    history: Interactions,
    scores: Mapping[str, sparse.csr_array],
    cutoff_day: int,
    as_of_on: date,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Return every metric of every strategy on each list and segment, with 95 % bootstrap intervals over customers.

    Args:
        history: all purchases.
        scores: by strategy, computed from purchases before cutoff_day; those of BASELINES among them.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after the last day of the test period.
        seed: of the resamples.

    Returns:
        As `schema.LEADERBOARD`, sorted by list, segment, strategy and metric; see `list_board`. Strategies without any
        candidate for a list have no row in it, a list without truth has none at all.
    """
    past = history.before(cutoff_day)
    bought = past.order_counts()
    truth = known_entries(history.between(cutoff_day, day_number(as_of_on)).order_counts(), bought)
    buyers = np.bincount(bought.indices, minlength=bought.shape[1])
    information = self_information(bought)
    rows = np.flatnonzero(np.diff(truth.indptr))
    truth, bought = truth[rows], bought[rows]
    places = {name: _places(matrix[rows], bought) for name, matrix in scores.items()}
    segments = frequency_segments(history, cutoff_day)[rows]
    tables = []
    for which in LISTS:
        relevant = select(truth, bought, which)
        counted = np.flatnonzero(np.diff(relevant.indptr))
        found = {name: lists[which][counted] for name, lists in places.items() if (lists[which] >= 0).any()}
        values = {name: customer_metrics(items, relevant[counted], information) for name, items in found.items()}
        if values and len(counted):
            covered = {name: coverage(items, int(np.count_nonzero(buyers))) for name, items in found.items()}
            tables.append(list_board(which, values, covered, segments[counted], as_of_on, seed=seed))
    return sorted_board(tables)


def list_board(
    which: str,
    values: Mapping[str, Mapping[str, np.ndarray]],
    covered: Mapping[str, float],
    segments: np.ndarray,
    as_of_on: date,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the rows of one list.

    ndcg_gain is the mean difference of NDCG to the list's baseline, ndcg_gap that of the champion to the strategy; their
    intervals are paired. A gap whose interval lies above 0 is beyond noise. The champion has the highest NDCG over all
    customers, of those that may serve (SERVING), ties to the first name; it serves every segment. Coverage is told over all
    customers only and has no interval: a resample repeats customers and so covers less.

    Args:
        which: the list.
        values: by strategy and metric, one value per customer.
        covered: coverage by strategy.
        segments: of the customers.
        as_of_on: day after the last day of the test period.
        seed: of the resamples.

    Returns:
        As `schema.LEADERBOARD`; customers is the number of customers in the segment with at least one relevant product.
    """
    names = sorted(values)
    means = {name: float(values[name][SELECTION_METRIC].mean()) for name in names}
    best = min(SERVING.get(which, names), key=lambda name: (-means[name], name))
    baseline = values[BASELINES[which]][SELECTION_METRIC] if BASELINES[which] in values else 0.0
    columns, table = [], []
    for name in names:
        own = {
            **values[name],
            GAIN: values[name][SELECTION_METRIC] - baseline,
            GAP: values[best][SELECTION_METRIC] - values[name][SELECTION_METRIC],
        }
        columns += [(name, metric) for metric in own]
        table += list(own.values())
    matrix = np.column_stack(table)
    tables = []
    for segment in (ALL_CUSTOMERS, *FREQUENCY_SEGMENTS):
        inside = matrix if segment == ALL_CUSTOMERS else matrix[segments == segment]
        if len(inside):
            low, high = mean_intervals(inside, resamples(len(inside), seed))
            board = pd.DataFrame(columns, columns=pd.Index(["strategy", "metric"]))
            board = board.assign(value=inside.mean(axis=0), ci_low=low, ci_high=high)
            tables.append(board.assign(segment=segment, customers=len(inside)))
    shares = pd.DataFrame({"strategy": names, "metric": COVERAGE, "value": [covered[name] for name in names]})
    shares = shares.assign(ci_low=np.nan, ci_high=np.nan, segment=ALL_CUSTOMERS, customers=len(matrix))
    board = pd.concat([*tables, shares], ignore_index=True)
    board = board.assign(
        list=which, is_champion=board["strategy"].eq(best), customers=board["customers"].astype("int64")
    )
    return as_table(board.assign(as_of_on=np.full(len(board), as_of_on, dtype="datetime64[us]")), LEADERBOARD)


def sorted_board(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several lists as one table, sorted by list, segment, strategy and metric; tables may be without rows."""
    rows = [table for table in tables if not table.empty]
    board = pd.concat(rows) if rows else empty_table(LEADERBOARD)
    return board.sort_values(["list", "segment", "strategy", "metric"], ignore_index=True)


def champion(board: pd.DataFrame, which: str) -> str | None:
    """Return the champion of a list, None if the list has no rows."""
    names = board.loc[(board["list"] == which) & board["is_champion"], "strategy"]
    return None if names.empty else str(names.iloc[0])


def known_entries(truth: sparse.csr_array, bought: sparse.csr_array) -> sparse.csr_array:
    """Return the entries of truth whose customer and product both have an entry in `bought`."""
    is_customer = np.diff(bought.indptr) > 0
    is_product = np.bincount(bought.indices, minlength=bought.shape[1]) > 0
    return keep_entries(truth, is_customer[row_of_entries(truth)] & is_product[truth.indices])


def self_information(bought: sparse.csr_array) -> np.ndarray:
    """Return -log2 of the share of the customers who had bought each product, in bits: float64, products."""
    buyers = np.bincount(bought.indices, minlength=bought.shape[1])
    return -np.log2(np.maximum(buyers, 1) / max(np.count_nonzero(np.diff(bought.indptr)), 1))


def coverage(recommended: np.ndarray, product_count: int) -> float:
    """Return the share of the products that are on any of the lists (columns, -1 for none)."""
    return len(np.unique(recommended[recommended >= 0])) / product_count


def _places(scores: sparse.csr_array, bought: sparse.csr_array) -> dict[str, np.ndarray]:
    """Return the products of each customer's list, best first, -1 for none: by list, customers x LIST_LENGTH."""
    is_repeat = is_stored(bought, scores)
    repeat = best_places(keep_entries(scores, is_repeat), LIST_LENGTH)
    novel = best_places(keep_entries(scores, ~is_repeat), LIST_LENGTH)
    # The best of all are among the best of either, so nothing long is sorted a third time.
    return {"all": merge_places(repeat, novel), "repeat": repeat[0], "novel": novel[0]}
