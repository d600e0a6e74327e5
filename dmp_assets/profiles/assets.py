"""Customer profiles and rule tags as assets: read, compute, store, record."""

import dagster as dg

from dmp_assets import inputs
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.profiles.plots import plot_frequency_and_spend, plot_recency_frequency, plot_segment_sizes, plot_tags
from dmp_assets.profiles.profile import DEMOGRAPHIC_BANDS, PROFILE_ONLY, customer_profiles
from dmp_assets.profiles.schema import CUSTOMER_PROFILES, CUSTOMER_TAGS
from dmp_assets.profiles.tags import customer_tags, load_rules, rule_frame, rules_columns
from dmp_assets.warehouse import Warehouse

FEATURES = "marts.customer_features"
_DEPARTMENT_SALES = [
    "marts.dim_products.department",
    "marts.fct_order_lines.sales_amount",
    "marts.fct_order_lines.product_id",
    "marts.fct_order_lines.customer_id",
]
_F_AND_M = ["frequency", "monetary_amount"]

PROFILES = Table(
    "profiles",
    "customer_profiles",
    CUSTOMER_PROFILES,
    lineage(
        CUSTOMER_PROFILES,
        source=FEATURES,
        derived={
            "r_score": ["recency_days"],
            "f_score": ["frequency"],
            "m_score": ["monetary_amount"],
            "rfm_score": ["recency_days", *_F_AND_M],
            "rfm_segment": ["recency_days", *_F_AND_M],
            "overdue_ratio": ["recency_days", "inter_purchase_days_mean"],
            "favourite_day_part": ["morning_share", "afternoon_share", "evening_share", "night_share"],
            **{f"favourite_department_{rank}": _DEPARTMENT_SALES for rank in (1, 2, 3)},
            **{f"favourite_department_{rank}_share": _DEPARTMENT_SALES for rank in (1, 2, 3)},
            **{
                column: [f"marts.dim_customers.{column}", "marts.dim_customers.customer_id"]
                for column in ("has_demographics", *DEMOGRAPHIC_BANDS)
            },
        },
    ),
)

# Read when the graph is loaded: the lineage follows the rules, and a faulty rule file is reported before anything runs.
RULES = load_rules()
_RULE_COLUMNS = [
    f"profiles.customer_profiles.{column}" if column in PROFILE_ONLY else f"{FEATURES}.{column}"
    for column in rules_columns(RULES)
]

TAGS = Table(
    "profiles",
    "customer_tags",
    CUSTOMER_TAGS,
    lineage(
        CUSTOMER_TAGS,
        source=FEATURES,
        derived=dict.fromkeys(("tag", "category", "value", "evidence", "source"), _RULE_COLUMNS),
    ),
)

TABLES = (PROFILES, TAGS)


@dg.multi_asset(specs=[PROFILES.spec()])
def build_customer_profiles(warehouse: Warehouse) -> dg.MaterializeResult:
    """Score, name and describe every customer."""
    profiles = customer_profiles(
        warehouse.query(inputs.FEATURES),
        warehouse.query("select * from marts.dim_customers"),
        warehouse.query(inputs.DEPARTMENT_SALES),
    )
    store(warehouse, {PROFILES: profiles})
    return result(
        PROFILES,
        profiles,
        plots={
            "segments": plot_segment_sizes(profiles),
            "frequency_and_spend": plot_frequency_and_spend(profiles),
            "recency_and_frequency": plot_recency_frequency(profiles),
        },
    )


@dg.multi_asset(specs=[TAGS.spec()])
def build_customer_tags(warehouse: Warehouse) -> dg.MaterializeResult:
    """Give every customer the tags whose rules it meets."""
    profiles = warehouse.query("select * from profiles.customer_profiles order by customer_id")
    tags = customer_tags(rule_frame(warehouse.query(inputs.FEATURES), profiles), RULES)
    store(warehouse, {TAGS: tags})
    return result(TAGS, tags, rules=len(RULES.rules), plots={"tags": plot_tags(tags)})
