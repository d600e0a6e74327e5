"""The learned ranker: the probability that a customer buys a product within the horizon, from what is known before it.

Two gradient-boosted tree models (LightGBM; Ke et al. 2017), one for products bought before, one for new ones, trained on
earlier cutoffs only. Their scores are probabilities of the same event, so one ranking of both is meaningful. A trained
ranker is a small table (`Ranker`), so that it can be stored with the data it was learned from and score on later days
without being trained again.

LightGBM, because scikit-learn's HistGradientBoostingClassifier took four times as long on two busy cores for the same
NDCG (November: 0.527 against 0.528 for repeats); the pairwise objective (LambdaRank) was slower and worse (0.524).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.platform.emptiness import empty_table
from dmp_assets.recommendations.names import KINDS
from dmp_assets.recommendations.novel_features import novel_features
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.repeat_features import repeat_features
from dmp_assets.recommendations.schema import RANKER
from dmp_assets.recommendations.scores import flat_positions

KEYS = ["customer", "product"]
NEGATIVE_SHARE = 0.1
"""Share of the training rows without a purchase that is kept; each then stands for 1 / NEGATIVE_SHARE rows."""
SCORED_ROWS = 50_000
"""Candidates that a thread scores at a time."""

_NOTHING_LEARNED = empty_table(RANKER).drop(columns=["horizon_days", "as_of_on"])


@dataclass(frozen=True)
class Features:
    """Features of the candidates at one cutoff: KEYS and float32 columns, one row per customer and product."""

    repeat: pd.DataFrame
    novel: pd.DataFrame


def candidate_features(history: Interactions, end_day: int, groups: ProductGroups, *, n_jobs: int = 1) -> Features:
    """Return the features of both kinds of candidates, from purchases before end_day."""
    return Features(
        repeat_features(history, end_day, groups.types),
        novel_features(history, end_day, groups, n_jobs=n_jobs),
    )


def train_ranker(
    history: Interactions,
    features: Mapping[int, Features],
    train_days: Sequence[int],
    horizon_days: int,
    *,
    seed: int,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Learn which candidates are bought in the next horizon_days.

    Args:
        history: all purchases; labels are read from each training cutoff to horizon_days later.
        features: by cutoff; holds the train_days.
        train_days: cutoffs to learn from.
        horizon_days: length of the period in which a purchase counts.
        seed: of the subsampling.
        n_jobs: threads. Does not change the result.

    Returns:
        The ranker, one row per kind of candidates: kind ('repeat' or 'novel'), features (names, comma-separated), model
        (LightGBM's text format; null where training saw no two outcomes to tell apart), purchase_share (of the training
        rows, 0 to 1), training_rows.

    Raises:
        ValueError: if there are no train_days.
    """
    if not train_days:
        raise ValueError("the learned ranker needs at least one earlier cutoff to learn from")

    def train_kind(kind: str) -> dict[str, object]:
        tables = [getattr(features[day], kind) for day in train_days]
        labels = [_is_bought(history, table, day, horizon_days) for table, day in zip(tables, train_days, strict=True)]
        is_bought = np.concatenate(labels)
        return {
            "kind": kind,
            "features": ",".join(tables[0].columns.drop(KEYS)),
            "model": _fit(tables, is_bought, seed),
            "purchase_share": float(is_bought.mean()) if len(is_bought) else 0.0,
            "training_rows": len(is_bought),
        }

    # One thread per model: LightGBM's own threads wait for each other and stall where anything else runs.
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        return pd.DataFrame(pool.map(train_kind, KINDS)).astype(_NOTHING_LEARNED.dtypes.to_dict())


def no_ranker() -> pd.DataFrame:
    """Return a ranker that knows no candidates: no rows."""
    return _NOTHING_LEARNED.copy()


def ranker_scores(
    ranker: pd.DataFrame, features: Features, shape: tuple[int, int], *, n_jobs: int = 1
) -> sparse.csr_array:
    """Score candidates by their probability to be bought within the ranker's horizon.

    Args:
        ranker: from `train_ranker`.
        features: of the candidates at the day to score.
        shape: customers and products.
        n_jobs: threads. Does not change the result.

    Raises:
        ValueError: if the ranker was trained on other features than these.
    """
    for kind, names in zip(ranker["kind"], ranker["features"], strict=True):
        if names != ",".join(getattr(features, kind).columns.drop(KEYS)):
            raise ValueError(
                f"the stored ranker for {kind} products was trained on other features than today's code computes; train it "
                "again with `dmp build`"
            )
    tables = [getattr(features, kind) for kind in ranker["kind"]]
    values = [
        _probabilities(model, share, table.drop(columns=KEYS), n_jobs)
        for model, share, table in zip(ranker["model"], ranker["purchase_share"], tables, strict=True)
    ]
    pairs = pd.concat([table[KEYS] for table in tables])
    scores = sparse.csr_array((np.concatenate(values), (pairs["customer"], pairs["product"])), shape=shape)
    scores.sort_indices()
    return scores


def _is_bought(history: Interactions, table: pd.DataFrame, day: int, horizon_days: int) -> np.ndarray:
    bought = flat_positions(history.between(day, day + horizon_days).order_counts())
    return np.isin(table["customer"].to_numpy() * history.shape[1] + table["product"].to_numpy(), bought)


def _fit(tables: list[pd.DataFrame], is_bought: np.ndarray, seed: int) -> str | None:
    """Return the model fitted to the rows of all tables as text; None where there is nothing to tell apart."""
    from lightgbm import LGBMClassifier

    if is_bought.all() or not is_bought.any():
        return None
    is_kept = is_bought | (np.random.default_rng(seed).random(len(is_bought)) < NEGATIVE_SHARE)
    kept = np.split(is_kept, np.cumsum([len(table) for table in tables])[:-1])
    train = pd.concat([table[rows] for table, rows in zip(tables, kept, strict=True)]).drop(columns=KEYS)
    # Tuned on October and November. Random thresholds (Geurts et al. 2006) gain 4 % NDCG on new products, where few
    # rows are purchases; a learning rate of 0.1 without them lost 10 %.
    model = LGBMClassifier(
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=15,
        extra_trees=True,
        min_child_samples=100,
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.6,
        random_state=seed,
        n_jobs=1,
        deterministic=True,
        force_col_wise=True,
        verbose=-1,
    )
    model.fit(train, is_bought[is_kept], sample_weight=np.where(is_bought[is_kept], 1, 1 / NEGATIVE_SHARE))
    return model.booster_.model_to_string()


def _probabilities(model: str | None, purchase_share: float, table: pd.DataFrame, n_jobs: int) -> np.ndarray:
    """Return the probability of each row; the share in training where there is no model."""
    from lightgbm import Booster

    if table.empty or model is None:
        return np.full(len(table), purchase_share)
    booster = Booster(model_str=model)
    blocks = [table.iloc[start : start + SCORED_ROWS] for start in range(0, len(table), SCORED_ROWS)]
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        return np.concatenate(list(pool.map(lambda block: np.asarray(booster.predict(block, num_threads=1)), blocks)))
