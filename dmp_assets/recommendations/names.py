"""The names that stand in this domain's tables: the lists, what they are measured by, and the strategies that compete for them."""

LISTS = ("all", "repeat", "novel")
BUY_AGAIN, DISCOVER = "buy_again", "discover"
SERVED_LISTS = {BUY_AGAIN: "repeat", DISCOVER: "novel"}
"""The leaderboard's list that decides who fills each served list."""
CROSS_SELL, SIMILAR_PRODUCTS = PRODUCT_LISTS = ("cross_sell", "similar_products")

SELECTION_METRIC = "ndcg"
GAIN = "ndcg_gain"
GAP = "ndcg_gap"
COVERAGE = "coverage"
METRICS = (SELECTION_METRIC, "recall", "precision", "mrr", "hit_rate", "novelty", COVERAGE, GAIN, GAP)

ASSOCIATION = "association"
CROSS_SELL_STRATEGIES = (
    "popularity",
    "rule_confidence",
    "rule_lift",
    "basket_cosine",
    "smoothed_confidence",
    ASSOCIATION,
)
SIMILAR_STRATEGIES = ("popularity", "shared_buyers", "content", "buyers_and_content")
SEQUENCE_STRATEGIES = ("caser", "gru4rec", "sasrec")
KINDS = ("repeat", "novel")
"""Candidates that the learned ranker has a model for."""

SERVING = {CROSS_SELL: (ASSOCIATION,)}
"""Which strategies of a list may serve, where not all: what goes with a product is more than what sells anyway."""
