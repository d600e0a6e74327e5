"""Identity on the small platform: what a build makes of the demo's events and purchases."""

import json
import shutil

import duckdb
import pytest

from dmp_assets.platform.warehouse import Warehouse

_OF_SESSIONS = """
    select count(*) as sessions, count(sessions.source_customer_id) as named, count(sessions.customer_id) as of_a_person,
        count(*) filter (where named.customer_id <> sessions.customer_id) as of_another
    from marts.fct_sessions as sessions
    left join marts.customer_identifiers as named on sessions.source_customer_id = named.identifier_id
    where not sessions.is_bot
"""


@pytest.fixture
def warehouse(first_build, in_process) -> Warehouse:
    return Warehouse.from_settings(in_process)


def test_sessions_before_a_login_have_a_person_and_none_that_named_a_customer_has_another(warehouse: Warehouse) -> None:
    sessions = warehouse.query(_OF_SESSIONS).iloc[0]
    assert sessions["named"] < sessions["of_a_person"] <= sessions["sessions"]
    assert sessions["of_a_person"] / sessions["sessions"] > 0.88
    assert sessions["of_another"] == 0


def test_touches_by_mail_and_in_social_networks_have_a_customer(warehouse: Warehouse) -> None:
    touches = warehouse.query(
        """
        select count(*) as touches, count(customer_id) as of_a_person from marts.fct_touches
        where channel in ('email', 'paid_social', 'organic_social')
        """
    ).iloc[0]
    assert touches["of_a_person"] / touches["touches"] > 0.95


def test_every_customer_of_a_fact_is_a_person_with_one_row(warehouse: Warehouse) -> None:
    facts = ("fct_order_lines", "fct_orders", "fct_events", "fct_sessions", "fct_touches", "consents")
    named = " union ".join(f"select customer_id from marts.{fact}" for fact in facts)
    missing = warehouse.query(
        f"select customer_id from ({named}) where customer_id not in (select customer_id from marts.dim_customers)"
    )
    persons = warehouse.query(
        "select count(*) as rows, count(distinct customer_id) as persons from marts.dim_customers"
    )
    assert missing.empty
    assert persons["rows"].tolist() == persons["persons"].tolist()


def test_every_customer_who_orders_is_a_person_called_by_a_customer_id(warehouse: Warehouse) -> None:
    persons = warehouse.query(
        """
        select customers.customer_id, persons.person_id, named.kind
        from (select distinct customer_id from marts.fct_orders where customer_id is not null) as customers
        left join identity.person_identifiers as persons
            on customers.customer_id = persons.identifier_id and persons.superseded_at is null
        left join identity.identifiers as named on persons.person_id = named.identifier_id
        """
    )
    assert len(persons)
    assert (persons["kind"] == "customer").all()


def test_no_identifier_is_two_persons_at_once(warehouse: Warehouse) -> None:
    twice = warehouse.query(
        """
        select one.identifier_id
        from identity.person_identifiers as one
        inner join identity.person_identifiers as other
            on one.identifier_id = other.identifier_id
                and (one.effective_at, one.owned_from_at) < (other.effective_at, other.owned_from_at)
                and other.effective_at < coalesce(one.superseded_at, timestamp '9999-12-31')
                and one.owned_from_at < coalesce(other.owned_until_at, timestamp '9999-12-31')
                and other.owned_from_at < coalesce(one.owned_until_at, timestamp '9999-12-31')
        """
    )
    assert twice.empty


def test_dmp_identity_answers_about_a_customer_of_the_demo(first_build, dmp, warehouse: Warehouse) -> None:
    link = warehouse.query(
        "select identifier_id, other_identifier_id from identity.links where cause = 'identify' and status = 'accepted' limit 1"
    ).iloc[0]
    answered = dmp("identity", "why", *link)
    assert answered.returncode == 0, answered.stderr
    assert "identify, told by collector" in answered.stdout


def test_after_a_merge_and_its_split_every_table_is_as_if_the_merge_had_never_been(
    home, first_build, dmp_in, tmp_path
) -> None:
    """From the facts to the predictions: only that people decided is told besides."""
    copy = shutil.copytree(home, tmp_path / "home")

    def hashes() -> dict[str, str]:
        return json.loads(dmp_in(copy, "hash", "--json").stdout)

    def decide(*decision: str) -> None:
        for arguments in (("identity", *decision, "--reason", "a letter"), ("build",)):
            done = dmp_in(copy, *arguments)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    before = hashes()
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        (one,), (other,) = connection.execute(
            # Who refuses to be profiled would take the other's past predictions away for good.
            "select customer_id from profiles.customer_profiles order by frequency desc, customer_id limit 2"
        ).fetchall()
    decide("join", one, other)
    merged = hashes()
    changed = {name for name, value in merged.items() if value != before[name]}
    assert changed >= {
        "identity.person_identifiers",
        "marts.dim_customers",
        "marts.fct_orders",
        "marts.customer_features",
        "profiles.customer_profiles",
        "recommendations.customer_recommendations",
        "forecasts.customer_predictions",
    }
    decide("split", one, "--from", other)
    assert {name for name, value in hashes().items() if value != before[name]} == {"identity.merges"}
