import json
from datetime import datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector import events
from dmp_assets.collector.events import Receipt, Source, collect
from dmp_assets.collector.wire import parse
from tests.unit.collector.refusals import only_refused, refusal

RECEIVED = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
SOURCE = Source("web", "shop")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


def track(**changes: object) -> dict:
    return {"type": "track", "event": "Product Viewed", "anonymousId": "a", "messageId": "m"} | changes


def rows(message: dict, event_type: str | None = None, *, has_gpc: bool = False) -> list[dict]:
    collected = collect(message, event_type, SOURCE, Receipt(RECEIVED, has_gpc))
    return [json.loads(line) for line in collected.lines]


def reason(**changes: object) -> str | None:
    (row,) = rows({"batch": [track(**changes)]})
    return row.get("reason")


def test_a_line_says_whose_event_it_is_and_when_it_came():
    (row,) = rows(track(writeKey="secret", unknown=[1, None]), "track", has_gpc=True)
    assert row == {
        "source": "web",
        "namespace": "shop",
        "received_at": "2026-01-01T10:00:00.000000Z",
        "gpc": True,
        "event": track(unknown=[1, None]),
    }
    assert "gpc" not in rows(track(), "track")[0]


def test_the_requests_user_agent_is_kept_where_the_event_names_none():
    events_ = [track(), track(context={"userAgent": "own"}), track(properties={"userAgent": "other"})]
    lines = collect({"batch": events_}, None, SOURCE, Receipt(RECEIVED, user_agent="Firefox" * 1000)).lines
    kept = [json.loads(line).get("user_agent") for line in lines]
    assert kept == [("Firefox" * 1000)[:1000], None, ("Firefox" * 1000)[:1000]]


def test_what_a_batch_says_for_all_and_cannot_be_read_sets_its_events_aside_with_their_text():
    batch = parse(b'{"context":{"x":NaN},"batch":[%s],"writeKey":"k"}' % orjson.dumps(track(context={"locale": "de"})))
    (row,) = rows(batch)
    assert row["reason"] == "invalid_number"
    assert '"context":{"x":NaN}' in row["raw"]
    assert "Product Viewed" in row["raw"]


def test_an_event_without_a_message_id_gets_one_of_its_own():
    found = rows({"batch": [track(messageId=None), track(messageId=""), track(messageId=" ")]})
    assert len({row["event"]["messageId"].strip() for row in found} | {""}) == 4


def test_what_a_batch_says_for_all_is_merged_into_each_event():
    first, second, third = rows(
        {
            "context": {"ip": "1.2.3.4", "locale": "de", "consent": {"categoryPreferences": {"ads": True}}},
            "integrations": {"All": True},
            "sentAt": "2026-01-01T10:00:00Z",
            "batch": [track(), track(context={"locale": "fr"}, sentAt="2025-01-01T10:00:00Z"), track(context=None)],
        }
    )
    assert first["event"]["sentAt"] == "2026-01-01T10:00:00Z"
    assert first["event"]["integrations"] == {"All": True}
    assert second["event"]["context"]["locale"] == "fr"
    assert second["event"]["context"]["ip"] == "1.2.3.4"
    assert second["event"]["sentAt"] == "2025-01-01T10:00:00Z"
    assert third["event"]["context"] == first["event"]["context"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"anonymousId": None, "userId": 7}, None),
        ({"anonymousId": ""}, "no_user_anon_id"),
        ({"anonymousId": None}, "no_user_anon_id"),
        ({"anonymousId": {}}, "invalid_id"),
        ({"userId": True}, "invalid_id"),
        ({"userId": False}, "invalid_id"),
        ({"userId": []}, "invalid_id"),
        ({"userId": 42.0}, None),
        ({"userId": 42.5}, "invalid_id"),
        ({"userId": 2.0**53}, "invalid_id"),
        ({"userId": 2**53 + 1}, None),
        ({"userId": " ", "anonymousId": "\t"}, "no_user_anon_id"),
        ({"type": "buy"}, "unknown_type"),
        ({"type": None}, "unknown_type"),
        ({"type": []}, "unknown_type"),
        ({"event": " "}, "no_event_name"),
        ({"type": "group"}, "no_group_id"),
        ({"type": "alias", "previousId": ""}, "no_previous_id"),
        ({"messageId": "m" * 99}, None),
        ({"messageId": "m" * 100}, "invalid_message_id"),
        ({"messageId": 5}, None),
        ({"messageId": 5.5}, "invalid_message_id"),
        ({"messageId": True}, "invalid_message_id"),
        ({"messageId": ["m"]}, "invalid_message_id"),
        ({"messageId": " "}, None),
        ({"properties": [1]}, "invalid_object"),
        ({"traits": "x"}, "invalid_object"),
        ({"context": {"consent": {"categoryPreferences": {}}}}, None),
        ({"context": {"consent": {}}}, None),
        ({"context": {"consent": {"categoryPreferences": {"ads": False}}}}, None),
        ({"context": {"consent": {"categoryPreferences": {"ads": "no"}}}}, "invalid_consent"),
        ({"context": {"consent": {"categoryPreferences": ["ads"]}}}, "invalid_consent"),
        ({"context": {"consent": False}}, "invalid_consent"),
        ({"timestamp": "2026-01-01T00:00:00Z"}, None),
        ({"timestamp": "2026-01-01T00:00:00.123456789+05:30"}, None),
        ({"sentAt": "2026-01-01T00:00:00.1Z"}, None),
        ({"originalTimestamp": ""}, None),
        ({"timestamp": "yesterday"}, "invalid_time"),
        ({"sentAt": 1767225600}, None),
        ({"sentAt": True}, "invalid_time"),
        ({"sentAt": {}}, "invalid_time"),
        ({"properties": {"x": "a\0b"}}, "nul_character"),
        ({"properties": {"a\0b": 1}}, "nul_character"),
        ({"properties": {"x": "a\\u0000b"}}, None),
        ({"properties": {"x": "x" * 33_000}}, "event_too_large"),
    ],
)
def test_an_event_is_refused_for_one_reason(changes, expected):
    assert reason(**changes) == expected
    assert expected is None or expected in events.REASONS


@pytest.mark.parametrize("depth", [62, 63, 64, 300, 900, 80_000])
def test_an_event_that_is_nested_too_deep_costs_no_other(depth):
    deep = orjson.dumps(track(properties=None)).replace(b"null", b'{"a":' * depth + b"1" + b"}" * depth)
    batch = parse(b'{"batch":[%s,%s,%s]}' % (orjson.dumps(track()), deep, orjson.dumps(track())))
    expected = None if depth < 64 else "too_deep"
    assert [row.get("reason") for row in rows(batch)] == [None, expected, None]


def test_a_wide_event_is_not_a_deep_one():
    assert reason(properties={"products": [{"id": [n]} for n in range(300)]}) is None


def test_a_refused_event_is_kept_as_text_cut_at_32_kb():
    (row,) = rows({"batch": [track(properties={"x": "é" * 40_000})]})
    assert row["reason"] == "event_too_large"
    assert 32_766 <= len(row["raw"].encode()) <= 32_768
    (row,) = rows({"batch": ["text"]})
    assert (row["reason"], row["raw"]) == ("not_an_object", '"text"')


@given(
    st.dictionaries(st.text(), JSON, max_size=6),
    st.lists(
        JSON
        | st.fixed_dictionaries(
            {}, optional={"userId": JSON, "type": JSON, "context": JSON, "sentAt": JSON, "messageId": JSON}
        ),
        max_size=6,
    ),
)
def test_any_json_is_answered_with_lines_that_are_json_without_breaks_and_nul(message, batch):
    with only_refused(400):
        collected = collect(message | {"batch": batch}, None, SOURCE, Receipt(RECEIVED))
        check_lines(collected, len(batch))


def check_lines(collected: events.Collected, event_count: int) -> None:
    assert len(collected.lines) == event_count == collected.accepted + len(collected.reasons)
    for line in collected.lines:
        assert b"\n" not in line
        assert b"\0" not in line
        row = json.loads(line)
        assert ("event" in row) != ("reason" in row)
        assert "\0" not in json.dumps(row.get("event"), ensure_ascii=False)


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_an_accepted_event_comes_out_as_it_went_in(properties):
    event = track(properties=properties)
    (row,) = rows(parse(json.dumps({"batch": [event]}).encode()))
    assert "reason" in row or row["event"] == event


def test_the_limits_of_a_batch():
    assert refusal(lambda: rows({"batch": [1] * 2501})) == (400, "too_many_events")
    assert refusal(lambda: rows({})) == (400, "invalid_batch")
    assert refusal(lambda: rows({"batch": [], "context": 1})) == (400, "invalid_object")
    assert rows({"batch": []}) == []
