"""Recommendations from purchases: compare the strategies on the last days, serve each list by its champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
from scipy import sparse

from dmp_assets.recommendations.interactions import Interactions, day_number, encode
from dmp_assets.recommendations.leaderboard import champion, leaderboard
from dmp_assets.recommendations.learned import Features, candidate_features, learned_scores
from dmp_assets.recommendations.product_groups import ProductGroups, product_groups
from dmp_assets.recommendations.served import DEFAULT_LIMITS, SERVED_LISTS, Limits, served_list
from dmp_assets.recommendations.strategies import LEARNED, STRATEGIES

HORIZON_DAYS = 31
TRAINING_CUTOFFS = 2


@dataclass(frozen=True)
class Recommendations:
    """The served tables of the domain.

    Attributes:
        leaderboard: see `leaderboard.leaderboard`.
        customer_recommendations: see `served.served_list`.
    """

    leaderboard: pd.DataFrame
    customer_recommendations: pd.DataFrame


def recommend(
    purchases: pd.DataFrame,
    products: pd.DataFrame,
    as_of_on: date,
    *,
    horizon_days: int = HORIZON_DAYS,
    limits: Limits = DEFAULT_LIMITS,
    seed: int = 0,
    n_jobs: int = 1,
) -> Recommendations:
    """Compare every strategy on the horizon before as_of_on and fill both served lists with their champions.

    The learned ranker competes where a training cutoff has a whole horizon of history before it: with `horizon_days` 31
    from 93 days of purchases on, with two training cutoffs from 124 on. Without, the others compete alone.

    Args:
        purchases: customer_id, product_id, order_id, ordered_on (date) and, if known, store_id; one row per line, without
            coupon lines and returns. Rows from as_of_on on are not read.
        products: product_id, product_category, product_type, is_fuel, for every product bought.
        as_of_on: day after the last one that is known.
        horizon_days: length of the test period, and of the period that the learned ranker predicts.
        limits: how long the served lists may be.
        seed: of subsampling and resampling.
        n_jobs: threads. Does not change the result.

    Raises:
        ValueError: if the frames are not valid, or nothing was bought by the same customers before and in the horizon.
    """
    end_day = day_number(as_of_on)
    known = (
        pd.to_datetime(purchases["ordered_on"]) < pd.Timestamp(as_of_on) if "ordered_on" in purchases else slice(None)
    )
    history = encode(purchases[known])
    groups = product_groups(history, products)
    cutoff_day = end_day - horizon_days
    features: dict[int, Features] = {}

    scores = {name: strategy(history, cutoff_day, n_jobs) for name, strategy in STRATEGIES.items()}
    if training_days(history, cutoff_day, horizon_days):
        scores[LEARNED] = _learned(history, groups, features, cutoff_day, horizon_days, seed, n_jobs)
    board = leaderboard(history, scores, cutoff_day, as_of_on, seed=seed)

    champions = {name: champion(board, which) for name, which in SERVED_LISTS.items()}
    served = {
        strategy: _learned(history, groups, features, end_day, horizon_days, seed, n_jobs)
        if strategy == LEARNED
        else STRATEGIES[strategy](history, end_day, n_jobs)
        for strategy in sorted({strategy for strategy in champions.values() if strategy})
    }
    tables = [
        served_list(history, served[strategy], groups, as_of_on, name, strategy, limits)
        for name, strategy in champions.items()
        if strategy
    ]
    lists = pd.concat(tables).sort_values(["customer_id", "list", "rank"], ignore_index=True)
    return Recommendations(board, lists)


def training_days(history: Interactions, end_day: int, horizon_days: int) -> list[int]:
    """Return the cutoffs to train on for a prediction at end_day: those with a whole horizon before and after them."""
    first_day = int(history.day.min())
    days = [end_day - horizon_days * step for step in range(1, TRAINING_CUTOFFS + 1)]
    return [day for day in days if day - horizon_days >= first_day]


def _learned(
    history: Interactions,
    groups: ProductGroups,
    features: dict[int, Features],
    end_day: int,
    horizon_days: int,
    seed: int,
    n_jobs: int,
) -> sparse.csr_array:
    """Return the learned scores at end_day; `features` keeps what later calls can use again."""
    days = training_days(history, end_day, horizon_days)
    for day in [*days, end_day]:
        if day not in features:
            features[day] = candidate_features(history, day, groups, n_jobs=n_jobs)
    return learned_scores(history, features, days, end_day, horizon_days, seed=seed, n_jobs=n_jobs)
