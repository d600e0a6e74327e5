"""The report as it is laid out, and that of a platform that knows one customer and next to nothing else."""

import html
from datetime import date

import pandas as pd
import pytest
from matplotlib.figure import Figure

from dmp_assets.audiences import schema as audiences
from dmp_assets.clusters.centres import fitted_clusters
from dmp_assets.clusters.describe import cluster_summaries, name_customers
from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.selection import select_clusters
from dmp_assets.definitions import domains
from dmp_assets.forecasts.customers import schema as predictions
from dmp_assets.forecasts.sales import schema as sales
from dmp_assets.platform.emptiness import empty_because, empty_table
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, Fact, Section, page_table
from dmp_assets.platform.settings import get_settings
from dmp_assets.profiles import loyalty_schema
from dmp_assets.profiles import schema as profiles
from dmp_assets.profiles.plots import SHOWN_FEATURES
from dmp_assets.recommendations import schema as recommendations
from dmp_assets.reports.page import external_references
from dmp_assets.reports.report import ORDERS, build_report, report_reads

AS_OF = date(2018, 1, 1)
SCHEMAS = {
    "tags": profiles.CUSTOMER_TAGS,
    "interests": profiles.CUSTOMER_INTERESTS,
    "topics": profiles.TOPIC_TERMS,
    "tiers": loyalty_schema.LOYALTY_TIERS,
    "movements": loyalty_schema.LOYALTY_MOVEMENTS,
    "audiences": audiences.AUDIENCES,
    "overlaps": audiences.AUDIENCE_OVERLAP,
    "lookalikes": profiles.LOOKALIKE_QUALITY,
    "leaderboard": recommendations.LEADERBOARD,
    "forecasts": sales.SALES_FORECASTS,
    "forecast_models": sales.FORECAST_MODELS,
    "backtest": sales.FORECAST_BACKTEST,
    "accuracy": sales.FORECAST_ACCURACY,
    "realised": sales.REALISED_ACCURACY,
    "prediction_board": predictions.PREDICTION_LEADERBOARD,
    "prediction_models": predictions.PREDICTION_MODELS,
    "prediction_reliability": predictions.PREDICTION_RELIABILITY,
    "prediction_gains": predictions.PREDICTION_GAINS,
    "prediction_importance": predictions.PREDICTION_IMPORTANCE,
    "prediction_dependence": predictions.PREDICTION_DEPENDENCE,
    "prediction_drift": predictions.PREDICTION_DRIFT,
    "prediction_outcomes": predictions.PREDICTION_OUTCOMES,
    "lifetime_values": predictions.LIFETIME_VALUES,
}
COLUMNS = {
    "near": ["tier", "close_to_the_next", "about_to_lose_it"],
    "events": ["event", "events", "broken"],
    "violations": ["event", "rule", "events"],
    "cross_sell": ["product", "goes_with", "score", "reason"],
    "similar_customers": ["customer", "most_similar", "similarity", "products_in_common"],
    "similar_products": ["product", "department", "orders", "measure", "most_similar"],
    "rejected": ["contract_table", "reason", "rows"],
    "pairs": ["purpose", "channel", "customers", "may", "granted", "refused", "unknown"],
    "unknown": ["category", "source", "decisions"],
    "kinds": ["kind", "identifiers", "simulated", "blocked", "of_a_person", "persons"],
    "evidence": ["cause", "status", "links", "sightings"],
    "sizes": ["identifiers", "persons"],
    "households": ["evidence", "households", "customers"],
    "coverage": ["what", "all", "simulated", "named_by_a_source", "with_a_customer"],
    "largest": ["person", "identifiers"],
    "syncs": [
        *["started", "audience", "destination", "state", "members"],
        *["sent", "rejected", "unknown", "left_out", "unchanged"],
    ],
    "to_correct": ["audience", "destination", "customers", "refused_since", "last_sent"],
    "delivery_reasons": ["audience", "destination", "state", "reason", "rows"],
    "match_rates": ["audience", "destination", "identifier", "members", "known", "usable", "share", "repair"],
    "drift": ["feature", "psi", "is_drifting", "reference_as_of_on"],
    "measures": [
        *["entity", "measure", "description", "is_default"],
        *["covered_share", "same_type_share", "chance_same_type_share"],
    ],
    "weekly": ["level", "series_id", "week_start_on", "sales_amount", "is_whole_week"],
    "daily": ["level", "series_id", "sold_on", "sales_amount", "is_whole_day"],
}


def head() -> pd.DataFrame:
    amounts = {"sales_amount": 1.0, "returned_amount": 0.5}
    orders = {"orders": 1, "customers": 1, **amounts, "first_on": AS_OF, "last_on": AS_OF, "sources": "shop"}
    return pd.DataFrame([orders | {"as_of_on": pd.Timestamp(AS_OF)}])


def one_customer() -> dict[str, pd.DataFrame]:
    features = pd.DataFrame(
        {
            **dict.fromkeys(SHOWN_FEATURES, 1.0),
            "customer_id": ["shop:1"],
            "as_of_on": pd.Timestamp(AS_OF),
            **dict.fromkeys(["average_order_products", "evening_share"], 1.0),
        }
    )
    points = transform_features(features)
    selection, fits = select_clusters(points, AS_OF)
    clusters = name_customers(fitted_clusters(points, fits, AS_OF), points)
    profile = features.assign(
        r_score=3,
        f_score=3,
        rfm_segment="Loyal",
        lifecycle_stage="new",
        loyalty_tier="basic",
        sales_amount_26w=1.0,
    )
    return {
        "features": features,
        "profiles": profile,
        "clusters": clusters,
        "selection": selection,
        "summaries": cluster_summaries(features, points, clusters),
    }


@pytest.fixture(scope="module")
def page() -> str:
    frames = {
        **{name: pd.DataFrame(columns=pd.Index(columns)) for name, columns in COLUMNS.items()},
        **{name: empty_table(schema) for name, schema in SCHEMAS.items()},
        **one_customer(),
        "left_out": pd.DataFrame({"left_out": [0], "customers": [1]}),
        "persons": pd.DataFrame({"persons": [0], "identifiers": [0], "simulated": [0]}),
        "delivery_totals": pd.DataFrame({"syncs": [0], "sent": [0]}),
    }
    sections = [section for domain in domains(get_settings()) for section in domain.sections]
    results = {sql: frames[name] for section in sections for name, sql in section.queries.items()}
    return build_report(sections, {ORDERS: head(), **results}.__getitem__, sample_percent=100)


def test_every_table_without_rows_says_why(page):
    text = " ".join(html.unescape(page).split())
    shown = [schema for name, schema in SCHEMAS.items() if name not in ("backtest", "prediction_models")]
    missing = [schema.name for schema in shown if (reason := empty_because(schema)) and reason[:40] not in text]
    assert missing == []
    assert "Rejected rows by reason</b>: none." in page


def test_the_report_names_the_source_and_the_targets_without_a_model(page):
    assert "Purchases from shop, 01 January 2018" in page
    assert "Without enough to learn from: churn_28d" in page
    assert "nan" not in page.replace("finance", "").lower().split()


def laid_out(*sections: Section) -> str:
    return build_report(sections, lambda sql: head(), sample_percent=100)


def a_section(title: str, order: int, text: str = "How to read it.") -> Section:
    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    table = page_table("Segments", pd.DataFrame({"segment": ["Lost & found"], "share": [0.5]}), {"share": ".1%"})
    content = Content(text, [embed(figure)], [table], [Fact(f"things of {title}", "7")])
    return Section(title, order, {"rows": "select * from marts.t"}, lambda frames: content)


def test_sections_and_headlines_stand_in_the_sections_order_and_can_be_linked_to():
    page = laid_out(a_section("Sales forecast", 2), a_section("Customers", 1))
    assert page.index('id="customers"') < page.index('id="sales-forecast"')
    assert page.index("things of Customers") < page.index("things of Sales forecast")
    assert 'href="#sales-forecast"' in page


def test_the_page_needs_no_network_and_leads_to_the_others():
    page = laid_out(a_section("Customers", 1))
    assert external_references(page) == []
    assert '<a href="report.html" aria-current="page">Report</a>' in page
    assert '<a href="customers.html">Customers</a>' in page


def test_text_is_escaped_and_figures_are_not():
    page = laid_out(a_section("Customers", 1, "<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "Lost &amp; found" in page
    assert "<svg" in page


def test_a_table_without_rows_is_a_sentence_that_says_why():
    table = page_table("Earlier forecasts", pd.DataFrame(columns=pd.Index(["day"])), {}, "no day is over yet")
    page = laid_out(Section("Sales", 1, {}, lambda frames: Content("", tables=[table])))
    assert "<b>Earlier forecasts</b>: no day is over yet." in page
    assert "<table" not in page


def test_the_report_reads_what_its_head_and_its_sections_read():
    assert report_reads([a_section("Customers", 1)]) == {"marts.fct_orders", "marts.customer_features", "marts.t"}


def test_a_query_that_several_sections_share_runs_once():
    asked = []

    def query(sql: str) -> pd.DataFrame:
        asked.append(sql)
        return head()

    build_report([a_section("A", 1), a_section("B", 2)], query, sample_percent=100)
    assert asked == [ORDERS, "select * from marts.t"]
