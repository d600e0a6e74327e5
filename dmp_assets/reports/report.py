"""What the report shows: which tables it reads, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.clusters import plots as cluster_plots
from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.methods import SERVED_METHOD
from dmp_assets.forecasts.customers import plots as prediction_plots
from dmp_assets.forecasts.customers import schema as prediction_schema
from dmp_assets.forecasts.customers.metrics import LOG_LOSS
from dmp_assets.forecasts.customers.targets import TARGETS
from dmp_assets.forecasts.sales import plots as forecast_plots
from dmp_assets.forecasts.sales import schema as forecast_schema
from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, POOLED_SERIES, SERVED
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.money import currency, money
from dmp_assets.platform.pictures import svg
from dmp_assets.profiles import plots as profile_plots
from dmp_assets.profiles import schema as profile_schema
from dmp_assets.recommendations import plots as recommendation_plots
from dmp_assets.recommendations import schema as recommendation_schema
from dmp_assets.recommendations.leaderboard import GAP
from dmp_assets.recommendations.product_lists import PRODUCT_LISTS
from dmp_assets.recommendations.segments import ALL_CUSTOMERS
from dmp_assets.reports.page import Fact, Section, page_table, render
from dmp_assets.similarity import schema as similarity_schema

QUERIES = {
    "orders": f"""
        select count(*) as orders, count(distinct customer_id) as customers, sum(sales_amount) as sales_amount,
            min(order_on) as first_on, max(order_on) as last_on, string_agg(distinct source, ', ' order by source) as sources
        from marts.fct_orders where order_on < {inputs.AS_OF}
    """,
    "features": inputs.FEATURES,
    "profiles": "select * from profiles.customer_profiles order by customer_id",
    "tags": "select * from profiles.customer_tags where source = 'rule' order by customer_id, tag",
    "clusters": "select * from clusters.customer_clusters where method = 'kmeans' order by customer_id",
    "selection": "select * from clusters.cluster_selection order by method, k, setting",
    "summaries": "select * from clusters.cluster_summaries where method = 'kmeans' order by cluster_id",
    "drift": "select feature, psi, is_drifting, reference_as_of_on from clusters.cluster_drift order by feature",
    "weekly": inputs.WEEKLY_SALES,
    "daily": inputs.DAILY_SALES,
    "interests": "select * from profiles.customer_interests order by customer_id, source, rank",
    "topics": "select * from profiles.topic_terms order by topic_id, rank",
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
    "measures": "select * from similarity.similarity_measures order by entity, measure",
    "forecasts": "select * from forecasts.sales_forecasts order by frequency, level, series_id, date",
    "forecast_models": "select * from forecasts.forecast_models order by frequency, level, series_id",
    "backtest": "select * from forecasts.forecast_backtest order by frequency, level, series_id, date",
    "accuracy": "select * from forecasts.forecast_accuracy order by frequency, level, series_id, model, metric",
    "realised": "select * from forecasts.realised_accuracy order by forecast_as_of_on desc, frequency, level",
    "prediction_board": "select * from forecasts.prediction_leaderboard order by target, cutoff_on, model, metric",
    "prediction_models": """
        select target, role, model, reason, training_rows, threshold
        from forecasts.prediction_models where role = 'champion' order by target
    """,
    "prediction_reliability": "select * from forecasts.prediction_reliability order by target, cutoff_on, model, bin",
    "prediction_gains": "select * from forecasts.prediction_gains order by target, model, taken_share",
    "prediction_importance": "select * from forecasts.prediction_importance order by target, rank",
    "prediction_dependence": """
        select dependence.*
        from forecasts.prediction_dependence as dependence
        inner join forecasts.prediction_importance as importance
            on dependence.target = importance.target and dependence.feature = importance.feature
        order by dependence.target, importance.rank, dependence.value
    """,
    "prediction_drift": f"""
        select * from forecasts.prediction_drift where as_of_on = {inputs.AS_OF} order by kind, feature
    """,
    "prediction_outcomes": """
        select * from forecasts.prediction_outcomes
        where as_of_on > (select max(as_of_on) - interval 28 day from forecasts.prediction_outcomes)
        order by as_of_on desc, target, metric
    """,
    "lifetime_values": "select * from forecasts.lifetime_values order by customer_id",
    "similar_customers": """
        select pair.customer_id as customer, one.rfm_segment as segment, one.cluster_name as cluster,
            pair.neighbour_customer_id as most_similar, other.rfm_segment as its_segment, other.cluster_name as its_cluster,
            pair.similarity, pair.common_count as products_in_common
        from similarity.customer_similarity as pair
        inner join similarity.similarity_measures as measures
            on pair.measure = measures.measure and measures.entity = 'customer' and measures.is_default
        inner join profiles.customer_profiles as one on pair.customer_id = one.customer_id
        inner join profiles.customer_profiles as other on pair.neighbour_customer_id = other.customer_id
        where pair.rank = 1 and pair.common_count >= 20
        qualify row_number() over (
            partition by least(pair.customer_id, pair.neighbour_customer_id), greatest(pair.customer_id, pair.neighbour_customer_id)
            order by pair.customer_id
        ) = 1
        order by pair.similarity desc, pair.customer_id
        limit 8
    """,
    "similar_products": f"""
        with names as (
            select product_id, department, {inputs.product_name("products", "product_type", "package_size")} as product
            from marts.dim_products as products where not is_fuel
        ),
        sold as (
            select names.department, names.product, lines.product_id, count(distinct lines.order_id) as orders
            from marts.fct_order_lines as lines
            inner join names on lines.product_id = names.product_id
            where lines.line_type <> 'coupon' and lines.order_on < {inputs.AS_OF}
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
    "lookalikes": "select * from profiles.lookalike_quality order by method, metric",
    "rejected": """
        select contract_table, reason, count(*) as rows
        from quarantine.rejected_rows group by contract_table, reason order by rows desc, reason
    """,
}
"""What the report reads, by name."""

SIMILARITY_SHOWN = {
    "cosine_binary": "same customers",
    "adjusted_cosine_significance_50": "bought as often by the same customers",
    "lift_npmi": "same baskets",
    "content_tf_idf": "same words",
}
"""The measures of products that examples are shown of, and what they say."""

READS = (
    "marts.fct_order_lines",
    "marts.fct_orders",
    "marts.customer_features",
    "marts.fct_weekly_sales",
    "marts.fct_daily_sales",
    "marts.dim_products",
    "profiles.customer_profiles",
    "profiles.customer_tags",
    "clusters.customer_clusters",
    "clusters.cluster_selection",
    "clusters.cluster_summaries",
    "clusters.cluster_drift",
    "similarity.customer_similarity",
    "similarity.product_similarity",
    "similarity.similarity_measures",
    "profiles.customer_interests",
    "profiles.lookalike_quality",
    "profiles.topic_terms",
    "recommendations.leaderboard",
    "recommendations.product_recommendations",
    "forecasts.sales_forecasts",
    "forecasts.forecast_models",
    "forecasts.forecast_accuracy",
    "forecasts.forecast_backtest",
    "forecasts.realised_accuracy",
    "forecasts.prediction_leaderboard",
    "forecasts.prediction_models",
    "forecasts.prediction_reliability",
    "forecasts.prediction_gains",
    "forecasts.prediction_importance",
    "forecasts.prediction_dependence",
    "forecasts.prediction_drift",
    "forecasts.prediction_outcomes",
    "forecasts.lifetime_values",
    "quarantine.rejected_rows",
)
"""The tables behind the queries."""


def build_report(query: Callable[[str], pd.DataFrame], *, sample_percent: int) -> str:
    """Return the report as one HTML page.

    Args:
        query: runs SQL on the warehouse.
        sample_percent: share of the source's households that were loaded; the page says so when it is not all.
    """
    data = {name: query(sql) for name, sql in QUERIES.items()}
    as_of_on = data["profiles"]["as_of_on"].iloc[0].date().isoformat()
    orders = data["orders"].iloc[0]
    sample = "" if sample_percent == 100 else f" This is a sample of {sample_percent} % of the households."
    return render(
        as_of_on=as_of_on,
        about=(
            f"Purchases from {orders['sources']}, {orders['first_on']:%d %B %Y} to {orders['last_on']:%d %B %Y}.{sample} "
            f"Everything is computed from what was known before {as_of_on}."
        ),
        facts=_facts(data),
        sections=[
            _customers(data),
            _segments(data),
            _interests(data),
            _clusters(data),
            _recommendations(data),
            _similar(data),
            _predictions(data),
            _sales(data),
            _quality(data),
        ],
        footer=(
            f"Amounts are in {currency()}, as the retailer received them. Figures and tables come from the warehouse "
            "tables of the same names; definitions, grain and lineage of every column are in the dbt docs beside this file."
        ),
    )


def _facts(data: dict[str, pd.DataFrame]) -> list[Fact]:
    orders, accuracy = data["orders"].iloc[0], data["accuracy"]
    chosen = data["summaries"]
    gain = _pooled(accuracy, "improvement_over_naive_pct")
    return [
        Fact(f"{orders['customers']:,.0f}", "customers with an order"),
        Fact(f"{orders['orders']:,.0f}", "orders"),
        Fact(money(orders["sales_amount"], 0), "sales"),
        Fact(f"{len(chosen)}", "clusters of customers"),
        *(
            [Fact(f"{-gain:+.1f} %", "error of the weekly category forecasts against the naive forecast")]
            if gain is not None
            else []
        ),
    ]


def _pooled(accuracy: pd.DataFrame, metric: str) -> float | None:
    """Return a metric of what is served by week, over all categories; None if no category could be forecast."""
    rows = accuracy[
        (accuracy["frequency"] == "weekly")
        & (accuracy["level"] == "category")
        & (accuracy["series_id"] == ALL_SERIES)
        & (accuracy["model"] == SERVED)
        & (accuracy["metric"] == metric)
    ]
    return None if rows.empty else float(rows["value"].iloc[0])


def _customers(data: dict[str, pd.DataFrame]) -> Section:
    return Section(
        "Customers",
        "How often customers come and what they spend in all. Recency and frequency are scored in fifths, 5 is best. The lifecycle "
        "stage measures each customer by their own rhythm, the loyalty tier by spend and regularity over half a year. One customer "
        "at a time, with every reason: customers.html beside this page.",
        [
            svg(profile_plots.plot_frequency_and_spend(data["profiles"])),
            svg(profile_plots.plot_recency_frequency(data["profiles"])),
            svg(profile_plots.plot_lifecycle_stages(data["profiles"])),
            svg(profile_plots.plot_loyalty_tiers(data["profiles"])),
            svg(profile_plots.plot_feature_distributions(data["features"])),
        ],
    )


def _segments(data: dict[str, pd.DataFrame]) -> Section:
    segments = (
        data["profiles"]
        .groupby("rfm_segment", as_index=False)
        .agg(
            customers=("customer_id", "size"),
            recency=("recency_days", "median"),
            orders=("frequency", "median"),
            sales=("monetary_amount", "sum"),
        )
        .sort_values(["sales", "rfm_segment"], ascending=[False, True])
    )
    segments.insert(2, "share", segments["customers"] / segments["customers"].sum())
    segments["share of sales"] = segments["sales"] / segments["sales"].sum()
    segments = segments.rename(
        columns={"rfm_segment": "segment", "recency": "median days since last order", "orders": "median orders"}
    )
    tags = (
        data["tags"]
        .groupby(["tag", "category"], as_index=False)
        .agg(customers=("customer_id", "size"), example=("evidence", "first"))
        .sort_values(["customers", "tag"], ascending=[False, True])
    )
    formats = {
        "customers": ",.0f",
        "share": ".1%",
        "median days since last order": ",.0f",
        "median orders": ",.0f",
        "sales": ",.0f",
        "share of sales": ".1%",
    }
    return Section(
        "Segments",
        "Every customer is in exactly one segment, by recency, frequency and monetary scores. Tags come from rules that a "
        "marketer can edit; the example is what the rule saw for one customer.",
        [svg(profile_plots.plot_segment_sizes(data["profiles"])), svg(profile_plots.plot_tags(data["tags"]))],
        [
            page_table("Segments", segments, formats),
            page_table("Tags", tags, {"customers": ",.0f"}, empty_because(profile_schema.CUSTOMER_TAGS)),
        ],
    )


def _interests(data: dict[str, pd.DataFrame]) -> Section:
    return Section(
        "Interests",
        "What customers buy more than others do: by behaviour from the categories they buy, by content from topics in the words "
        "of the products. The topics are found in the catalogue alone.",
        [svg(profile_plots.plot_interests(data["interests"])), svg(profile_plots.plot_topics(data["topics"]))],
    )


def _recommendations(data: dict[str, pd.DataFrame]) -> Section:
    board = data["leaderboard"]
    everyone = board[board["segment"] == ALL_CUSTOMERS]
    metrics = ["ndcg", "recall", "precision", "mrr", "hit_rate", "coverage", "novelty"]
    wide = everyone.pivot_table(index=["list", "strategy", "customers"], columns="metric", values="value")
    wide = wide.reindex(columns=metrics).reset_index()
    gap = everyone.loc[everyone["metric"] == GAP, ["list", "strategy", "ci_low"]]
    wide = wide.merge(gap, on=["list", "strategy"]).sort_values(["list", "ndcg"], ascending=[True, False])
    wide["behind beyond noise"] = ["yes" if low > 0 else "no" for low in wide.pop("ci_low")]
    wide = wide[["list", "strategy", "customers", *metrics, "behind beyond noise"]].rename(columns=_in_words)
    formats = {"customers": ",.0f", **dict.fromkeys(metrics, ".3f"), "novelty": ".1f"}
    return Section(
        "Recommendations",
        "Every strategy foresaw the last month from what was known before it; the best of each list serves it. A bar's whisker is "
        "the 95 % interval, the dashed line the naive answer. 'repeat' fills the list buy again, 'novel' the list discover.",
        [
            svg(recommendation_plots.plot_leaderboard(board)),
            svg(recommendation_plots.plot_segments(board)),
            svg(recommendation_plots.plot_leaderboard(board, PRODUCT_LISTS)),
        ],
        [
            page_table(
                "Leaderboard, first ten places (coverage: share of all products; novelty: bits)",
                wide,
                {name.replace("_", " "): text for name, text in formats.items()},
                empty_because(recommendation_schema.LEADERBOARD),
            ),
            page_table(
                "What goes with what: strongest",
                data["cross_sell"].rename(columns=_in_words),
                {"score": ".3f"},
                empty_because(recommendation_schema.PRODUCT_RECOMMENDATIONS),
            ),
        ],
    )


def _clusters(data: dict[str, pd.DataFrame]) -> Section:
    points = transform_features(data["features"])
    summaries = data["summaries"][
        [
            "cluster_name",
            "description",
            "customer_count",
            "customer_share",
            "recency_days",
            "frequency",
            "monetary_amount",
        ]
    ]
    evidence = [
        "stability_ari",
        "silhouette",
        "calinski_harabasz",
        "davies_bouldin",
        "smallest_cluster_share",
        "noise_share",
    ]
    selection = data["selection"][data["selection"]["method"] == SERVED_METHOD][["k", *evidence[:-1], "reason"]]
    methods = data["selection"][data["selection"]["is_chosen"]][["method", "setting", "k", *evidence]]
    evidence_formats = {
        "k": ".0f",
        "stability ari": ".2f",
        "silhouette": ".3f",
        "calinski harabasz": ",.0f",
        "davies bouldin": ".2f",
        "smallest cluster share": ".1%",
    }
    return Section(
        "Clusters",
        "Groups of customers who behave alike, found by K-Means on scaled behaviour. The number of groups is chosen by how "
        "stable they are when the customers are drawn anew, not by one score alone.",
        [
            svg(cluster_plots.plot_projection(points, data["clusters"])),
            svg(cluster_plots.plot_cluster_profiles(points, data["clusters"])),
            svg(cluster_plots.plot_selection(data["selection"])),
            svg(cluster_plots.plot_dendrogram(points)),
        ],
        [
            page_table(
                "What sets each cluster apart",
                summaries.rename(columns=_in_words),
                {
                    "customer count": ",.0f",
                    "customer share": ".1%",
                    "recency days": ",.1f",
                    "frequency": ",.1f",
                    "monetary amount": ",.0f",
                },
            ),
            page_table("Evidence for the number of clusters", selection.rename(columns=_in_words), evidence_formats),
            page_table(
                "Every method at its best setting, for comparison",
                methods.rename(columns=_in_words),
                evidence_formats | {"noise share": ".1%"},
            ),
            page_table(
                "Drift of the customers since the clusters of the date before (population stability index; above 0.2 is alarming)",
                data["drift"].rename(columns=_in_words),
                {"psi": ".3f"},
            ),
        ],
    )


def _sales(data: dict[str, pd.DataFrame]) -> Section:
    accuracy, forecasts, realised = data["accuracy"], data["forecasts"], data["realised"]
    pooled = accuracy[accuracy["series_id"].isin(POOLED_SERIES) & (accuracy["model"] == SERVED)].pivot_table(
        index=["frequency", "level", "series_id", "series_count"], columns="metric", values="value"
    )
    columns = ["mase", "wmape", "bias", "improvement_over_naive_pct", "coverage_80", "coverage_95"]
    pooled = pooled.reindex(columns=columns).reset_index().rename(columns=_in_words)
    accuracy_formats = {
        "series count": ",.0f",
        "mase": ".3f",
        "wmape": ".1%",
        "bias": "+.1%",
        "improvement over naive pct": "+.1f",
        "coverage 80": ".1%",
        "coverage 95": ".1%",
    }
    total = forecasts[(forecasts["level"] == "total") & (forecasts["frequency"] == "weekly")]
    total = total[["date", "model", "mean", "lo_80", "hi_80", "lo_95", "hi_95"]]
    total = total.assign(date=total["date"].dt.strftime("%Y-%m-%d")).rename(columns={"date": "week from"})
    figures = [
        *(svg(forecast_plots.plot_forecasts(data[name], forecasts, data["backtest"], name)) for name in FREQUENCIES),
        *(svg(forecast_plots.plot_accuracy(accuracy, name)) for name in FREQUENCIES),
        svg(forecast_plots.plot_champions(data["forecast_models"])),
        svg(forecast_plots.plot_coverage(accuracy)),
        svg(forecast_plots.plot_realised(realised)),
    ]
    tables = [
        page_table(
            f"Total sales, {currency()}",
            total,
            dict.fromkeys(["mean", "lo_80", "hi_80", "lo_95", "hi_95"], ",.0f"),
            empty_because(forecast_schema.SALES_FORECASTS),
        ),
        page_table(
            "What is served, on the held-out periods, over the series of a level",
            pooled,
            accuracy_formats,
            empty_because(forecast_schema.FORECAST_ACCURACY),
        ),
    ]
    columns = [
        "forecast_as_of_on",
        "frequency",
        "level",
        "point_count",
        "mase",
        "naive_mase",
        "promised_mase",
        "bias",
        "coverage_80",
        "coverage_95",
        "is_alarming",
    ]
    shown = realised[columns].assign(forecast_as_of_on=realised["forecast_as_of_on"].dt.strftime("%Y-%m-%d"))
    formats = {**accuracy_formats, **dict.fromkeys(["naive mase", "promised mase"], ".3f"), "point count": ",.0f"}
    tables.append(
        page_table(
            "Earlier forecasts against what was sold since",
            shown.rename(columns=_in_words),
            {name: formats[name] for name in map(_in_words, columns) if name in formats},
            empty_because(forecast_schema.REALISED_ACCURACY),
        )
    )
    return Section(
        "Sales forecast",
        "Sales eight weeks and 28 days ahead, in total, by department, category and store; each of these splits adds up to the "
        "total. The model of each series is chosen by backtest; one that loses to the naive forecast never serves. Accuracy is "
        "measured on periods that nothing was chosen on; orange shows how these would have been forecast. The shaded bands of the "
        "coverage are what is aimed at.",
        figures,
        tables,
    )


def _predictions(data: dict[str, pd.DataFrame]) -> Section:
    board = data["prediction_board"]
    champions = data["prediction_models"].drop(columns="role")
    baselines = {(name, model) for name, target in TARGETS.items() for model in target.baselines}
    is_baseline = pd.MultiIndex.from_frame(board[["target", "model"]]).isin(list(baselines))
    newest = board[board["is_newest"] & (board["is_champion"] | is_baseline)]
    newest = newest.assign(serves=newest["is_champion"].map({True: "yes", False: ""})).pivot_table(
        index=["target", "model", "serves"], columns="metric", values="value"
    )
    is_probability = newest.reindex(columns=[LOG_LOSS])[LOG_LOSS].notna()
    quality = {
        "probabilities": newest[is_probability],
        f"amounts ({currency()}) and days": newest[~is_probability],
    }
    without = [name for name in TARGETS if name not in set(champions["target"])]
    realised = data["prediction_outcomes"][
        ["as_of_on", "target", "model", "metric", "value", "baseline_value", "customers"]
    ]
    realised = realised.assign(as_of_on=realised["as_of_on"].dt.strftime("%Y-%m-%d"))
    numbers = dict.fromkeys(["value", "baseline value"], ".3f")
    return Section(
        "What customers will do",
        "Churn, spend, days to the next order, what a customer is worth, who answers a campaign, who buys in which category. Every "
        "model foresaw three earlier dates from what was known before them; orange serves. A model is replaced only by one that is "
        "better beyond noise. The value of 84 days is shown beside that of BG/NBD with Gamma-Gamma. A change of customers since "
        "the training shows as drift." + (f" Without enough to learn from: {', '.join(without)}." if without else ""),
        [
            svg(prediction_plots.plot_prediction_leaderboard(board)),
            svg(prediction_plots.plot_dependence(data["prediction_dependence"])),
            svg(prediction_plots.plot_reliability(data["prediction_reliability"], board)),
            svg(prediction_plots.plot_gains(data["prediction_gains"], board)),
            svg(prediction_plots.plot_importance(data["prediction_importance"])),
            svg(prediction_plots.plot_lifetime_values(data["lifetime_values"])),
            svg(prediction_plots.plot_drift(data["prediction_drift"])),
        ],
        [
            page_table(
                "Served models",
                champions.rename(columns=_in_words),
                {"training rows": ",.0f", "threshold": ".2f"},
                empty_because(prediction_schema.PREDICTION_MODELS),
            ),
            *(
                page_table(
                    f"How good the served models are on the newest date that is known, beside the naive answers: {kind}",
                    rows.dropna(axis=1, how="all").reset_index().rename(columns=_in_words),
                    dict.fromkeys(map(_in_words, rows.columns), ".3f"),
                    empty_because(prediction_schema.PREDICTION_LEADERBOARD),
                )
                for kind, rows in quality.items()
            ),
            page_table(
                "What came of earlier predictions",
                realised.rename(columns=_in_words),
                numbers | {"customers": ",.0f"},
                empty_because(prediction_schema.PREDICTION_OUTCOMES),
            ),
        ],
    )


def _similar(data: dict[str, pd.DataFrame]) -> Section:
    examples = data["similar_products"].pivot_table(
        index=["product", "department", "orders"], columns="measure", values="most_similar", aggfunc="first"
    )
    shown = [measure for measure in SIMILARITY_SHOWN if measure in examples.columns]
    examples = examples[shown].sort_index(level="orders", ascending=False).reset_index().fillna("–")
    return Section(
        "Similar customers and products",
        "Who buys the same products, and which products go to the same customers, into the same baskets or have the same words: "
        "for the best seller of each department the nearest product by each measure, with the similarity. Look-alikes are the "
        "customers nearest to a group, here to the buyers of a category, by what they buy, when, in which words and who they are.",
        [svg(profile_plots.plot_lookalike_quality(data["lookalikes"]))],
        [
            page_table(
                "Most similar customers with 20 products or more in common",
                data["similar_customers"].rename(columns=_in_words),
                {"similarity": ".3f", "products in common": ",.0f"},
                "no two customers have that many",
            ),
            page_table(
                "Most similar products",
                examples.rename(columns=SIMILARITY_SHOWN),
                {"orders": ",.0f"},
                empty_because(similarity_schema.PRODUCT_SIMILARITY),
            ),
            page_table(
                "Every measure",
                data["measures"][
                    [
                        "entity",
                        "measure",
                        "description",
                        "is_default",
                        "covered_share",
                        "same_type_share",
                        "chance_same_type_share",
                    ]
                ].rename(columns=_in_words),
                {"covered share": ".1%", "same type share": ".1%", "chance same type share": ".1%"},
            ),
        ],
    )


def _quality(data: dict[str, pd.DataFrame]) -> Section:
    return Section(
        "Rejected rows",
        "Source rows that break a rule are kept aside with the reason, never dropped: table quarantine.rejected_rows.",
        tables=[page_table("Rejected rows by reason", data["rejected"].rename(columns=_in_words), {"rows": ",.0f"})],
    )


def _in_words(column: str) -> str:
    return column.replace("_", " ")
