"""What the served tables of this domain look like; the checks that block a wrong one."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from dmp_assets.recommendations.leaderboard import COVERAGE, GAIN, LISTS, METRICS
from dmp_assets.recommendations.learned import KINDS
from dmp_assets.recommendations.served import SERVED_LISTS
from dmp_assets.recommendations.strategies import BASELINES, LEARNED, STRATEGIES

_STRATEGIES = [*STRATEGIES, LEARNED]


def _has_one_champion(frame: pd.DataFrame) -> bool:
    champions = frame.loc[frame["is_champion"], ["list", "strategy"]].drop_duplicates()
    return sorted(champions["list"]) == sorted(set(frame["list"]))


def _has_interval_around_value(frame: pd.DataFrame) -> pd.Series:
    is_covered = frame["value"].between(frame["ci_low"] - 1e-9, frame["ci_high"] + 1e-9)
    return is_covered | (frame["metric"].eq(COVERAGE) & frame["ci_low"].isna() & frame["ci_high"].isna())


def _is_within_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_bits, is_gain = frame["metric"].eq("novelty"), frame["metric"].eq(GAIN)
    return frame["value"].between(0, 1) | (is_bits & (frame["value"] >= 0)) | (is_gain & frame["value"].between(-1, 1))


def _has_ranks_from_1_without_gaps(frame: pd.DataFrame) -> pd.Series:
    in_order = frame.sort_values(["customer_id", "list", "rank"], kind="stable")
    return (in_order.groupby(["customer_id", "list"]).cumcount() + 1 == in_order["rank"]).reindex(frame.index)


def _has_score_falling_with_rank(frame: pd.DataFrame) -> pd.Series:
    in_order = frame.sort_values(["customer_id", "list", "rank"], kind="stable")
    return (~(in_order.groupby(["customer_id", "list"])["score"].diff() > 0)).reindex(frame.index)


def _is_expected_on_buy_again_only(frame: pd.DataFrame) -> pd.Series:
    return frame["expected_on"].notna() == frame["list"].eq("buy_again")


def _is_expected_from_as_of_on(frame: pd.DataFrame) -> pd.Series:
    return frame["expected_on"].isna() | (frame["expected_on"] >= frame["as_of_on"])


LEADERBOARD = pa.DataFrameSchema(
    {
        "list": pa.Column(
            str,
            pa.Check.isin(LISTS),
            description="Which products count, as candidates and as truth: all, repeat (bought before by the customer) or "
            "novel (not bought before).",
        ),
        "strategy": pa.Column(
            str,
            pa.Check.isin(_STRATEGIES),
            description="How products are scored. The baseline is "
            + ", ".join(f"{strategy} ({name})" for name, strategy in BASELINES.items())
            + ".",
        ),
        "metric": pa.Column(
            str,
            pa.Check.isin(METRICS),
            description="Of the first ten places, mean over customers: ndcg, recall, precision, mrr (reciprocal rank of "
            "the first hit), hit_rate, novelty (bits: -log2 of the share of customers who had bought the product), "
            "ndcg_gain (ndcg minus the baseline's). Over all customers: coverage (share of the products on any list).",
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "ci_low": pa.Column(
            float,
            nullable=True,
            description="Lower bound of the 95 % bootstrap interval over customers (paired for ndcg_gain); null for "
            "coverage, which a resample understates.",
        ),
        "ci_high": pa.Column(float, nullable=True, description="Upper bound of the same interval; null for coverage."),
        "customers": pa.Column(
            "int64", pa.Check.ge(1), description="Customers with at least one relevant product in the list."
        ),
        "is_champion": pa.Column(bool, description="True for the strategy with the highest ndcg of the list."),
        "as_of_on": pa.Column("datetime64[us]", description="Day after the last day of the test period."),
    },
    checks=[
        pa.Check(_has_one_champion, error="one champion per list"),
        pa.Check(_has_interval_around_value, error="ci_low <= value <= ci_high"),
        pa.Check(_is_within_metric_range, error="the value is outside the metric's range"),
    ],
    unique=["list", "strategy", "metric"],
    strict=True,
    ordered=True,
    name="recommendations.leaderboard",
    description="How good every strategy was on the last days before the as-of date, trained on what was known before "
    "them. One row per list, strategy and metric.",
)

CUSTOMER_RECOMMENDATIONS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="The customer whom the product is offered to."),
        "list": pa.Column(
            str,
            pa.Check.isin(list(SERVED_LISTS)),
            description="buy_again: bought before by the customer; discover: never bought by the customer.",
        ),
        "rank": pa.Column("int64", pa.Check.ge(1), description="Place in the customer's list, from 1, without gaps."),
        "product_id": pa.Column(str, description="The product; sold in the last 28 days and not fuel."),
        "score": pa.Column(
            float,
            pa.Check.in_range(0, float("inf"), include_max=False),
            description="Score by the strategy; with learned_ranker the probability to buy it within the horizon. Not "
            "comparable between strategies.",
        ),
        "strategy": pa.Column(
            str, pa.Check.isin(_STRATEGIES), description="The champion of the leaderboard that filled the list."
        ),
        "reason": pa.Column(str, pa.Check.str_length(min_value=1), description="Why, in words, from the purchases."),
        "expected_on": pa.Column(
            "datetime64[us]",
            nullable=True,
            description="Day on which the next purchase is due: the last one plus the usual gap, the as-of date if that "
            "has passed. Null on discover.",
        ),
        "as_of_on": pa.Column("datetime64[us]", description="Only purchases before this day (store-local) are used."),
    },
    checks=[
        pa.Check(_has_ranks_from_1_without_gaps, error="ranks of a list do not run 1, 2, 3, … without gaps"),
        pa.Check(_has_score_falling_with_rank, error="score rises with rank"),
        pa.Check(_is_expected_on_buy_again_only, error="expected_on belongs to buy_again, and to each row of it"),
        pa.Check(_is_expected_from_as_of_on, error="expected_on lies before as_of_on"),
    ],
    unique=["customer_id", "list", "product_id"],
    strict=True,
    ordered=True,
    name="recommendations.customer_recommendations",
    description="What to offer each customer next, to buy again and to discover, each list by its champion. One row per "
    "customer, list and product.",
)

RANKER = pa.DataFrameSchema(
    {
        "kind": pa.Column(
            str,
            pa.Check.isin(KINDS),
            unique=True,
            description="Candidates that it ranks: repeat (bought before by the customer) or novel.",
        ),
        "features": pa.Column(
            str, pa.Check.str_length(min_value=1), description="Names of its features, comma-separated, in their order."
        ),
        "model": pa.Column(
            str,
            nullable=True,
            description="The model in LightGBM's text format; null where no candidate, or every one, was bought in training.",
        ),
        "purchase_share": pa.Column(
            float, pa.Check.in_range(0, 1), description="Share of the training rows that were bought, 0 to 1."
        ),
        "training_rows": pa.Column(
            "int64", pa.Check.ge(0), description="Candidates that it learned from, over all training cutoffs."
        ),
        "horizon_days": pa.Column(
            "int64", pa.Check.ge(1), description="Days after the as-of date in which a purchase is predicted."
        ),
        "as_of_on": pa.Column(
            "datetime64[us]", description="Only purchases before this day (store-local) were learned from."
        ),
    },
    strict=True,
    ordered=True,
    name="recommendations.ranker",
    description="The trained learned_ranker, which scores on later days without being trained again. One row per kind of "
    "candidates; none where there was too little history to learn from.",
)
