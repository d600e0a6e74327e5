"""RFM: quintile scores of recency, frequency and monetary amount, and the named segment of every customer.

Source of the method: Hughes, A. M. (1994), Strategic Database Marketing (quintile scores); the segment names are the
usual words of the field, over recency (r) and the mean of frequency and monetary score (fm).

"New" and "Promising" mean what they mean everywhere in RFM: seen recently, few orders, little spent. How long
somebody has been a customer does not enter here; the tag `new_customer` is about that.
"""

import numpy as np
import pandas as pd

# Row: r score 5 (bought most recently) to 1. Column: fm score 1 to 5. Every one of the 25 cells has a name.
SEGMENT_GRID: dict[int, tuple[str, str, str, str, str]] = {
    5: ("New", "Potential loyalists", "Potential loyalists", "Champions", "Champions"),
    4: ("Promising", "Potential loyalists", "Potential loyalists", "Loyal", "Champions"),
    3: ("Promising", "Need attention", "Need attention", "Loyal", "Loyal"),
    2: ("Hibernating", "About to sleep", "About to sleep", "At risk", "At risk"),
    1: ("Lost", "Hibernating", "At risk", "Cannot lose them", "Cannot lose them"),
}

# Best to worst: the order of charts and legends.
SEGMENTS: tuple[str, ...] = (
    "Champions",
    "Loyal",
    "Potential loyalists",
    "New",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Cannot lose them",
    "Hibernating",
    "Lost",
)


def quintile_scores(values: pd.Series, *, higher_is_better: bool) -> pd.Series:
    """Score every value 1 to 5 (5 is best) by its place among all values.

    The score is the fifth of the population in which the middle of the value's tie group lies: with average rank R of
    n (1 is worst), `1 + floor(5 (R - 1/2) / n)`. Equal values therefore always get equal scores, a better value never
    gets a lower one, and the order of the rows does not matter; heavy ties make the five groups unequal in size. A
    population that is all alike, or a single customer, scores 3.

    Returns an int64 series on the index of `values`. Raises ValueError for a missing value: it has no rank.
    """
    if values.isna().any():
        raise ValueError(f"{values.name}: {int(values.isna().sum())} missing values cannot be scored")
    # Twice the average rank is a whole number, so the floor below is exact.
    twice_rank = (2 * values.rank(method="average", ascending=higher_is_better)).round().astype("int64")
    return (1 + 5 * (twice_rank - 1) // (2 * max(len(values), 1))).astype("int64")


def segment_of(r_score: int, f_score: int, m_score: int) -> str:
    """Name of the segment for three scores of 1 to 5; fm is the mean of f and m, halves rounded up."""
    return SEGMENT_GRID[r_score][(f_score + m_score + 1) // 2 - 1]


def rfm_table(features: pd.DataFrame) -> pd.DataFrame:
    """Scores and segment of every customer.

    `features` has one row per customer: customer_id, recency_days, frequency, monetary_amount. Returns one row per
    customer, sorted by customer_id: customer_id, r_score, f_score, m_score (int64, 1 to 5), rfm_score (text such as
    '545') and rfm_segment. Raises ValueError for a repeated customer or a missing value.
    """
    repeated = features["customer_id"][features["customer_id"].duplicated()]
    if not repeated.empty:
        raise ValueError(f"features must have one row per customer; repeated: {sorted(repeated.unique())[:5]}")
    features = features.sort_values("customer_id", ignore_index=True)
    table = pd.DataFrame(
        {
            "customer_id": features["customer_id"],
            "r_score": quintile_scores(features["recency_days"], higher_is_better=False),
            "f_score": quintile_scores(features["frequency"], higher_is_better=True),
            "m_score": quintile_scores(features["monetary_amount"], higher_is_better=True),
        }
    )
    scores = table[["r_score", "f_score", "m_score"]].to_numpy(dtype=np.int64).tolist()
    table["rfm_score"] = pd.Series(["".join(map(str, row)) for row in scores], dtype=object)
    table["rfm_segment"] = pd.Series([segment_of(*row) for row in scores], dtype=object)
    return table
