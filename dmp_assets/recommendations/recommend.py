"""Recommendations from purchases: compare the strategies on the last days and train the ranker; serve each list by its champion.

Two steps, because they are due at different times. `train` takes its time and is repeated now and then; `recommend` scores
with what was trained and is repeated whenever there are new purchases.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number, encode
from dmp_assets.recommendations.exclusions import NO_EXCLUSIONS, Exclusions
from dmp_assets.recommendations.leaderboard import champion, leaderboard, sorted_board
from dmp_assets.recommendations.learned import candidate_features, no_ranker, ranker_scores, train_ranker
from dmp_assets.recommendations.names import SEQUENCE_STRATEGIES, SERVED_LISTS
from dmp_assets.recommendations.product_groups import ProductGroups, product_groups
from dmp_assets.recommendations.product_lists import product_board, product_lists
from dmp_assets.recommendations.sequences.training import no_sequence_models, sequence_scores
from dmp_assets.recommendations.served import DEFAULT_LIMITS, Limits, served_list
from dmp_assets.recommendations.strategies import BASELINES, LEARNED, STRATEGIES

HORIZON_DAYS = 31
TRAINING_CUTOFFS = 3


@dataclass(frozen=True)
class Trained:
    """What `recommend` needs to know from an earlier day.

    Attributes:
        leaderboard: how good every strategy was; see `leaderboard.leaderboard`.
        ranker: the learned ranker, trained on all that is known; see `learned.train_ranker`. With the columns
            horizon_days and as_of_on; without rows where it had too little history to compete.
        sequence_models: those that competed; see `sequences.training.train_sequence_models`.
    """

    leaderboard: pd.DataFrame
    ranker: pd.DataFrame
    sequence_models: pd.DataFrame = field(default_factory=no_sequence_models)


def train(  # noqa: PLR0913 - each is a setting of its own
    purchases: pd.DataFrame,
    products: pd.DataFrame,
    as_of_on: date,
    *,
    horizon_days: int = HORIZON_DAYS,
    exclusions: Exclusions = NO_EXCLUSIONS,
    sequence_models: pd.DataFrame | None = None,
    seed: int = 0,
    n_jobs: int = 1,
) -> Trained:
    """Compare every strategy on the horizon before as_of_on and train the learned ranker for the time after it.

    The learned ranker competes where a training cutoff has a whole horizon of history before it: with `horizon_days` 31
    from 93 days of purchases on, with two training cutoffs from 124 on. Without, the others compete alone. It is compared
    as trained before the horizon, and served as trained on the horizon too. Where nothing was bought before the horizon there is
    nothing to compare: neither the leaderboard nor the ranker has a row.

    Args:
        purchases: customer_id, product_id, order_id, ordered_on (date) and, if known, store_id; one row per line, without
            coupon lines and returns. Rows from as_of_on on are not read.
        products: product_id, product_category, product_type and what else `product_groups` uses, for every product bought.
        as_of_on: day after the last one that is known.
        horizon_days: length of the test period, and of the period that the learned ranker predicts.
        exclusions: what is never recommended beside a product.
        sequence_models: from `sequences.training.train_sequence_models`, trained on what was known before the horizon, to compete
            with the others; served as they were compared, where they win.
        seed: of subsampling and resampling.
        n_jobs: threads. Does not change the result.

    Raises:
        ValueError: if the frames are not valid, or a sequence model was trained on the horizon.
        UserError: there are sequence models, but the extra `deep` is not installed.
    """
    history, groups = _known(purchases, products, as_of_on, exclusions)
    end_day = day_number(as_of_on)
    cutoff_day = end_day - horizon_days
    earlier, latest = (training_days(history, day, horizon_days) for day in (cutoff_day, end_day))

    days = sorted({*earlier, *latest, cutoff_day}) if earlier else []
    # Whole strategies and cutoffs side by side, one thread each: a fifth faster than one after the other with all threads.
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        features_of = {day: pool.submit(candidate_features, history, day, groups) for day in days}
        scores_of = {
            name: pool.submit(strategy, history, groups, cutoff_day, 1) for name, strategy in STRATEGIES.items()
        }
        of_products = pool.submit(product_board, history, groups, cutoff_day, as_of_on, seed=seed)
        features = {day: future.result() for day, future in features_of.items()}
        scores = {name: future.result() for name, future in scores_of.items()}
    models = no_sequence_models() if sequence_models is None else sequence_models
    scores |= sequence_scores(models, history, cutoff_day)
    ranker = no_ranker()
    if earlier:
        tested = train_ranker(history, features, earlier, horizon_days, seed=seed, n_jobs=n_jobs)
        scores[LEARNED] = ranker_scores(tested, features[cutoff_day], history.shape, n_jobs=n_jobs)
        ranker = train_ranker(history, features, latest, horizon_days, seed=seed, n_jobs=n_jobs)
    boards = [leaderboard(history, scores, cutoff_day, as_of_on, seed=seed), of_products.result()]
    return Trained(
        sorted_board(boards),
        ranker.assign(
            horizon_days=np.full(len(ranker), horizon_days, dtype=np.int64),
            as_of_on=np.full(len(ranker), as_of_on, dtype="datetime64[us]"),
        ),
        models,
    )


def recommend(
    purchases: pd.DataFrame,
    products: pd.DataFrame,
    as_of_on: date,
    trained: Trained,
    *,
    limits: Limits = DEFAULT_LIMITS,
    exclusions: Exclusions = NO_EXCLUSIONS,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Fill both served lists with the best candidates at as_of_on: by the list's champion, by its baseline where there is none.

    Args:
        purchases: as in `train`.
        products: as in `train`.
        as_of_on: day after the last one that is known; may be later than the day of training.
        trained: from `train`.
        limits: how long the served lists may be.
        exclusions: what is never recommended.
        n_jobs: threads. Does not change the result.

    Returns:
        See `served.served_list`.

    Raises:
        ValueError: if the frames are not valid, or the ranker was trained on other features than today's.
    """
    history, groups = _known(purchases, products, as_of_on, exclusions)
    strategies = {
        name: champion(trained.leaderboard, which) or BASELINES[which] for name, which in SERVED_LISTS.items()
    }
    scores = {
        strategy: _served_scores(strategy, history, groups, day_number(as_of_on), trained, n_jobs)
        for strategy in sorted(set(strategies.values()))
    }
    tables = [
        served_list(history, scores[strategy], groups, as_of_on, name, strategy, limits)
        for name, strategy in strategies.items()
    ]
    return pd.concat(tables).sort_values(["customer_id", "list", "rank"], ignore_index=True)


def recommend_products(
    purchases: pd.DataFrame,
    products: pd.DataFrame,
    as_of_on: date,
    board: pd.DataFrame,
    *,
    exclusions: Exclusions = NO_EXCLUSIONS,
) -> pd.DataFrame:
    """Return what goes with each product and what can stand in for it, each list by its champion.

    Args:
        purchases: as in `train`.
        products: as in `train`.
        as_of_on: day after the last one that is known.
        board: the leaderboard, from `train`.
        exclusions: what is never recommended.

    Returns:
        See `product_lists.product_lists`.

    Raises:
        ValueError: if the frames are not valid.
    """
    history, groups = _known(purchases, products, as_of_on, exclusions)
    return product_lists(history, groups, as_of_on, board)


def training_days(history: Interactions, end_day: int, horizon_days: int) -> list[int]:
    """Return the cutoffs to train on for a prediction at end_day: those with a whole horizon before and after them."""
    first_day = int(history.day.min())
    days = [end_day - horizon_days * step for step in range(1, TRAINING_CUTOFFS + 1)]
    return [day for day in days if day - horizon_days >= first_day]


def _known(
    purchases: pd.DataFrame, products: pd.DataFrame, as_of_on: date, exclusions: Exclusions
) -> tuple[Interactions, ProductGroups]:
    """Return what was bought before as_of_on, and the groups of these products."""
    is_known = (
        pd.to_datetime(purchases["ordered_on"]) < pd.Timestamp(as_of_on) if "ordered_on" in purchases else slice(None)
    )
    history = encode(purchases[is_known])
    return history, product_groups(history, products, exclusions)


def _served_scores(
    strategy: str, history: Interactions, groups: ProductGroups, end_day: int, trained: Trained, n_jobs: int
) -> sparse.csr_array:
    if strategy in SEQUENCE_STRATEGIES:
        models = trained.sequence_models
        own = sequence_scores(models[models["strategy"] == strategy], history, end_day)
        if strategy not in own:
            raise ValueError(
                f"{strategy} is to fill a list, but is not among the sequence models; train it with `dmp build`"
            )
        return own[strategy]
    if strategy != LEARNED:
        return STRATEGIES[strategy](history, groups, end_day, n_jobs)
    features = candidate_features(history, end_day, groups, n_jobs=n_jobs)
    return ranker_scores(trained.ranker, features, history.shape, n_jobs=n_jobs)
