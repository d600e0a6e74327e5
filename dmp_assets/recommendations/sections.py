"""What the recommendations offer to the published pages: how good the strategies are, and one customer's lists."""

from __future__ import annotations

from collections.abc import Sequence

from dmp_assets.analysis import inputs
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import (
    Content,
    CustomerSection,
    Fact,
    FactGroup,
    Frames,
    Section,
    in_words,
    page_table,
)
from dmp_assets.recommendations import plots, schema
from dmp_assets.recommendations.names import GAP, PRODUCT_LISTS
from dmp_assets.recommendations.segments import ALL_CUSTOMERS

LISTED = 10
"""Recommendations per list that are shown of a customer, at most."""


def _recommendations(frames: Frames) -> Content:
    board = frames["leaderboard"]
    everyone = board[board["segment"] == ALL_CUSTOMERS]
    metrics = ["ndcg", "recall", "precision", "mrr", "hit_rate", "coverage", "novelty"]
    wide = everyone.pivot_table(index=["list", "strategy", "customers"], columns="metric", values="value")
    wide = wide.reindex(columns=metrics).reset_index()
    gap = everyone.loc[everyone["metric"] == GAP, ["list", "strategy", "ci_low"]]
    wide = wide.merge(gap, on=["list", "strategy"]).sort_values(["list", "ndcg"], ascending=[True, False])
    wide["behind beyond noise"] = ["yes" if low > 0 else "no" for low in wide.pop("ci_low")]
    return Content(
        "Every strategy foresaw the last month from what was known before it; the best of each list serves it. A bar's whisker is "
        "the 95 % interval, the dashed line the naive answer. 'repeat' fills the list buy again, 'novel' the list discover.",
        [
            embed(plots.plot_leaderboard(board)),
            embed(plots.plot_segments(board)),
            embed(plots.plot_leaderboard(board, PRODUCT_LISTS)),
        ],
        [
            page_table(
                "Leaderboard, first ten places (coverage: share of all products; novelty: bits)",
                wide[["list", "strategy", "customers", *metrics, "behind beyond noise"]],
                {"customers": ",.0f", **dict.fromkeys(metrics, ".3f"), "novelty": ".1f"},
                empty_because(schema.LEADERBOARD),
            ),
            page_table(
                "What goes with what: strongest",
                frames["cross_sell"],
                {"score": ".3f"},
                empty_because(schema.PRODUCT_RECOMMENDATIONS),
            ),
        ],
    )


def _customer_facts(frames: Frames) -> Sequence[FactGroup]:
    return [
        FactGroup(
            f"Recommended: {in_words(str(name))}",
            [
                Fact(product, f"number {rank}, by {in_words(strategy)}", reason)
                for product, rank, strategy, reason in rows[["product", "rank", "strategy", "reason"]].itertuples(
                    index=False, name=None
                )
            ],
        )
        for name, rows in frames["lists"].groupby("list", sort=True)
    ]


SECTIONS = (
    Section(
        "Recommendations",
        50,
        {
            "leaderboard": "select * from recommendations.leaderboard order by list, segment, strategy, metric",
            "cross_sell": f"""
                select {inputs.product_name("product", "product_type", "department")} as product,
                    {inputs.product_name("other", "product_type")} as goes_with, lists.score, lists.reason
                from recommendations.product_recommendations as lists
                inner join marts.dim_products as product on lists.product_id = product.product_id
                inner join marts.dim_products as other on lists.recommended_product_id = other.product_id
                where lists.list = 'cross_sell' and lists.rank = 1
                order by lists.score desc, lists.product_id
                limit 12
            """,
        },
        _recommendations,
    ),
)

CUSTOMER = CustomerSection(
    20,
    {
        "lists": f"""
            select lists.customer_id, lists.list, lists.rank,
                {inputs.product_name("products", "product_type", "product_category", "package_size")} as product,
                lists.product_id, lists.expected_on, lists.strategy, lists.reason
            from recommendations.customer_recommendations as lists
            inner join marts.dim_products as products on lists.product_id = products.product_id
            where lists.customer_id in (select customer_id from asked) and lists.rank <= {LISTED}
            order by lists.customer_id, lists.list, lists.rank
        """
    },
    _customer_facts,
)
