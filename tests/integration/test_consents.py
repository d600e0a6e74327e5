"""Consent from the wire to what may be done: requests as clients send them, through the collector's own code and dbt.

One warehouse with nothing but events, built once by dbt in this process; every scenario is a person of its own in it.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial

import duckdb
import pytest

from dmp_assets.collector.events import Receipt, Source, collect
from dmp_assets.collector.load import create_tables, load_segments
from dmp_assets.collector.segments import SegmentWriter
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.sections import CUSTOMER
from dmp_assets.sources import land as landing
from tests.integration.identified import STAGING, identify_people

VARS = {"sources": {"collector": ["events", "consents"]}, "consent_categories": {"C0007": ["marketing", "email"]}}
RECEIVED = dt.datetime(2025, 2, 20, tzinfo=dt.UTC)
PURPOSES = {"analytics", "personalization", "marketing", "advertising", "sale"}

Batch = list[dict]


def told(at: str, *, user: str | None = None, device: str | None = None, **fields: object) -> dict:
    ids = {name: value for name, value in (("userId", user), ("anonymousId", device)) if value}
    return {"type": "track", "event": "Consent Saved", "originalTimestamp": f"2025-02-{at}Z", **ids, **fields}


def chooses(**categories: bool) -> dict:
    return {"consent": {"categoryPreferences": categories}}


def manages(allowed: list[str] | None = None, denied: list[str] | None = None, **rest: object) -> dict:
    return {"consentManagement": {"allowedConsentIds": allowed, "deniedConsentIds": denied, **rest}}


def on(at: str, user: str, context: dict, **fields: object) -> dict:
    """Return an event of a person on the person's own device."""
    return told(at, user=user, device=f"device of {user}", context=context, **fields)


BATCHES: dict[str, Batch] = {
    "later first": [on("02T10:00:00", "late", chooses(advertising=False, analytics=True))],
    "earlier second": [on("01T10:00:00", "late", chooses(advertising=True, analytics=True))],
    "one instant": [
        on("03T10:00:00", "instant", chooses(advertising=True)),
        on("03T10:00:00", "instant", chooses(advertising=False)),
    ],
    "before the login": [
        told("01T10:00:00", device="d3", context=chooses(advertising=True, analytics=False)),
        told("01T11:00:00", device="d3", user="login", type="identify", context={}),
        told("02T10:00:00", device="d4", user="login", context=chooses(advertising=False)),
        told("01T10:00:00", device="never named", context=chooses(advertising=True)),
    ],
    "shared device": [
        told("01T10:00:00", device="shared", user="refuses", context=chooses(analytics=False)),
        told("02T10:00:00", device="shared", user="allows", context=chooses(analytics=True)),
    ],
    "empty and missing": [
        on("01T10:00:00", "empty", chooses()),
        on("01T10:00:00", "missing", {"consent": {}}),
        on("01T10:00:00", "missing", manages(provider="oneTrust")),
        on("01T10:00:00", "empty lists", manages([], [])),
    ],
    "booleans": [
        on("01T10:00:00", "wants mail", chooses(email=True)),
        on("01T10:00:00", "wants no mail", chooses(email=False, phone=True)),
        on("01T10:00:00", "capitals", chooses(**{"Advertising": True, "advertising": False, "E-Mail": True})),
    ],
    "unsubscribed": [
        on("04T10:00:00", "left", chooses(email=True)),
        told("05T10:00:00", user="left", event="Unsubscribed"),
        told("01T10:00:00", user="back", event="Unsubscribed"),
        on("05T10:00:00", "back", chooses(email=True)),
        told("05T10:00:00", user="complains", event="Email Marked as Spam"),
        on("04T10:00:00", "complains", chooses(email=True)),
    ],
    "mail gateways": [
        told("05T10:00:00", user="gateway", event="Email Delivered", properties={"campaign_id": "c1"}),
        told("05T10:00:01", user="gateway", event="Unsubscribed", properties={"campaign_id": "c1"}),
        told("05T10:00:00", user="reader", event="Email Delivered", properties={"campaign_id": "c1"}),
        told("05T10:15:00", user="reader", event="Unsubscribed", properties={"campaign_id": "c1"}),
    ],
    "words": [
        on("01T10:00:00", "onetrust", manages(["C0001", "C0002"], ["C0003", "C0004"], provider="oneTrust")),
        on("01T10:00:00", "or", manages(["C0004"], ["targeting"], resolutionStrategy="or")),
        on("01T10:00:00", "and", manages(["C0004"], ["targeting"], resolutionStrategy="and")),
        on("01T10:00:00", "own", manages(["c0007"], ["Unheard of"])),
        on("01T10:00:00", "tcf", manages(["IABV2_8", "IABV2_4"], ["IABV2_5"], provider="custom")),
        on("01T10:00:00", "do not sell", chooses(do_not_sell=True, advertising=True)),
    ],
    "wrong clocks": [
        # A clock that is 20 days ahead told of a refusal; the permission, on another device, came after it in fact.
        told("25T10:00:00", user="skewed", device="ahead", context=chooses(email=False), sentAt="2025-03-12T00:00:00Z"),
        told("19T10:00:00", user="skewed", device="right", context=chooses(email=True)),
    ],
}
OTHER_SITE: Batch = [
    told("03T10:00:00", device="device of late", user="late", context=chooses(advertising=True)),
    told("03T10:00:00", device="d3", user="other", context=chooses(analytics=True)),
]
GPC: Batch = [on("01T10:00:00", "gpc", chooses(advertising=True))]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, run_dbt: Callable) -> Callable[[str], list[tuple]]:
    """Return a function that asks the warehouse."""
    settings = Settings(home=tmp_path_factory.mktemp("consents"))
    warehouse = Warehouse.from_settings(settings)
    number = 0
    shop, other = Source("web", "shop"), Source("app", "other")
    sent = [*((batch, shop, False) for batch in BATCHES.values()), (GPC, shop, True), (OTHER_SITE, other, False)]
    for batch, source, has_gpc in sent:
        for event in batch:
            number += 1
            event["messageId"] = f"m{number:03}"
        collected = collect({"batch": batch}, None, source, Receipt(RECEIVED, has_gpc=has_gpc))
        assert collected.reasons == []
        with SegmentWriter(settings.collector_dir) as writer:
            writer.append(collected.lines)
    with warehouse.write() as connection:
        create_tables(connection)
        landing.create_tables(connection)
    load_segments(warehouse, settings, now=dt.datetime(2025, 2, 21))  # noqa: DTZ001 - as raw tables have it
    run = partial(run_dbt, "run", warehouse=settings.warehouse_path, variables=VARS)
    run("--select", STAGING)
    identify_people(settings.warehouse_path)
    run("--select", "+contact_permissions", "--exclude", STAGING)

    def ask(query: str) -> list[tuple]:
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return ask


@pytest.fixture(scope="module")
def permissions(answers: Callable) -> Callable[[str], dict[tuple[str, str], str]]:
    """Return a function that tells the state of each purpose and channel of a person."""
    return lambda user: {
        (purpose, channel): state
        for purpose, channel, state in answers(
            f"select purpose, channel, state from marts.contact_permissions where customer_id = 'shop:{user}'"
        )
    }


@pytest.mark.parametrize(
    ("user", "purpose", "channel", "expected"),
    [
        ("late", "advertising", "ads", "refused"),
        ("late", "analytics", "any", "granted"),
        ("instant", "advertising", "ads", "refused"),
        ("login", "advertising", "ads", "refused"),
        ("login", "analytics", "any", "refused"),
        ("refuses", "analytics", "any", "refused"),
        ("allows", "analytics", "any", "granted"),
        ("wants mail", "marketing", "email", "granted"),
        ("wants mail", "analytics", "any", "unknown"),
        ("wants no mail", "marketing", "email", "refused"),
        ("wants no mail", "marketing", "phone", "granted"),
        ("wants no mail", "personalization", "any", "unknown"),
        ("capitals", "advertising", "ads", "refused"),
        ("capitals", "marketing", "email", "granted"),
        ("left", "marketing", "email", "refused"),
        ("back", "marketing", "email", "granted"),
        ("complains", "marketing", "email", "refused"),
        ("onetrust", "analytics", "any", "granted"),
        ("onetrust", "personalization", "any", "refused"),
        ("onetrust", "advertising", "ads", "refused"),
        ("or", "advertising", "ads", "granted"),
        ("and", "advertising", "ads", "refused"),
        ("own", "marketing", "email", "granted"),
        ("own", "analytics", "any", "unknown"),
        ("tcf", "analytics", "any", "granted"),
        ("tcf", "advertising", "ads", "granted"),
        ("tcf", "personalization", "any", "refused"),
        ("do not sell", "advertising", "ads", "refused"),
        ("gpc", "advertising", "ads", "refused"),
        ("gpc", "sale", "any", "refused"),
        ("gpc", "analytics", "any", "unknown"),
        ("skewed", "marketing", "email", "granted"),
    ],
)
def test_a_person_is_asked_as_the_person_decided(permissions: Callable, user, purpose, channel, expected):
    assert permissions(user)[purpose, channel] == expected


def test_an_empty_map_refuses_every_purpose_and_a_missing_one_none(permissions: Callable):
    for user in ("empty", "empty lists"):
        states = permissions(user)
        assert {purpose for purpose, _ in states} == PURPOSES
        assert set(states.values()) == {"refused"}
    assert set(permissions("missing").values()) == {"unknown"}


def test_who_was_never_named_is_no_customer_but_a_device_that_may_be_asked(answers: Callable):
    (found,) = answers(
        "select customer_id, purpose, is_granted from marts.consents where anonymous_id = 'shop:never named'"
    )
    assert found == (None, "advertising", True)


def test_two_sites_with_the_same_ids_of_devices_and_people_never_meet(answers: Callable, permissions: Callable):
    asked = "select is_allowed from marts.contact_permissions where customer_id = '{}' and purpose = '{}'"
    assert answers(asked.format("other:late", "advertising")) == [(True,)]
    assert permissions("late")["advertising", "ads"] == "refused"
    assert answers(asked.format("other:other", "analytics")) == [(True,)]
    assert permissions("login")["analytics", "any"] == "refused"
    devices = answers("select distinct anonymous_id from marts.fct_events where anonymous_id like '%:d3' order by all")
    assert devices == [("other:d3",), ("shop:d3",)]


def test_a_category_that_nobody_knows_is_told_and_means_nothing(answers: Callable):
    assert answers("select distinct purpose from marts.consents where not is_known") == [("unheardof",)]


def test_an_answer_names_the_decision_and_its_time(answers: Callable):
    (answer,) = answers("""
        select decided_at, reason, subject_id, source, consent_id from marts.contact_permissions
        where customer_id = 'shop:late' and purpose = 'advertising'
    """)
    assert answer == (
        dt.datetime(2025, 2, 2, 10),  # noqa: DTZ001 - as the table has it
        "advertising refused",
        "device:shop:device of late",
        "web",
        "web:m001:advertising",
    )


def test_an_unsubscription_by_a_mail_gateway_counts_and_is_marked_so_that_a_person_can_be_asked(answers: Callable):
    marked = answers("""
        select customer_id, state, is_machine, reason from marts.contact_permissions
        where customer_id in ('shop:gateway', 'shop:reader') and purpose = 'marketing' and channel = 'email' order by all
    """)
    assert marked == [
        ("shop:gateway", "refused", True, "email refused"),
        ("shop:reader", "refused", False, "email refused"),
    ]
    page = {
        customer: why
        for customer, what, _, why in answers(
            "with asked as (select unnest(['shop:gateway', 'shop:reader']) as customer_id) "
            + CUSTOMER.queries["permissions"]
        )
        if what == "marketing by email"
    }
    assert page["shop:gateway"].endswith("told by web, by a mail gateway as it seems: ask")
    assert page["shop:reader"].endswith("told by web")


def test_what_held_at_a_time_is_known_later(answers: Callable):
    held = answers("""
        select valid_from < timestamp '2025-02-01 12:00' and coalesce(valid_to >= timestamp '2025-02-01 12:00', true), is_granted
        from marts.consents where customer_id = 'shop:late' and purpose = 'advertising' order by valid_from
    """)
    assert held == [(True, True), (False, False)]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"consent_purposes": ["analytics", "email"]}, "var consent_purposes is a table"),
        (
            {"consent_purposes": {"analytics": True}, "contact_uses": {}, "consent_categories": {}},
            r"consent_purposes has .*True.* for analytics; give opt_in",
        ),
        (
            {"consent_categories": {"C0009": ["anything"]}},
            r"that .*C0009.* means .*anything",
        ),
        ({"contact_uses": {"marketing": ["pigeon"]}}, r"contact_uses has .*pigeon.*, which is no channel"),
    ],
)
def test_a_wrong_setting_stops_the_build_and_is_named(run_dbt: Callable, tmp_path, setting, told):
    with pytest.raises(AssertionError, match=told):
        run_dbt(
            "compile",
            "--select",
            "consents",
            "contact_permissions",
            warehouse=tmp_path / "warehouse.duckdb",
            variables=VARS | setting,
            parsed=VARS,
        )
