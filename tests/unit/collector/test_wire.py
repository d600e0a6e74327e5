import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector import wire
from dmp_assets.collector.broken_json import Unreadable
from dmp_assets.collector.wire import decode, event_of_query, parse, write_key
from tests.unit.collector.refusals import only_refused, refusal


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(body):
    with only_refused(400):
        assert isinstance(parse(body), dict)


def test_half_a_character_does_not_cost_the_batch():
    assert parse(rb'{"a":"cut \ud83d","b":"whole \ud83d\ude00"}') == {"a": "cut ?", "b": "whole 😀"}
    deep = b"[" * 5000 + b"]" * 5000
    assert parse(rb'{"a":"cut \ud83d","b":NaN,"c":%s}' % deep) == {
        "a": "cut ?",
        "b": Unreadable(b"NaN", "invalid_number"),
        "c": Unreadable(deep, "too_deep"),
    }


@given(st.binary(max_size=2000), st.data())
def test_gzip_is_inflated_and_any_cut_of_it_is_refused(content, data):
    zipped = gzip.compress(content)
    assert decode(zipped, "gzip") == content
    assert decode(zipped + zipped, " GZIP ") == content * 2
    cut = data.draw(st.integers(1, len(zipped) - 1))
    assert refusal(decode, zipped[:cut], "gzip") == (400, "invalid_gzip")


def test_a_body_is_bounded_inflated_or_not():
    whole = b" " * wire.BODY_BYTES
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


def test_a_byte_order_mark_before_the_body_is_passed_over():
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert refusal(parse, '{"a":1}'.encode("utf-16")) == (400, "invalid_json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b'{"a":1',
        b'{"a":1}}',
        b'{"a":1}{"b":2}',
        b'{"a":NaN',
        b"{a:NaN}",
        b'{"a":NaN,"a":1}',
        b'"',
    ],
)
def test_a_body_that_is_not_one_whole_object_is_refused(body):
    assert refusal(parse, body) == (400, "invalid_json")
