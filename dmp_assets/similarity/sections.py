"""What the similarities offer to the published pages: examples of what is alike, every measure, and one customer's nearest."""

from __future__ import annotations

from collections.abc import Sequence

from dmp_assets.analysis import inputs
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, CustomerSection, Fact, FactGroup, Frames, Section, page_table
from dmp_assets.profiles.plots import plot_lookalike_quality
from dmp_assets.similarity.schema import PRODUCT_SIMILARITY

NEIGHBOURS_LISTED = 8
"""The nearest customers that are shown of a customer, at most."""

NEIGHBOUR_MEASURE = "pearson_significance_50"
"""Who agrees in what they buy often; the default measure says who will buy the same new products."""

_SHOWN = {
    "cosine_binary": "same customers",
    "adjusted_cosine_significance_50": "bought as often by the same customers",
    "lift_npmi": "same baskets",
    "content_tf_idf": "same words",
}
"""The measures of products that examples are shown of, and what they say."""


def _similar(frames: Frames) -> Content:
    examples = frames["similar_products"].pivot_table(
        index=["product", "department", "orders"], columns="measure", values="most_similar", aggfunc="first"
    )
    shown = [measure for measure in _SHOWN if measure in examples.columns]
    examples = examples[shown].sort_index(level="orders", ascending=False).reset_index().fillna("–")
    about_measures = ["entity", "measure", "description", "is_default"]
    shares = ["covered_share", "same_type_share", "chance_same_type_share"]
    return Content(
        "Who buys the same products, and which products go to the same customers, into the same baskets or have the same words: "
        "for the best seller of each department the nearest product by each measure, with the similarity. Look-alikes are the "
        "customers nearest to a group, here to the buyers of a category, by what they buy, when, in which words and who they are.",
        [embed(plot_lookalike_quality(frames["lookalikes"]))],
        [
            page_table(
                "Most similar customers with 20 products or more in common",
                frames["similar_customers"],
                {"similarity": ".3f", "products_in_common": ",.0f"},
                "no two customers have that many",
            ),
            page_table(
                "Most similar products",
                examples.rename(columns=_SHOWN),
                {"orders": ",.0f"},
                empty_because(PRODUCT_SIMILARITY),
            ),
            page_table("Every measure", frames["measures"][[*about_measures, *shares]], dict.fromkeys(shares, ".1%")),
        ],
    )


def _customer_facts(frames: Frames) -> Sequence[FactGroup]:
    rows = frames["neighbours"][["neighbour_customer_id", "similarity", "common_count"]]
    return [
        FactGroup(
            "Similar customers",
            [
                Fact(customer, f"{similarity:.3f}", f"{common:,} products in common")
                for customer, similarity, common in rows.itertuples(index=False, name=None)
            ],
        )
    ]


SECTIONS = (
    Section(
        "Similar customers and products",
        60,
        {
            "similar_customers": """
                select pair.customer_id as customer, one.rfm_segment as segment, one.cluster_name as cluster,
                    pair.neighbour_customer_id as most_similar, other.rfm_segment as its_segment,
                    other.cluster_name as its_cluster, pair.similarity, pair.common_count as products_in_common
                from similarity.customer_similarity as pair
                inner join similarity.similarity_measures as measures
                    on pair.measure = measures.measure and measures.entity = 'customer' and measures.is_default
                inner join profiles.customer_profiles as one on pair.customer_id = one.customer_id
                inner join profiles.customer_profiles as other on pair.neighbour_customer_id = other.customer_id
                where pair.rank = 1 and pair.common_count >= 20
                qualify row_number() over (
                    partition by
                        least(pair.customer_id, pair.neighbour_customer_id),
                        greatest(pair.customer_id, pair.neighbour_customer_id)
                    order by pair.customer_id
                ) = 1
                order by pair.similarity desc, pair.customer_id
                limit 8
            """,
            "similar_products": f"""
                with names as (
                    select product_id, department,
                        {inputs.product_name("products", "product_type", "package_size")} as product
                    from marts.dim_products as products where is_recommendable
                ),
                sold as (
                    select names.department, names.product, lines.product_id, count(distinct lines.order_id) as orders
                    from marts.fct_order_lines as lines
                    inner join names on lines.product_id = names.product_id
                    where lines.line_type in ('sale', 'free') and lines.order_on < {inputs.AS_OF}
                    group by all
                ),
                best as (
                    select * from sold
                    qualify row_number() over (partition by department order by orders desc, product_id) = 1
                    order by orders desc, product_id
                    limit 8
                )
                select best.product, best.department, best.orders, pair.measure,
                    neighbour.product || printf(' (%.2f)', pair.similarity) as most_similar
                from best
                inner join similarity.product_similarity as pair on best.product_id = pair.product_id and pair.rank = 1
                inner join names as neighbour on pair.neighbour_product_id = neighbour.product_id
                order by best.orders desc, best.product_id, pair.measure
            """,
            "measures": "select * from similarity.similarity_measures order by entity, measure",
            "lookalikes": "select * from profiles.lookalike_quality order by method, metric",
        },
        _similar,
    ),
)

CUSTOMER = CustomerSection(
    30,
    {
        "neighbours": f"""
            select customer_id, neighbour_customer_id, similarity, common_count
            from similarity.customer_similarity
            where customer_id in (select customer_id from asked)
                and measure = '{NEIGHBOUR_MEASURE}' and rank <= {NEIGHBOURS_LISTED}
            order by customer_id, rank
        """
    },
    _customer_facts,
)
