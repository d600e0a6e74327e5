import string

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.privacy.identifiers import Cleaned, clean, clean_broken_json, clean_text, clean_value, may_hold_one_sql


def token(kind: str, value: str) -> str:
    return f"<{kind}>"


def cleaned(event: dict) -> Cleaned:
    return clean(event, orjson.dumps(event), token)


words = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
emails = st.builds("{}.{}@{}.{}".format, words, words, words, st.sampled_from(["com", "co.uk", "example"]))
phones = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{9,12}", fullmatch=True), st.from_regex(r"\([2-9]\d{2}\) \d{3}-\d{4}", fullmatch=True)
)
keys = st.sampled_from(["note", "url", "product_id", "search", "Ünïcode key", "query"])
harmless = st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), words)


def documents(leaves: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
        max_leaves=8,
    )


@given(
    value=st.one_of(emails, phones),
    frame=st.sampled_from(["{}", "call {} now", "https://shop.test/?q={}&x=1", "({})"]),
    data=st.data(),
)
def test_no_email_or_phone_survives_anywhere(value: str, frame: str, data: st.DataObject):
    hidden = frame.format(value)
    document = data.draw(documents(st.one_of(harmless, st.just(hidden))))
    event = {
        "type": "track",
        "userId": value,
        "properties": {"any": document, "hidden": hidden, hidden: 1, "Email": value},
    }
    text = orjson.dumps(cleaned(event).event).decode()
    assert value not in text


@given(documents(harmless))
def test_nothing_else_changes(document: object):
    event = {"type": "page", "anonymousId": "7a14", "name": "Home", "properties": {"name": "Milk 2 %", "any": document}}
    found = cleaned(event)
    assert found.event == event
    assert found.found == []


def test_the_given_event_is_not_changed():
    event = {"userId": "jane@example.com", "context": {"ip": "10.0.0.1"}, "traits": {"name": "Jane", "plan": "gold"}}
    before = orjson.dumps(event)
    cleaned(event)
    assert orjson.dumps(event) == before


def test_identifiers_are_handed_over_and_named_by_token():
    found = cleaned(
        {
            "type": "identify",
            "userId": "42",
            "traits": {
                "email": "Jane@Example.com",
                "phone": 15550001111,
                "firstName": "Jane",
                "last_name": "Doe",
                "address": {"street": "1 Main St", "city": "Ghent"},
                "plan": "gold",
            },
        }
    )
    assert found.event == {"type": "identify", "userId": "42", "traits": {"plan": "gold"}}
    assert (found.email_token, found.phone_token) == ("<email>", "<phone>")
    assert [(kind, value) for kind, value, _ in found.found] == [
        ("email", "Jane@Example.com"),
        ("phone", "15550001111"),
        ("first_name", "Jane"),
        ("last_name", "Doe"),
        ("address", "1 Main St"),
        ("address", "Ghent"),
    ]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        ({"context": {"ip": "10.0.0.1", "locale": "en"}}, {"context": {"locale": "en"}}),
        (
            {"context": {"traits": {"name": "Jane"}, "app": {"name": "Shop"}}},
            {"context": {"traits": {}, "app": {"name": "Shop"}}},
        ),
        ({"userId": "jane@example.com"}, {"userId": "<email>"}),
        ({"userId": "+32 470 00 00 00"}, {"userId": "<phone>"}),
        ({"userId": "31198570044"}, {"userId": "31198570044"}),
        (
            {"properties": {"url": "https://x.test/?e=jane%40example.com"}},
            {"properties": {"url": "https://x.test/?e=[email]"}},
        ),
        ({"properties": {"name": "Milk"}}, {"properties": {"name": "Milk"}}),
        ({"properties": {"E-Mail": None, "list": [{"phone": "5"}]}}, {"properties": {"list": [{}]}}),
        ({"properties": {"at": "2017-01-02T03:04:05+01:00"}}, {"properties": {"at": "2017-01-02T03:04:05+01:00"}}),
    ],
)
def test_what_is_left_of_an_event(event: dict, left: dict):
    assert cleaned(event).event == left


def test_a_text_keeps_everything_but_the_identifier():
    found: list[tuple[str, str, str]] = []
    assert clean_text("ask jane@example.com, order 31198570044", token, found) == "ask [email], order 31198570044"
    assert found == [("email", "jane@example.com", "<email>")]


pieces = st.one_of(
    emails, phones, st.sampled_from(["@", "%40", "%2B", "+", " ", ".", "-", "(", ")", "x", "12", "345", "6789"])
)


@given(st.lists(st.lists(pieces, max_size=9).map("".join), min_size=1, max_size=50))
def test_the_sql_condition_holds_for_every_text_that_is_changed(texts: list[str]):
    with duckdb.connect() as connection:
        connection.execute("create table texts (text varchar)")
        connection.executemany("insert into texts values (?)", [[text] for text in texts])
        held = connection.execute(f"select text from texts where {may_hold_one_sql('text')}").fetchall()
    assert {text for text in texts if clean_value(text, token, []) != text} <= {text for (text,) in held}


def test_the_sql_condition_holds_for_the_shortest_texts_and_for_few_others():
    short = ["a@b.c", "a%40b.c", "+1234567", "%2B1234567", "123-456-7890"]
    others = [
        "2024-01-02 10:00:00",
        "12.50",
        "C++",
        "100 %",
        "o123456789",
        "Ware Nummer 4",
        "d41d8cd98f00b204e9800998ecf8427e",
    ]
    with duckdb.connect() as connection:
        for text in [*short, *others]:
            found = connection.execute(f"select {may_hold_one_sql('text')} from (select ? as text)", [text]).fetchone()
            assert found == (text in short,), text
            assert (clean_value(text, token, []) != text) == (text in short), text


@given(st.integers(0, 400))
def test_of_an_event_that_is_cut_off_anywhere_no_personal_value_is_left(length: int):
    personal = {
        "firstName": "Jane",
        "name": "Doe",
        "phone": 15550001111,
        "address": {"geo": {"at": [1]}, "city": "Ghent"},
    }
    event = {
        "type": "identify",
        "context": {"ip": "10.0.0.1"},
        "traits": {**personal, "note": "j@x.test", "plan": "gold"},
    }
    text = orjson.dumps(event).decode()
    left = clean_broken_json(text[:length], token, [])
    assert not any(value in left for value in ("10.0", "Jan", "Doe", "1555", "Ghe", "j@x.t"))
    assert left.endswith('"plan":"gold"}}') is (length >= len(text))
