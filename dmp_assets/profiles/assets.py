"""Customer profiles, interests and tags as assets: read, compute, store, record."""

import dagster as dg
import pandas as pd
import pandera.pandas as pa

from dmp_assets.analysis import inputs
from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.analysis.product_text import UNKNOWN, product_texts
from dmp_assets.clusters.methods import SERVED_METHOD
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.emptiness import as_table
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.profiles import loyalty_schema, schema
from dmp_assets.profiles.embedding import Beside, customer_embeddings, customer_traits, product_codes, product_words
from dmp_assets.profiles.interests import behaviour_interests, interests_table
from dmp_assets.profiles.lookalike import lookalike_quality
from dmp_assets.profiles.loyalty import loyalty_movements, loyalty_rules, loyalty_status
from dmp_assets.profiles.names import INTERESTS, TOPICS
from dmp_assets.profiles.plots import (
    plot_frequency_and_spend,
    plot_interests,
    plot_lifecycle_stages,
    plot_lookalike_quality,
    plot_loyalty_movements,
    plot_loyalty_tiers,
    plot_recency_frequency,
    plot_segment_sizes,
    plot_tags,
    plot_topics,
)
from dmp_assets.profiles.profile import PROFILE_ONLY, SCORES, customer_profiles
from dmp_assets.profiles.sections import CUSTOMER, SECTIONS
from dmp_assets.profiles.tags import (
    TagRules,
    computed_questions,
    customer_tags,
    load_rules,
    rule_frame,
    rule_tags,
    rules_columns,
    rules_in_words,
    with_computed,
)
from dmp_assets.profiles.topics import content_interests, fit_topics, product_topics, topic_products
from dmp_assets.rules.customers import ALWAYS_READ, reads_of

FEATURES = "marts.customer_features"
_PURCHASES = f"""
    select purchases.*
    from ({inputs.PURCHASES}) as purchases
    inner join marts.dim_products as products on purchases.product_id = products.product_id
    where products.is_recommendable
"""
_PRODUCTS = f"""
    with sales as (
        select product_id, sum(sales_amount) as sales_amount
        from marts.fct_order_lines
        where order_on < {inputs.AS_OF}
        group by product_id
    )
    select
        products.product_id, products.department, products.product_category, products.product_type,
        coalesce(sales.sales_amount, 0) as sales_amount
    from marts.dim_products as products
    left join sales on products.product_id = sales.product_id
    where products.is_recommendable
    order by products.product_id
"""
_BANDS = (
    "age_band",
    "income_band",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_composition",
    "kids_count",
)
_CUSTOMERS = f"select customer_id, {', '.join(_BANDS)} from marts.dim_customers order by customer_id"
_CLUSTERS = f"""
    select customer_id, cluster_id, cluster_name
    from clusters.customer_clusters
    where method = '{SERVED_METHOD}'
    order by customer_id
"""

_ORDER_DAYS = [f"marts.fct_orders.{column}" for column in ("customer_id", "order_on", "is_purchase")]
_ORDER_SALES = [
    *_ORDER_DAYS,
    "marts.fct_orders.sales_amount",
    *(
        f"marts.fct_order_lines.{column}"
        for column in ("order_line_id", "customer_id", "order_on", "returned_line_id", "sales_amount")
    ),
]
_DEPARTMENT_SALES = [
    f"marts.customer_department_shares.{column}" for column in ("customer_id", "as_of_on", "department", "sales_amount")
]
_TEXT = [
    f"marts.dim_products.{column}" for column in ("department", "product_category", "product_type", "is_recommendable")
]
_PRODUCT = "marts.dim_products.product_id"
_BOUGHT = ["marts.fct_order_lines.product_id", "marts.fct_order_lines.order_id", *inputs.BOUGHT_READS]
_F_AND_M = ["frequency", "monetary_amount"]

CUSTOMER_INTERESTS = Table(
    "profiles",
    "customer_interests",
    schema.CUSTOMER_INTERESTS,
    lineage(
        schema.CUSTOMER_INTERESTS,
        source="marts.fct_order_lines",
        derived={
            "as_of_on": [f"{FEATURES}.as_of_on"],
            **{column: [*_TEXT, *_BOUGHT] for column in ("source", "rank", "tag", "weight", "value", "evidence")},
        },
    ),
    "weekly",
)


def _topics_table(name: str) -> Table:
    contract = getattr(schema, name.upper())
    derived = {
        **{column: [_PRODUCT, *_TEXT] for column in contract.columns},
        "as_of_on": [f"{FEATURES}.as_of_on"],
        "product_id": [_PRODUCT],
        **{
            column: [*_TEXT, _PRODUCT, "marts.fct_order_lines.sales_amount"]
            for column in ("sales_amount", "sales_share")
        },
    }
    return Table("profiles", name, contract, lineage(contract, source="marts.dim_products", derived=derived), "weekly")


PRODUCT_TOPICS = _topics_table("product_topics")
TOPIC_TERMS = _topics_table("topic_terms")
TOPIC_PRODUCTS = _topics_table("topic_products")

PROFILES = Table(
    "profiles",
    "customer_profiles",
    schema.CUSTOMER_PROFILES,
    lineage(
        schema.CUSTOMER_PROFILES,
        source=FEATURES,
        derived={
            "r_score": ["recency_days"],
            "f_score": ["frequency"],
            "m_score": ["monetary_amount"],
            "rfm_score": ["recency_days", *_F_AND_M],
            "rfm_segment": ["recency_days", *_F_AND_M],
            **dict.fromkeys(
                ("lifecycle_stage", "usual_gap_days", "slipping_after_days", "lapsed_after_days", "returned_on"),
                _ORDER_DAYS,
            ),
            "loyalty_tier": _ORDER_SALES,
            "sales_amount_26w": _ORDER_SALES,
            "active_week_share": _ORDER_DAYS,
            **{
                column: [f"clusters.customer_clusters.{name}" for name in (column, "method", "customer_id")]
                for column in ("cluster_id", "cluster_name")
            },
            **{
                column: [f"profiles.customer_interests.{name}" for name in ("tag", "source", "rank", "customer_id")]
                for column in (*INTERESTS, *TOPICS)
            },
            **{
                column: [f"forecasts.customer_predictions.{name}" for name in ("prediction", "target", "customer_id")]
                for column in SCORES.values()
            },
            "favourite_day_part": ["customer_id", "morning_share", "afternoon_share", "evening_share", "night_share"],
            **{f"favourite_department_{rank}": _DEPARTMENT_SALES for rank in (1, 2, 3)},
            **{f"favourite_department_{rank}_share": _DEPARTMENT_SALES for rank in (1, 2, 3)},
        },
    ),
)


def tags_table(rules: TagRules) -> Table:
    """Return the table of tags; its lineage follows the rules."""
    by_rule = [
        f"{PROFILES.full_name}.{column}" if column in PROFILE_ONLY else f"{FEATURES}.{column}"
        for column in rules_columns(rules)
    ]
    computed = [question for questions in computed_questions(rules).values() for question in questions]
    by_rule += [
        column for question in computed for column in reads_of(question, list(schema.CUSTOMER_PROFILES.columns))
    ]
    derived = {
        "source": [*by_rule, "profiles.customer_interests.source"],
        "category": by_rule,
        "rank": ["profiles.customer_interests.rank"],
        "weight": ["profiles.customer_interests.weight"],
        **{column: [*by_rule, f"profiles.customer_interests.{column}"] for column in ("tag", "value", "evidence")},
    }
    contract = schema.CUSTOMER_TAGS
    return Table(
        "profiles",
        "customer_tags",
        contract,
        lineage(contract, source=FEATURES, derived=derived),
        also_reads=ALWAYS_READ if computed else (),
    )


_EMBEDDED = [
    "marts.fct_order_lines.customer_id",
    *_BOUGHT,
    _PRODUCT,
    *_TEXT,
    *(f"marts.dim_customers.{band}" for band in _BANDS),
]


def _embedding_table(name: str) -> Table:
    contract = getattr(schema, name.upper())
    derived = dict.fromkeys(contract.columns, _EMBEDDED) | {"as_of_on": [f"{FEATURES}.as_of_on"]}
    own = {"customer_id": ["customer_id"]} if "customer_id" in contract.columns else {}
    return Table(
        "profiles", name, contract, lineage(contract, source="marts.fct_order_lines", derived=derived | own), "weekly"
    )


EMBEDDINGS = _embedding_table("customer_embeddings")
LOOKALIKES = _embedding_table("lookalike_quality")

_LEARNED = (CUSTOMER_INTERESTS, PRODUCT_TOPICS, TOPIC_TERMS, TOPIC_PRODUCTS, EMBEDDINGS, LOOKALIKES)


@makes(*_LEARNED)
def build_customer_interests(warehouse: Warehouse) -> Results:
    """Find the topics of the catalogue, what every customer buys more than others do, and who buys alike."""
    as_of_on = inputs.as_of(warehouse)
    products = warehouse.query(_PRODUCTS)
    purchases = encode(warehouse.query(_PURCHASES))
    topics = fit_topics(product_texts(products))
    members = topic_products(topics)
    categories = products.set_index("product_id")["product_category"]
    type_codes, category_codes = product_codes(purchases, products)
    end_day = day_number(as_of_on)
    beside = Beside(
        product_words(purchases, topics.product_ids, topics.shares),
        customer_traits(purchases, warehouse.query(_CUSTOMERS)),
    )
    frames = {
        CUSTOMER_INTERESTS: interests_table(
            behaviour_interests(purchases, categories[categories != UNKNOWN], as_of_on),
            content_interests(purchases, topics, products, as_of_on),
        ),
        PRODUCT_TOPICS: product_topics(topics, members, products),
        TOPIC_TERMS: topics.terms,
        TOPIC_PRODUCTS: members,
        EMBEDDINGS: customer_embeddings(purchases, type_codes, end_day, beside),
        LOOKALIKES: lookalike_quality(purchases, type_codes, category_codes, end_day, beside),
    }
    frames = {
        table: frame.assign(as_of_on=as_of_on).astype({"as_of_on": "datetime64[us]"}) for table, frame in frames.items()
    }
    plots = {
        CUSTOMER_INTERESTS: {"interests": plot_interests(frames[CUSTOMER_INTERESTS])},
        TOPIC_TERMS: {"topics": plot_topics(frames[TOPIC_TERMS])},
        LOOKALIKES: {"lookalikes": plot_lookalike_quality(frames[LOOKALIKES])},
    }
    yield from save(warehouse, frames, plots=plots)


@makes(PROFILES)
def build_customer_profiles(warehouse: Warehouse) -> Results:
    """Score, name and describe every customer."""
    profiles = customer_profiles(
        warehouse.query(inputs.PROFILED_FEATURES),
        warehouse.query(inputs.DEPARTMENT_SALES),
        warehouse.query(inputs.ORDER_DAYS),
        warehouse.query(_CLUSTERS),
        warehouse.query("select * from profiles.customer_interests"),
        warehouse.query("select customer_id, target, prediction from forecasts.customer_predictions"),
    )
    plots = {
        "segments": plot_segment_sizes(profiles),
        "lifecycle_stages": plot_lifecycle_stages(profiles),
        "loyalty_tiers": plot_loyalty_tiers(profiles),
        "frequency_and_spend": plot_frequency_and_spend(profiles),
        "recency_and_frequency": plot_recency_frequency(profiles),
    }
    yield from save(warehouse, {PROFILES: profiles}, plots={PROFILES: plots})


_LOYALTY_SCHEMAS = (loyalty_schema.LOYALTY_TIERS, loyalty_schema.LOYALTY_STATUS, loyalty_schema.LOYALTY_MOVEMENTS)
_LOYALTY_READS = {
    **{column: _ORDER_SALES for contract in _LOYALTY_SCHEMAS for column in contract.columns},
    "as_of_on": [f"{FEATURES}.as_of_on"],
}


def _loyalty_table(contract: pa.DataFrameSchema, name: str) -> Table:
    return Table(
        "profiles",
        name,
        contract,
        {column: _LOYALTY_READS[column] for column in contract.columns},
        also_reads=[FEATURES],
    )


LOYALTY_TIERS = _loyalty_table(loyalty_schema.LOYALTY_TIERS, "loyalty_tiers")
LOYALTY_STATUS = _loyalty_table(loyalty_schema.LOYALTY_STATUS, "loyalty_status")
LOYALTY_MOVEMENTS = _loyalty_table(loyalty_schema.LOYALTY_MOVEMENTS, "loyalty_movements")
_LOYALTY = (LOYALTY_TIERS, LOYALTY_STATUS, LOYALTY_MOVEMENTS)


@makes(*_LOYALTY)
def build_loyalty(warehouse: Warehouse) -> Results:
    """Say what the loyalty tiers ask for, who moved between them, and how far everybody is from the next one."""
    as_of_on = inputs.as_of(warehouse)
    order_days = warehouse.query(inputs.ORDER_DAYS)
    status = loyalty_status(order_days, as_of_on)
    status = status.assign(as_of_on=pd.Timestamp(as_of_on))
    frames = {
        LOYALTY_TIERS: loyalty_rules(status, as_of_on),
        LOYALTY_STATUS: status,
        LOYALTY_MOVEMENTS: loyalty_movements(order_days, as_of_on),
    }
    frames = {table: as_table(frame, table.schema) for table, frame in frames.items()}
    plots = {LOYALTY_MOVEMENTS: {"movements": plot_loyalty_movements(frames[LOYALTY_MOVEMENTS])}}
    yield from save(warehouse, frames, plots=plots)


def tags_step(table: Table, rules: TagRules) -> dg.AssetsDefinition:
    """Return the step that makes the table of tags by these rules."""

    @makes(table)
    def build_customer_tags(warehouse: Warehouse) -> Results:
        """Give every customer the tags whose rules it meets, and its interests."""
        profiles = warehouse.query(f"select * from {PROFILES.full_name} order by customer_id")
        frame, subject = rule_frame(warehouse.query(inputs.PROFILED_FEATURES), profiles), None
        if computed_questions(rules):
            as_of_on = inputs.as_of(warehouse)
            with warehouse.read() as connection:
                frame, subject = with_computed(connection, frame, rules, as_of_on)
        by_rule = rule_tags(frame, rules, subject)
        tags = customer_tags(by_rule, warehouse.query(f"select * from {CUSTOMER_INTERESTS.full_name}"))
        plots, facts = {"tags": plot_tags(tags)}, {"rules": dg.MetadataValue.md(rules_in_words(rules, tags))}
        yield from save(warehouse, {table: tags}, plots={table: plots}, facts={table: facts})

    return build_customer_tags


def domain(settings: Settings) -> Domain:
    """Return the profiles: interests, topics, embeddings, profiles and tags.

    Raises:
        UserError: a rule of the tags is wrong; found when the graph is loaded, before anything runs.
    """
    rules = load_rules(settings.rules_dir / "tags.yml")
    tags = tags_table(rules)
    return Domain(
        tables=(PROFILES, tags, *_LOYALTY, *_LEARNED),
        assets=(build_customer_interests, build_customer_profiles, build_loyalty, tags_step(tags, rules)),
        sections=SECTIONS,
        customer_sections=(CUSTOMER,),
    )
