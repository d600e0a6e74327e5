"""The ready audiences of a built platform, and the commands on them."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dmp_assets.audiences.define import load_audiences
from dmp_assets.platform.permissions import LEFT_OUT
from dmp_assets.platform.settings import Settings
from dmp_assets.reports.page import external_references


@pytest.fixture
def member(query: Callable) -> tuple[str, str]:
    """Return an audience and one of its members."""
    return query("select audience, customer_id from audiences.audience_members order by all limit 1")[0]


def test_every_ready_audience_is_made_and_reaches_only_whom_it_may(query: Callable, in_process: Settings) -> None:
    names = sorted(load_audiences(in_process.audiences_dir).right)
    assert [name for (name,) in query("select audience from audiences.audiences order by 1")] == names
    ((members, not_allowed, left_out),) = query(f"""
        select count(*), count(*) filter (where not is_allowed), count(*) filter (where members.customer_id in {LEFT_OUT})
        from audiences.audience_members as members
        inner join audiences.audiences as audiences on members.audience = audiences.audience
        inner join marts.contact_permissions as permissions on members.customer_id = permissions.customer_id
            and audiences.purpose = permissions.purpose and audiences.channel = permissions.channel
    """)
    assert members == query("select count(*) from audiences.audience_members")[0][0] > 0
    assert (not_allowed, left_out) == (0, 0)


def test_the_sql_of_an_audience_can_be_run_by_an_analyst(query: Callable) -> None:
    made = query("select audience, sql, matching from audiences.audiences where audience <> 'high_value_look_alikes'")
    for name, sql, matching in made:
        ((found,),) = query(f'select count(*) filter (where "is in {name}") from ({sql})')
        assert found == matching, name


def test_the_list_and_one_audience_are_shown(first_build, dmp: Callable, query: Callable) -> None:
    listed = json.loads(dmp("audience", "list", "--json").stdout)
    assert {row["audience"]: row["members"] for row in listed["audiences"]} == dict(
        query("select audience, members from audiences.audiences")
    )
    assert (listed["wrong"], listed["not_built_yet"]) == ({}, [])
    shown = dmp("audience", "show", "general_customers", "--sql")
    assert "Rule: at least 1 orders in the last 182 days and not in the audience frequent_buyers" in shown.stdout
    assert "WITH judged AS (" in shown.stdout


def test_why_and_why_not_are_told(dmp: Callable, query: Callable, member: tuple[str, str]) -> None:
    name, customer = member
    assert f"{customer} is in the audience {name}" in dmp("audience", "why", name, customer).stdout
    ((other,),) = query(f"""
        select min(customer_id) from profiles.customer_profiles
        where customer_id not in (select customer_id from audiences.audience_members where audience = '{name}')
    """)
    explained = json.loads(dmp("audience", "why-not", name, other, "--json").stdout)
    assert explained["is_member"] is False
    assert explained["because"]


def test_a_wrong_file_and_an_unknown_audience_are_errors_for_people(dmp: Callable, tmp_path: Path, first_build) -> None:
    file = tmp_path / "mine.yml"
    text = "title: Mine\ndescription: Mine.\nowner: me\nall:\n  - {column: frequencey, operator: '>', value: 1}\n"
    file.write_text(text, encoding="utf-8")
    refused = dmp("audience", "preview", str(file))
    assert refused.returncode == 2
    assert f"{file}, line 5: audience 'mine': unknown column 'frequencey'; did you mean 'frequency'?" in refused.stderr
    file.write_text(text.replace("frequencey", "frequency"), encoding="utf-8")
    tried = json.loads(dmp("audience", "preview", str(file), "--json").stdout)
    assert tried["words"] == "frequency is more than 1"
    assert tried["matching"] > 0
    unknown = dmp("audience", "why", "lapsd", "x")
    assert unknown.returncode == 2
    assert "did you mean 'lapsed'?" in unknown.stderr


def test_members_are_exported_and_differences_listed(
    dmp: Callable, tmp_path: Path, query: Callable, member: tuple[str, str]
) -> None:
    name, _ = member
    done = dmp("audience", "export", name, str(tmp_path / "members.csv"))
    assert done.returncode == 0, done.stderr
    expected = query(f"select customer_id from audiences.audience_members where audience = '{name}' order by 1")
    assert pd.read_csv(tmp_path / "members.csv")["customer_id"].tolist() == [customer for (customer,) in expected]
    changed = dmp("audience", "diff", name, "--since", "2017-01-01")
    # A build as of one date is a beginning: nobody has entered since; other tests may have built as of other dates.
    assert f"entered {name} and" in changed.stdout


def test_the_page_shows_every_audience_without_network(in_process: Settings, query: Callable) -> None:
    page = (in_process.published_dir / "audiences.html").read_text(encoding="utf-8")
    assert external_references(page) == []
    for (title,) in query("select title from audiences.audiences"):
        assert f"<h2>{title}</h2>" in page
    # No single customer is on it.
    assert not [
        customer
        for (customer,) in query("select customer_id from audiences.audience_members")
        if f">{customer}<" in page
    ]
