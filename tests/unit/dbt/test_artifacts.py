import pytest

from dmp_assets.dbt.artifacts import busy_seconds, column_lineage, no_rows_because, said_by_dbt
from dmp_assets.platform.errors import FULL_DISK


def node(kind, name, columns, sql=None):
    return {
        "unique_id": f"{kind}.dmp.{name}",
        "resource_type": kind,
        "relation_name": f'"warehouse"."main"."{name}"',
        "columns": {column: {"data_type": None} for column in columns},
        "compiled_code": sql,
    }


def lineage_of(sql, *columns):
    manifest = {
        "sources": {
            "source.dmp.orders": node("source", "orders", ["id", "customer_id", "sales", "ordered_at"]),
            "source.dmp.undeclared": node("source", "undeclared", []),
        },
        "nodes": {
            "model.dmp.m": node("model", "m", columns, sql),
            "test.dmp.t": {"unique_id": "t", "resource_type": "test"},
        },
    }
    return column_lineage(manifest)["model.dmp.m"]


def orders(*columns):
    return [("source.dmp.orders", column) for column in columns]


def test_a_column_is_followed_through_ctes_and_expressions():
    sql = """
        with source as (select id, customer_id, sales from "warehouse"."main"."orders"),
        totals as (select customer_id, sum(sales) as total, count(*) as orders from source group by customer_id)
        select customer_id as customer, total / nullif(orders, 0) as mean_sales, orders from totals
    """
    assert lineage_of(sql, "customer", "mean_sales", "orders") == {
        "customer": orders("customer_id"),
        "mean_sales": orders("sales"),
        "orders": [],
    }


def test_a_star_over_a_cte_and_a_union_are_resolved():
    sql = """
        with both_halves as (
            select id, sales from "warehouse"."main"."orders" union all
            select customer_id as id, 0 as sales from "warehouse"."main"."orders"
        )
        select * from both_halves
    """
    assert lineage_of(sql, "id", "sales") == {"id": orders("customer_id", "id"), "sales": orders("sales")}


def test_a_source_that_declares_no_columns_is_followed_where_it_is_read_alone():
    sql = """
        with source as (select "顧客" as customer, cast(amount as decimal) as sales from "warehouse"."main"."undeclared")
        select source.customer, orders.sales from source cross join "warehouse"."main"."orders" as orders
    """
    assert lineage_of(sql, "customer", "sales") == {
        "customer": [("source.dmp.undeclared", "顧客")],
        "sales": orders("sales"),
    }


def test_a_model_without_rows_names_what_no_source_has_and_what_nothing_came_from():
    def a_model(name, schema, raw_code):
        return {"name": name, "schema": schema, "raw_code": raw_code}

    manifest = {
        "nodes": {
            "stg": a_model("stg_shop__order_lines", "staging", "select"),
            "int": a_model("int_order_lines", "intermediate", "{{ union_sources('order_lines') }}"),
            "fct": a_model("fct_order_lines", "marts", "select"),
            "dim": a_model("dim_campaigns", "marts", "{{ union_sources('campaigns') }}"),
            "ads": a_model("fct_campaign_lines", "marts", "select"),
        },
        "parent_map": {"stg": ["source"], "int": ["stg"], "fct": ["int"], "dim": [], "ads": ["fct", "dim"]},
    }
    assert no_rows_because("fct", manifest) == "no row of stg_shop__order_lines belongs here"
    assert no_rows_because("dim", manifest) == "no listed source has campaigns"
    assert no_rows_because("ads", manifest) == (
        "no listed source has campaigns; no row of stg_shop__order_lines belongs here"
    )


def result(*spans):
    return {
        "timing": [
            {"started_at": f"2026-01-01T00:00:{a:02}", "completed_at": f"2026-01-01T00:00:{b:02}"} for a, b in spans
        ]
    }


def test_time_in_which_nodes_run_side_by_side_counts_once():
    assert busy_seconds({"results": [result((0, 1), (1, 5)), result((3, 8)), result((10, 12)), result((11, 11))]}) == 10


def test_a_run_without_nodes_worked_no_time():
    assert busy_seconds({"results": []}) == 0


@pytest.mark.parametrize(
    ("logged", "said"),
    [
        (
            "Compilation Error\n  no such  macro x\nTraceback (most recent call last):\n  File ...",
            "Compilation Error no such macro x",
        ),
        ("\nTraceback (most recent call last):\n  File x\nKeyError: 'a'", "KeyError: 'a'"),
        ("OSError: [Errno 28] No space left on device\nTraceback (most recent call last):\n  File x", FULL_DISK),
        ("", ""),
    ],
)
def test_what_dbt_says_is_told_without_its_stack_traces(logged, said):
    assert said_by_dbt(f"The dbt CLI process failed.\n\nErrors parsed from dbt logs:\n\n{logged}") == said
