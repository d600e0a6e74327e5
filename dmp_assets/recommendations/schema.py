"""What the served tables of this domain look like; the checks that block a wrong one."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.recommendations.names import (
    COVERAGE,
    CROSS_SELL_STRATEGIES,
    GAIN,
    GAP,
    KINDS,
    LISTS,
    METRICS,
    PRODUCT_LISTS,
    SEQUENCE_STRATEGIES,
    SERVED_LISTS,
    SIMILAR_STRATEGIES,
)
from dmp_assets.recommendations.segments import ALL_CUSTOMERS, FREQUENCY_DAYS, SEGMENTS
from dmp_assets.recommendations.strategies import BASELINES, LEARNED, STRATEGIES

_STRATEGIES = [*STRATEGIES, LEARNED, *SEQUENCE_STRATEGIES]
_PRODUCT_STRATEGIES = list(dict.fromkeys([*CROSS_SELL_STRATEGIES, *SIMILAR_STRATEGIES]))
_ALL_STRATEGIES = list(dict.fromkeys([*_STRATEGIES, *_PRODUCT_STRATEGIES]))


def _has_one_champion(frame: pd.DataFrame) -> bool:
    champions = frame.loc[frame["is_champion"], ["list", "strategy"]].drop_duplicates()
    return sorted(champions["list"]) == sorted(set(frame["list"]))


def _has_interval_around_value(frame: pd.DataFrame) -> pd.Series:
    is_covered = frame["value"].between(frame["ci_low"] - 1e-9, frame["ci_high"] + 1e-9)
    return is_covered | (frame["metric"].eq(COVERAGE) & frame["ci_low"].isna() & frame["ci_high"].isna())


def _is_within_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_bits, is_difference = frame["metric"].eq("novelty"), frame["metric"].isin([GAIN, GAP])
    is_share = frame["value"].between(0, 1)
    return is_share | (is_bits & (frame["value"] >= 0)) | (is_difference & frame["value"].between(-1, 1))


def _has_all_customers(frame: pd.DataFrame) -> bool:
    whole = frame.loc[frame["segment"].eq(ALL_CUSTOMERS), ["list", "strategy"]].drop_duplicates()
    return len(whole) == len(frame[["list", "strategy"]].drop_duplicates())


def _list_checks(owner: str) -> list[pa.Check]:
    """Return the checks of ranks and scores of lists of a customer_id or product_id."""
    keys = [owner, "list"]

    def has_ranks_from_1_without_gaps(frame: pd.DataFrame) -> pd.Series:
        in_order = frame.sort_values([*keys, "rank"], kind="stable")
        return (in_order.groupby(keys).cumcount() + 1 == in_order["rank"]).reindex(frame.index)

    def has_score_falling_with_rank(frame: pd.DataFrame) -> pd.Series:
        in_order = frame.sort_values([*keys, "rank"], kind="stable")
        return (~(in_order.groupby(keys)["score"].diff() > 0)).reindex(frame.index)

    return [
        pa.Check(has_ranks_from_1_without_gaps, error="ranks of a list do not run 1, 2, 3, … without gaps"),
        pa.Check(has_score_falling_with_rank, error="score rises with rank"),
    ]


def _is_expected_on_buy_again_only(frame: pd.DataFrame) -> pd.Series:
    return frame["expected_on"].notna() == frame["list"].eq("buy_again")


def _is_expected_from_as_of_on(frame: pd.DataFrame) -> pd.Series:
    return frame["expected_on"].isna() | (frame["expected_on"] >= frame["as_of_on"])


_REASON = pa.Column(str, pa.Check.str_length(min_value=1), description="Why, in words, from the purchases.")
_AS_OF = pa.Column("datetime64[us]", description="Only purchases before this day (store-local) are used.")

LEADERBOARD = pa.DataFrameSchema(
    {
        "list": pa.Column(
            str,
            pa.Check.isin([*LISTS, *PRODUCT_LISTS]),
            description="What is to be foreseen. For a customer, the products bought: all, repeat (bought before by the "
            "customer) or novel (not bought before). For a product: cross_sell (the rest of a basket, of other types) or "
            "similar_products (the products of its type that its customers go on to buy).",
        ),
        "segment": pa.Column(
            str,
            pa.Check.isin(list(SEGMENTS)),
            description=f"all customers, or a third of them by orders in the {FREQUENCY_DAYS} days before the test period: "
            "light, medium, heavy.",
        ),
        "strategy": pa.Column(
            str,
            pa.Check.isin(_ALL_STRATEGIES),
            description="How products are scored. The baseline is "
            + ", ".join(f"{strategy} ({name})" for name, strategy in BASELINES.items())
            + ".",
        ),
        "metric": pa.Column(
            str,
            pa.Check.isin(METRICS),
            description="Of the first ten places, mean over customers: ndcg, recall, precision, mrr (reciprocal rank of "
            "the first hit), hit_rate, novelty (bits: -log2 of the share of customers who had bought the product), "
            "ndcg_gain (ndcg minus the baseline's), ndcg_gap (the champion's ndcg minus this one's). Over all customers: "
            "coverage (share of the products known before the test period that are on any list).",
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "ci_low": pa.Column(
            float,
            nullable=True,
            description="Lower bound of the 95 % bootstrap interval over customers (paired for ndcg_gain and ndcg_gap); "
            "null for coverage, which a resample understates.",
        ),
        "ci_high": pa.Column(float, nullable=True, description="Upper bound of the same interval; null for coverage."),
        "customers": pa.Column(
            "int64",
            pa.Check.ge(1),
            description="Customers of the segment with at least one relevant product in the list.",
        ),
        "is_champion": pa.Column(
            bool,
            description="True for the strategy with the highest ndcg of the list over all customers, of those that may serve; for "
            "cross_sell only association may, as the others mostly name what sells best.",
        ),
        "as_of_on": pa.Column("datetime64[us]", description="Day after the last day of the test period."),
    },
    checks=[
        pa.Check(_has_one_champion, error="one champion per list"),
        pa.Check(_has_all_customers, error="a strategy of a list lacks its rows over all customers"),
        pa.Check(_has_interval_around_value, error="ci_low <= value <= ci_high"),
        pa.Check(_is_within_metric_range, error="the value is outside the metric's range"),
    ],
    unique=["list", "segment", "strategy", "metric"],
    strict=True,
    ordered=True,
    name="recommendations.leaderboard",
    metadata=may_be_empty(
        "the last month held nothing to foresee: no product that was known before it, bought by a customer known before it; "
        "the baselines fill the lists"
    ),
    description="How good every strategy was on the last days before the as-of date, trained on what was known before "
    "them. One row per list, segment, strategy and metric.",
)

CUSTOMER_RECOMMENDATIONS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="The customer whom the product is offered to."),
        "list": pa.Column(
            str,
            pa.Check.isin(list(SERVED_LISTS)),
            description="buy_again: bought before by the customer; discover: never bought by the customer, who may buy others of "
            "its type; the reason says so.",
        ),
        "rank": pa.Column("int64", pa.Check.ge(1), description="Place in the customer's list, from 1, without gaps."),
        "product_id": pa.Column(str, description="The product; recommendable, sold in the last 28 days, not excluded."),
        "score": pa.Column(
            float,
            pa.Check.in_range(0, float("inf"), include_max=False),
            description="Score by the strategy; with learned_ranker the probability to buy it within the horizon. Not "
            "comparable between strategies.",
        ),
        "strategy": pa.Column(
            str, pa.Check.isin(_STRATEGIES), description="The champion of the leaderboard that filled the list."
        ),
        "reason": _REASON,
        "expected_on": pa.Column(
            "datetime64[us]",
            nullable=True,
            description="Day on which the next purchase is due: the last one plus the usual gap, the as-of date if that "
            "has passed. Null on discover.",
        ),
        "as_of_on": _AS_OF,
    },
    checks=[
        *_list_checks("customer_id"),
        pa.Check(_is_expected_on_buy_again_only, error="expected_on belongs to buy_again, and to each row of it"),
        pa.Check(_is_expected_from_as_of_on, error="expected_on lies before as_of_on"),
    ],
    unique=["customer_id", "list", "product_id"],
    strict=True,
    ordered=True,
    name="recommendations.customer_recommendations",
    metadata=may_be_empty("no product that a customer could be offered was sold in the last 28 days"),
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
    metadata=may_be_empty(
        "the history is too short to learn from: a month, the month to foresee after it, and the month to test on"
    ),
    description="The trained learned_ranker, which scores on later days without being trained again. One row per kind of "
    "candidates; none where there was too little history to learn from.",
)

PRODUCT_RECOMMENDATIONS = pa.DataFrameSchema(
    {
        "product_id": pa.Column(str, description="The product that is looked at or in the basket."),
        "list": pa.Column(
            str,
            pa.Check.isin(list(PRODUCT_LISTS)),
            description="cross_sell: bought in the same order, of another product type; similar_products: can stand in for "
            "it, of the same product type (of the same category where the type has no other product).",
        ),
        "rank": pa.Column("int64", pa.Check.ge(1), description="Place in the product's list, from 1, without gaps."),
        "recommended_product_id": pa.Column(
            str, description="The product recommended; recommendable, sold in the last 28 days, not excluded."
        ),
        "score": pa.Column(
            float,
            pa.Check.in_range(0, float("inf"), include_min=False, include_max=False),
            description="Score by the strategy; with association the share of the orders with product_id (or with its type or its "
            "category, see reason) that hold the recommended one, beyond what is usual for such orders. Not comparable between "
            "strategies.",
        ),
        "strategy": pa.Column(
            str,
            pa.Check.isin(_PRODUCT_STRATEGIES),
            description="What filled the list: of similar_products the champion of the leaderboard, of cross_sell association.",
        ),
        "reason": _REASON,
        "as_of_on": _AS_OF,
    },
    checks=[
        *_list_checks("product_id"),
        pa.Check(
            lambda frame: frame["product_id"] != frame["recommended_product_id"], error="a product recommends itself"
        ),
    ],
    unique=["product_id", "list", "recommended_product_id"],
    strict=True,
    ordered=True,
    name="recommendations.product_recommendations",
    metadata=may_be_empty("no two products that go together or are alike were sold in the last 28 days"),
    description="What goes with each product in the assortment and what can stand in for it, each list by its champion. "
    "A product has no cross_sell rows if neither its orders nor those of its type and category tell, by 20 customers, what goes "
    "with it beyond what sells anyway. One row per product, list and recommended product.",
)
