"""Whoever told of consent in an event that no build has loaded yet waits."""

import json

import pytest

from dmp_assets.activation.undecided import undecided
from dmp_assets.collector.segments import SegmentWriter, write_sealed
from dmp_assets.platform.warehouse import Warehouse, replace_table
from tests.unit.activation.world import World, frame


def line(**event) -> bytes:
    sent = {"type": "track", "event": "Product Viewed", "messageId": "m", "anonymousId": "dev"} | event
    record = {"source": "web", "namespace": "shop", "received_at": "2025-02-02T00:00:00Z"}
    if sent.pop("gpc", False):
        record["gpc"] = True
    return json.dumps(record | {"event": sent}).encode()


CONSENT = {"consent": {"categoryPreferences": {"email": False}}}


@pytest.fixture
def fans(world: World, hook) -> World:
    return world.destinations(hook).crowd([1, 2, 3]).build()


@pytest.mark.parametrize(
    "event",
    [
        {"userId": "2", "context": CONSENT},
        {"userId": "2", "event": "Unsubscribed"},
        {"userId": "2", "event": "Email Bounced"},
        {"event": "Unsubscribed", "properties": {"email": "P2@example.org"}},
        {"userId": "2", "context": {"consent": {"categoryPreferences": {"opted out": True}}}},
        {"userId": "2", "context": {"consentManagement": {"deniedConsentIds": ["C0004"]}}},
        {"userId": "2", "gpc": True},
    ],
)
@pytest.mark.parametrize("is_sealed", [True, False])
def test_who_told_of_consent_in_a_segment_is_sent_nothing(fans: World, event, is_sealed, server):
    folder = fans.settings.collector_dir
    if is_sealed:
        write_sealed(folder, "20250202T000000000000Z-aa", [line(**event)])
        report = fans.send()
    else:
        with SegmentWriter(folder) as writer:
            writer.append([line(**event)])
            report = fans.send()
    assert report.planned.left_out == {"shop:2": "undecided"}
    assert report.fates == {"sent": 2}


def test_an_event_that_tells_of_no_consent_keeps_nobody_waiting(fans: World, server):
    write_sealed(fans.settings.collector_dir, "20250202T000000000000Z-aa", [line(userId="2")])
    assert fans.send().fates == {"sent": 3}


def test_a_device_is_whoever_is_named_on_it_in_another_event(fans: World, server):
    lines = [line(context=CONSENT), line(type="identify", userId="3")]
    write_sealed(fans.settings.collector_dir, "20250202T000000000000Z-aa", lines)
    assert fans.send().planned.left_out == {"shop:3": "undecided"}


def test_who_is_at_the_destination_stays_there_until_the_decision_is_loaded(fans: World, server):
    fans.send()
    server.calls.clear()
    write_sealed(fans.settings.collector_dir, "20250202T000000000000Z-aa", [line(userId="2", event="Unsubscribed")])
    report = fans.send()
    assert (report.fates, report.planned.left_out) == ({}, {"shop:2": "undecided"})
    assert server.calls == []


def test_a_line_that_was_never_acknowledged_stops_nobody(fans: World, server):
    folder = fans.settings.collector_dir
    (folder / "open").mkdir(parents=True)
    (folder / "open" / "20250202T000000000000Z-bb.ndjson").write_bytes(line(userId="2", event="Unsubscribed")[:-9])
    assert fans.send().fates == {"sent": 3}


def test_a_damaged_segment_may_hold_refusals_so_nothing_is_sent(fans: World, server):
    path = write_sealed(fans.settings.collector_dir, "20250202T000000000000Z-aa", [line(userId="2") for _ in range(99)])
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(Exception, match=r"is damaged.*nothing was sent"):
        fans.send()
    assert server.calls == []


def test_who_is_named_beside_someone_who_decides_waits_too_and_nobody_else():
    events = [
        (frozenset({"a", "b"}), False),
        (frozenset({"b", "c"}), True),
        (frozenset({"d"}), False),
        (frozenset({"a", "e"}), False),
    ]
    assert undecided(events) == {"a", "b", "c", "e"}
    assert undecided([(frozenset({"d"}), False)]) == frozenset()


def test_who_told_of_consent_in_an_event_that_is_loaded_and_not_built_waits(fans: World, server):
    names = "event_id customer_id anonymous_id email_token phone_token consent event_name is_sale_allowed reject_reason _load_id"
    events = frame(
        [
            ("a", "shop:1", None, None, None, "{}", "Product Viewed", True, None, "old"),
            ("b", "shop:1", None, None, None, None, "Product Viewed", True, None, "new"),
            ("c", "shop:2", None, None, None, None, "Unsubscribed", True, None, "new"),
            ("d", "shop:3", None, None, None, "{}", "Product Viewed", True, "invalid_time", "new"),
        ],
        names,
    )
    with Warehouse.from_settings(fans.settings).write() as connection:
        replace_table(connection, "intermediate.int_events_checked", events, {})
        replace_table(connection, "raw._loads", frame([("old", "events"), ("new", "events")], "load_id table_name"), {})
        replace_table(connection, "marts.fct_events", events[["event_id", "_load_id"]].head(1), {})
    assert fans.send().planned.left_out == {"shop:2": "undecided"}
    with Warehouse.from_settings(fans.settings).write() as connection:
        replace_table(connection, "marts.fct_events", events[["event_id", "_load_id"]], {})
    assert fans.send().planned.left_out == {}
