"""The strategies that need no training, by name."""

from __future__ import annotations

from collections.abc import Callable

from scipy import sparse

from dmp_assets.recommendations.frequency import decayed_frequency, personal_frequency
from dmp_assets.recommendations.interactions import Interactions
from dmp_assets.recommendations.neighbours import item_knn, user_knn
from dmp_assets.recommendations.popularity import popularity
from dmp_assets.recommendations.tifu_knn import tifu_knn
from dmp_assets.recommendations.up_cf import up_cf

LEARNED = "learned_ranker"
BASELINES = {"all": "personal_frequency", "repeat": "personal_frequency", "novel": "popularity"}
"""What each list's strategies are compared with."""

Strategy = Callable[[Interactions, int, int], sparse.csr_array]
"""Purchases, cutoff (days since 1970-01-01) and threads in; scores of the candidates at the cutoff out."""

STRATEGIES: dict[str, Strategy] = {
    "popularity": lambda history, end_day, _: popularity(history, end_day),
    "personal_frequency": lambda history, end_day, _: personal_frequency(history, end_day),
    "decayed_frequency": lambda history, end_day, _: decayed_frequency(history, end_day),
    "item_knn": lambda history, end_day, n_jobs: item_knn(history, end_day, n_jobs=n_jobs),
    "user_knn": lambda history, end_day, n_jobs: user_knn(history, end_day, n_jobs=n_jobs),
    "tifu_knn": lambda history, end_day, n_jobs: tifu_knn(history, end_day, n_jobs=n_jobs),
    "up_cf": lambda history, end_day, _: up_cf(history, end_day),
}
