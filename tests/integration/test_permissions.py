"""Who refuses to be profiled is in no table of scores and lists of a built platform, and is told so."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dmp_assets.platform.permissions import LEFT_OUT, PERMISSIONS, REFUSING
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Table

SIMULATED = {"simulation.persons", "simulation.devices", "simulation.person_identifiers"}
"""Tables with customers that say who is who behind the simulated events, and nothing that was found out about anyone."""
NO_PROFILE = {"activation.deliveries"}
"""Tables with customers that say what was done, and not what was found out."""
EMPTY_AT_FIRST = {"audiences.audience_changes"}
"""Tables with customers that a first build leaves empty."""


@pytest.fixture
def refusing(query: Callable) -> str:
    ((customer,),) = query(f"select min(customer_id) from {REFUSING}")
    assert customer
    return customer


def test_no_table_that_python_makes_names_a_customer_who_refuses(query: Callable, python_tables: list[Table], refusing):
    named = {
        f"{table.full_name}.{column}"
        for table in python_tables
        for column in table.schema.columns
        if re.fullmatch(r"(.+_)?customer_id", column) and table.full_name not in NO_PROFILE
    }
    assert {
        "recommendations.customer_recommendations.customer_id",
        "similarity.customer_similarity.neighbour_customer_id",
    } < named
    for column in sorted(named):
        table, name = column.rsplit(".", 1)
        ((rows, found),) = query(f"select count(*), count(*) filter (where {name} in {LEFT_OUT}) from {table}")
        assert rows or table in EMPTY_AT_FIRST, table
        assert bool(found) == (table in SIMULATED), column


def test_no_served_table_but_the_marts_names_a_customer_beside_those_that_python_makes(
    query: Callable, python_tables: list[Table]
):
    known = {table.full_name for table in python_tables}
    found = {
        f"{schema}.{table}"
        for schema, table in query(
            "select distinct schema_name, table_name from duckdb_columns() "
            "where not internal and (column_name = 'customer_id' or column_name like '%\\_customer\\_id' escape '\\')"
        )
        if schema not in ("raw", "staging", "intermediate", "marts", "quarantine")
    }
    assert found <= known


def test_the_tables_about_single_customers_are_listed_with_who_is_left_out(query: Callable, python_tables: list[Table]):
    listed = query("select table_name, customer_count, left_out_count from privacy.profiled_tables order by all")
    assert [name for name, _, _ in listed] == sorted(
        table.full_name
        for table in python_tables
        if "customer_id" in table.schema.columns and table.full_name not in SIMULATED | NO_PROFILE
    )
    ((left_out, served),) = query(
        f"select (select count(*) from {REFUSING}), count(distinct customer_id) from profiles.customer_profiles"
    )
    assert {count for _, _, count in listed} == {left_out}
    assert dict(row[:2] for row in listed)["profiles.customer_profiles"] == served > 0
    ((everyone, refusing),) = query(
        f"select count(distinct customer_id), count(distinct customer_id) filter (where customer_id in {LEFT_OUT}) "
        "from marts.customer_features where customer_id is not null"
    )
    assert everyone == served + refusing, "who has features is served or left out"
    assert 0 < refusing <= left_out


def test_every_customer_has_an_answer_for_every_purpose_and_channel(query: Callable):
    (counts,) = query(f"select count(*), count(distinct customer_id) from {PERMISSIONS}")
    (pairs,) = query(f"select count(*) from (select distinct purpose, channel from {PERMISSIONS})")
    assert counts[0] == counts[1] * pairs[0]
    assert query(
        f"select count(*) from marts.dim_customers where customer_id not in (select customer_id from {PERMISSIONS})"
    ) == [(0,)]


def test_a_customer_who_refuses_is_told_of_with_the_reason_and_nothing_else(dmp, refusing):
    groups = json.loads(dmp("customer", refusing, "--json").stdout)["groups"]
    facts = {fact["label"]: fact for group in groups for fact in group["facts"]}
    refused = [facts[purpose] for purpose in ("analytics", "personalization") if facts[purpose]["value"] == "no"]
    assert refused
    assert all(re.search(r"refused since \d{4}-\d\d-\d\d .* UTC for .*, told by \w+", fact["why"]) for fact in refused)
    assert facts["Profile"]["value"] == "none"


def test_the_report_says_how_many_may_be_reached_and_how_many_are_left_out(in_process: Settings, query: Callable):
    report = Path(in_process.published_dir / "report.html").read_text(encoding="utf-8")
    ((left_out,),) = query(f"select count(*) from {REFUSING}")
    assert 'id="permissions"' in report
    assert f"{left_out:,} of" in report
