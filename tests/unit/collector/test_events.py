import base64
import contextlib
import gzip
import json
from collections.abc import Generator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector import events
from dmp_assets.collector.events import RequestError, Source, collect, decode, event_of_query, parse, write_key

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
    collected = collect(message, event_type, SOURCE, received_at=RECEIVED, has_gpc=has_gpc)
    return [json.loads(line) for line in collected.lines]


def reason(**changes: object) -> str | None:
    (row,) = rows({"batch": [track(**changes)]})
    return row.get("reason")


def refusal(action, *arguments) -> tuple[int, str]:
    with pytest.raises(RequestError) as refused:
        action(*arguments)
    return refused.value.status, refused.value.code


@contextlib.contextmanager
def only_refused(status: int) -> Generator[None]:
    """Let a refusal with this status pass, and nothing else."""
    try:
        yield
    except RequestError as refused:
        if refused.status != status:
            raise


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


def test_an_event_without_a_message_id_gets_one_of_its_own():
    first, second = rows({"batch": [track(messageId=None), track(messageId="")]})
    assert len({first["event"]["messageId"], second["event"]["messageId"], ""}) == 3


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
        ({"type": "buy"}, "unknown_type"),
        ({"type": None}, "unknown_type"),
        ({"type": []}, "unknown_type"),
        ({"event": " "}, "no_event_name"),
        ({"type": "group"}, "no_group_id"),
        ({"type": "alias", "previousId": ""}, "no_previous_id"),
        ({"messageId": "m" * 99}, None),
        ({"messageId": "m" * 100}, "invalid_message_id"),
        ({"messageId": 5}, "invalid_message_id"),
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
        ({"sentAt": 1767225600}, "invalid_time"),
        ({"properties": {"x": "a\0b"}}, "nul_character"),
        ({"properties": {"a\0b": 1}}, "nul_character"),
        ({"properties": {"x": "a\\u0000b"}}, None),
        ({"properties": {"x": "x" * 33_000}}, "event_too_large"),
    ],
)
def test_an_event_is_refused_for_one_reason(changes, expected):
    assert reason(**changes) == expected
    assert expected is None or expected in events.REASONS


@pytest.mark.parametrize(("depth", "expected"), [(62, None), (63, "too_deep"), (300, "too_deep"), (900, "too_deep")])
def test_nesting_is_bounded(depth, expected):
    nested = parse(b'{"a":' * depth + b"1" + b"}" * depth)
    assert reason(properties={"x": nested}, context=None) == expected


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
        collected = collect(message | {"batch": batch}, None, SOURCE, received_at=RECEIVED, has_gpc=False)
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


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(body):
    with only_refused(400):
        assert isinstance(parse(body), dict)


def test_half_a_character_does_not_cost_the_batch():
    assert parse(rb'{"a":"cut \ud83d","b":"whole \ud83d\ude00"}') == {"a": "cut ?", "b": "whole 😀"}
    assert refusal(parse, rb'{"a":"cut \ud83d","b":NaN}') == (400, "invalid_json")
    assert refusal(parse, rb'{"a":"cut \ud83d","b":' + b"[" * 5000 + b"]" * 5000 + b"}") == (400, "invalid_json")


@given(st.binary(max_size=2000), st.data())
def test_gzip_is_inflated_and_any_cut_of_it_is_refused(content, data):
    zipped = gzip.compress(content)
    assert decode(zipped, "gzip") == content
    assert decode(zipped + zipped, " GZIP ") == content * 2
    cut = data.draw(st.integers(1, len(zipped) - 1))
    assert refusal(decode, zipped[:cut], "gzip") == (400, "invalid_gzip")


def test_a_body_is_bounded_inflated_or_not():
    whole = b" " * events.BODY_BYTES
    assert decode(whole, "") == decode(gzip.compress(whole), "gzip") == whole
    assert refusal(decode, whole + b" ", "identity") == (413, "body_too_large")
    assert refusal(decode, gzip.compress(whole + b" "), "gzip") == (413, "body_too_large")
    assert refusal(decode, gzip.compress(whole) + gzip.compress(b" "), "gzip") == (413, "body_too_large")
    assert refusal(decode, b"{}", "deflate") == (400, "unsupported_encoding")


@given(st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1), st.text(st.characters(codec="utf-8")))
def test_the_write_key_of_basic_auth_stands_before_the_colon(user, password):
    for credentials in (user, f"{user}:", f"{user}:{password}"):
        packed = base64.b64encode(credentials.encode()).decode()
        assert write_key(f"Basic {packed}", "body", "query") == user


@pytest.mark.parametrize(
    ("authorization", "body", "query", "expected"),
    [
        ("", "body", "query", "body"),
        ("Bearer token", None, "query", "query"),
        ("Basic ???", 5, None, ""),
        ("Basic", "", "query", "query"),
    ],
)
def test_the_write_key_is_looked_for_in_turn(authorization, body, query, expected):
    assert write_key(authorization, body, query) == expected


def test_a_pixel_names_its_fields_flat_or_packs_them():
    pairs = [("event", "Email Opened"), ("context.campaign.name", "May"), ("context.ip", "0"), ("userId", "u")]
    flat = {"event": "Email Opened", "context": {"campaign": {"name": "May"}, "ip": "0"}, "userId": "u"}
    assert event_of_query(pairs) == flat
    packed = base64.urlsafe_b64encode(json.dumps(flat | {"x": "?>~"}).encode()).decode().rstrip("=")
    assert event_of_query([("data", packed)]) == flat | {"x": "?>~"}
    assert refusal(event_of_query, [("a", "1"), ("a.b", "2")]) == (400, "invalid_query")
    assert refusal(event_of_query, [("data", "e30x")]) == (400, "invalid_json")


@given(st.lists(st.tuples(st.text(), st.text()), max_size=6))
def test_any_query_is_an_event_or_a_refusal(pairs):
    with only_refused(400):
        assert isinstance(event_of_query(pairs), dict)


def test_the_limits_of_a_batch():
    assert refusal(lambda: rows({"batch": [1] * 2501})) == (400, "too_many_events")
    assert refusal(lambda: rows({})) == (400, "invalid_batch")
    assert refusal(lambda: rows({"batch": [], "context": 1})) == (400, "invalid_object")
    assert rows({"batch": []}) == []
