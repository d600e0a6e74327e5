import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector.broken_json import REASONS, Unreadable
from dmp_assets.collector.wire import RequestError, parse

GOOD = b'{"type":"track","event":"\\u201e{[,]}\\" 1e400","properties":{"a":[1,{"b":",}"}]}}'
BAD = {
    b'{"x":NaN}': "invalid_number",
    b'{"x":-Infinity}': "invalid_number",
    b'{"x":1e400}': "invalid_number",
    b'{"x":-1e400}': "invalid_number",
    b'{"x":18446744073709551616}': "invalid_number",
    b'{"x":-9223372036854775809}': "invalid_number",
    b'{"userId": 123456789012345678901234567890}': "invalid_number",
    b'{"x":' + b"9" * 5000 + b"}": "invalid_number",
    b'{"x":"\xff"}': "invalid_utf8",
    b'{"x":"caf\xe9"}': "invalid_utf8",
    b'{"x":1,"x":2}': "duplicate_key",
    b'{"y":{"x" : 1, "x" : 1}}': "duplicate_key",
    b'{"x":[1,]}': "invalid_json",
    b'{"x":undefined}': "invalid_json",
    b"{'x':1}": "invalid_json",
    b'{"x":"line\nbreak"}': "invalid_json",
    b'{"x":"\0"}': "invalid_json",
    b'{"x":01}': "invalid_json",
    b"": "invalid_json",
    b'{"x":' * 2000 + b"1" + b"}" * 2000: "too_deep",
}


@pytest.mark.parametrize(("bad", "reason"), BAD.items(), ids=[str(bad[:30]) for bad in BAD])
def test_one_bad_value_costs_its_own_event_and_no_other(bad, reason):
    first, second, third = parse(b'{"batch": [%s , %s,\n%s], "sentAt":"x"}' % (GOOD, bad, GOOD))["batch"]
    assert first == third == orjson.loads(GOOD)
    assert second == Unreadable(bad, reason)
    assert reason in REASONS


@pytest.mark.parametrize("text", [b"null", b"7", b'"text"', b"[]", b"true", b"{}"])
def test_an_item_that_is_no_event_is_read_as_what_it_is(text):
    assert parse(b'{"batch":[%s,{"x":NaN}]}' % text)["batch"][0] == orjson.loads(text)


@pytest.mark.parametrize("digits", [b"18446744073709551615", b"-9223372036854775808", b"9007199254740993"])
def test_integers_of_64_bits_keep_their_digits(digits):
    assert parse(b'{"userId":%s}' % digits) == {"userId": int(digits)}


def test_long_digits_in_a_text_and_after_a_point_are_no_huge_integer():
    body = b'{"id":"no 123456789012345678901234567890","x":0.12345678901234567890123}'
    assert parse(body) == json.loads(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=5), st.sampled_from(list(BAD)), st.integers(0, 5), st.booleans())
def test_whatever_stands_beside_the_bad_value_is_read_as_it_would_be_alone(values, bad, at, ascii_only):
    texts = [json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for value in values]
    readable = [orjson.loads(text) for text in texts if b"\\ud" not in text]
    items = [text for text in texts if b"\\ud" not in text]
    items.insert(at, bad)
    found = parse(b'{"writeKey": "k" ,"batch":[%s]}' % b",".join(items))
    assert found["writeKey"] == "k"
    assert [item for item in found["batch"] if not isinstance(item, Unreadable)] == readable


LONGEST = {
    b'{"a":"' + rb"\"" * 120_000: None,
    b'{"a":"' + b"\\\\" * 120_000: None,
    b"[" * 500_000: None,
    b"{" + b'"a":1,' * 80_000 + b'"b":1}': None,
    b'{"a":NaN' + b"".join(b',"%d":1' % n for n in range(40_000)) + b"}": None,
    b'{"batch":[' + b"," * 490_000 + b"]}": 2501,
    b'{"batch":[' + b"9" * 490_000 + b"]}": 1,
    b'{"batch":[NaN' + b',{"x":1,"x":2}' * 2000 + b"]}": 2001,
}


@pytest.mark.parametrize(("body", "items"), LONGEST.items(), ids=range(len(LONGEST)))
def test_the_longest_body_is_refused_or_read_to_the_end_whatever_it_holds(body, items):
    """In time that is linear in it, some 0.1 s; benchmarks/collector.py measures it."""
    if items is None:
        with pytest.raises(RequestError):
            parse(body)
    else:
        assert len(parse(body)["batch"]) == items
