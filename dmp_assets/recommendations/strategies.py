"""The strategies that need no training, by name."""

from __future__ import annotations

from collections.abc import Callable

from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.als import als
from dmp_assets.recommendations.baskets import co_purchase_rules
from dmp_assets.recommendations.content import content
from dmp_assets.recommendations.frequency import decayed_frequency, personal_frequency
from dmp_assets.recommendations.neighbours import item_knn, user_knn
from dmp_assets.recommendations.popularity import popularity
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.tifu_knn import tifu_knn
from dmp_assets.recommendations.up_cf import up_cf

LEARNED = "learned_ranker"
BASELINES = {
    "all": "personal_frequency",
    "repeat": "personal_frequency",
    "novel": "popularity",
    "cross_sell": "popularity",
    "similar_products": "popularity",
}
"""What each list's strategies are compared with."""

Strategy = Callable[[Interactions, ProductGroups, int, int], sparse.csr_array]
"""Purchases, their products, cutoff (days since 1970-01-01) and threads in; scores of the candidates at the cutoff out."""

STRATEGIES: dict[str, Strategy] = {
    "popularity": lambda history, _, end_day, __: popularity(history, end_day),
    "personal_frequency": lambda history, _, end_day, __: personal_frequency(history, end_day),
    "decayed_frequency": lambda history, _, end_day, __: decayed_frequency(history, end_day),
    "item_knn": lambda history, _, end_day, n_jobs: item_knn(history, end_day, n_jobs=n_jobs),
    "user_knn": lambda history, _, end_day, n_jobs: user_knn(history, end_day, n_jobs=n_jobs),
    "tifu_knn": lambda history, _, end_day, n_jobs: tifu_knn(history, end_day, n_jobs=n_jobs),
    "up_cf": lambda history, _, end_day, n_jobs: up_cf(history, end_day, n_jobs=n_jobs),
    "als": lambda history, _, end_day, __: als(history, end_day),
    "co_purchase_rules": lambda history, _, end_day, __: co_purchase_rules(history, end_day),
    "content": lambda history, groups, end_day, _: content(history, groups, end_day),
}
