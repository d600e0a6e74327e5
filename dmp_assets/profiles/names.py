"""The names and limits that this domain's tables and methods share."""

INTERESTS = ("interest_1", "interest_2", "interest_3")
TOPICS = ("topic_1", "topic_2", "topic_3")
"""Columns of a profile: the first interests from behaviour and from content."""

BASELINE = "category_counts"
METHODS = ("embedding", BASELINE, "order_count")
METRICS = ("roc_auc", "lift", "lift_gain")
"""How look-alikes are found, and what they are measured by."""
MIN_SEED = 50
MIN_BUYERS = 10
"""Customers in the seed of a category, and buyers to find, without which its look-alikes are not measured."""
