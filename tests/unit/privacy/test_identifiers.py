import string
from decimal import Decimal

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dmp_assets.privacy.identifiers import Cleaned, clean, clean_broken_json, clean_cell
from dmp_assets.privacy.numbers import is_phone
from dmp_assets.privacy.texts import REMOVED, Search, TextCleaner
from dmp_assets.privacy.words import Words
from tests.unit.privacy.samples import SEARCHES, texts


def token(kind: str, value: str) -> str:
    return f"<{kind}>"


GERMAN = Search(countries=("DE",))


def cleaned(event: dict, search: Search = GERMAN) -> Cleaned:
    return clean(event, token, search)


def properties(search: Search = GERMAN, /, **values: object) -> dict:
    return cleaned({"properties": values}, search).event["properties"]


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
        ({"properties": {"E-Mail": None, "list": [{"phone": "55512"}]}}, {"properties": {"list": [{}]}}),
        ({"properties": {"at": "2017-01-02T03:04:05+01:00"}}, {"properties": {"at": "2017-01-02T03:04:05+01:00"}}),
    ],
)
def test_what_is_left_of_an_event(event: dict, left: dict):
    assert cleaned(event).event == left


def test_a_text_keeps_everything_but_the_identifier():
    cleaner = TextCleaner(GERMAN, token)
    assert cleaner.clean("ask jane@example.com, order 31198570044") == "ask [email], order 31198570044"
    assert cleaner.found == [("email", "jane@example.com", "<email>")]


@pytest.mark.parametrize(
    "key",
    [
        *(
            "Billing Name",
            "billing_name",
            "billingName",
            "home_phone",
            "address1",
            "address_line_2",
            "收货人",
            "客户电话",
            "身份证号",
            "收货人手机号",
        ),
        *(
            "Prénom",
            "Téléphone",
            "Straße",
            "E-Mail-Adresse",
            "Rechnungsadresse",
            "fecha de nacimiento",
            "Codice Fiscale",
            "telefoonnummer",
        ),
        *(
            "imię i nazwisko",
            "rodné číslo",
            "sähköposti",
            "doğum tarihi",
            "ФИО",
            "номер телефона",
            "адрес доставки",
            "電話番号",
            "휴대폰번호",
        ),
        *(
            "البريد الإلكتروني",
            "EMAILADDRESS",
            "billingemail",
            "customerEmailAddress",
            "shipToName",
            "phoneNumber2",
            "credit_card_number",
        ),
    ],
)
def test_the_name_of_a_key_tells_in_many_languages_and_forms(key: str):
    assert properties(**{key: "x 12345"}) == {}


@pytest.mark.parametrize(
    "properties_",
    [
        {"customer": {"name": "Jane"}},
        {"order": {"shipping": {"name": "Jane", "address": {"street": "1 Main St"}}}},
        {"payload": '{"user": {"name": "Jane", "email": "jane@example.com"}}'},
        {"items": [{"recipient": {"phone": "0170 1234567"}}]},
        {"url": "https://shop.test/thanks?first_name=Jane&Tel=0170+1234567"},
        {"next": "https://shop.test/?next=https%3A%2F%2Fshop.test%2F%3Femail%3Djane%2540example.com"},
        {"wide": "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"},
        {"text": "邮箱jane@example.com吧"},
        {"text": "ruf 0170 1234567 an"},
        {"text": "from 203.0.113.7 or 2001:db8::1"},
        {"text": "4111 1111 1111 1111"},
        {"text": "pay DE89 3704 0044 0532 0130 00 please"},
        {"text": "CPF 529.982.247-25, RSSMRA85T10A562S, 11010519491231002X, 850709-9805"},
        {"entered": 4111111111111111},
    ],
)
def test_an_identifier_is_found_whatever_is_around_it(properties_: dict):
    text = orjson.dumps(cleaned({"properties": properties_}).event).decode()
    kept = ("jane", "0170", "203.0", "2001", "1111", "3704", "529.9", "rssmra", "8507", "ｊ", "1105", "1 main")
    assert not any(each in text.lower() for each in kept), text


@pytest.mark.parametrize(
    "properties_",
    [
        {"image": "logo@2x.png", "package": "react@18.2.0"},
        {"order_id": "555-123-4567", "orderNumber": "0170 1234567", "sku": "2125551234"},
        {"note": "order 555-123-4567 shipped"},
        {
            "email": True,
            "phone": False,
            "sms": "yes",
            "emails": 3,
            "phone_count": 2,
            "email_opt_in": "true",
            "mobile": "iPhone",
        },
        {"store": {"name": "Main", "address": "1 Main St"}, "store_name": "Main", "storeAddress": "1 Main St"},
        {
            "product": {"name": "Milk 2 %"},
            "productName": "Milk",
            "name": "Milk",
            "商品名": "牛奶",
            "category_name": "Dairy",
        },
        {"campaign": {"name": "Spring"}, "page": {"name": "Home"}, "screen_name": "Home", "event_name": "Viewed"},
        {"userAgent": "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36", "version": "v1.2.3.4"},
        {"at": "2024-01-02T03:04:05+01:00", "day": "01.02.2024", "amount": "1234567.89", "time": "10:00:00"},
        {
            "ean": "4006381333931",
            "id": "550e8400-e29b-41d4-a716-446655440000",
            "hash": "d41d8cd98f00b204e9800998ecf8427e",
        },
        {"json": '{"name": "Milk", "price": 2}', "text": "Straße 12, 3 Stück zu 4,50"},
    ],
)
def test_what_only_looks_like_one_stays(properties_: dict):
    found = cleaned({"properties": properties_})
    assert found.event["properties"] == properties_
    assert found.found == []
    assert not found.is_changed


def test_a_consent_is_never_cleaned_by_its_keys():
    context = {
        "consent": {"categoryPreferences": {"email": True, "phone": False}},
        "consentManagement": {"allowedConsentIds": ["email", "name"], "deniedConsentIds": ["phone"]},
    }
    assert cleaned({"context": context}).event["context"] == context
    traits = {"consent": {"email": "granted", "address": "denied"}}
    assert cleaned({"traits": traits}).event["traits"] == traits


def test_a_persons_id_that_is_an_identifier_becomes_its_pseudonym_and_another_id_stays():
    china = Search(countries=("CN",))
    assert cleaned({"userId": "13812345678"}, china).event["userId"] == "<phone>"
    assert properties(china, order_id="13812345678", customer_id="13812345678") == {
        "order_id": "13812345678",
        "customer_id": "<phone>",
    }
    assert cleaned({"userId": "13812345678"}).event["userId"] == "13812345678", "in Germany"


def test_a_project_has_words_of_its_own_and_can_take_some_away():
    search = Search(Words({"name": ["Spieler"], "none": ["mail"]}))
    assert properties(search, Spieler="Jane", mail="express") == {"mail": "express"}


def test_an_event_with_too_much_to_look_at_loses_the_texts_that_come_last():
    event = cleaned({"first": "jane@example.com", "properties": {"text": "a@b.com " * 3000, "plan": "gold"}})
    assert event.event == {"first": "[email]", "properties": {"text": REMOVED, "plan": "gold"}}
    assert event.found == [("email", "jane@example.com", "<email>")]


signs = st.text('@.%4025+ -()/=&?:{}[]"\\,0123456789abmailphone＠吧é', max_size=300)


@given(st.dictionaries(st.one_of(signs, keys), st.one_of(signs, documents(signs)), max_size=6))
def test_cleaning_never_fails_and_what_was_cleaned_stays_as_it_is(event: dict):
    once = cleaned(event).event
    orjson.dumps(once)
    assert all(
        place not in orjson.dumps(cleaned(once).event).decode() for place in ("[[", "]]") if place not in str(event)
    )


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
    left, _ = clean_broken_json(text[:length], token, GERMAN)
    assert not any(value in left for value in ("10.0", "Jan", "Doe", "1555", "Ghe", "j@x.t"))
    assert left.endswith('"plan":"gold"}}') is (length >= len(text))


def test_seconds_since_1970_are_no_mobile_number():
    assert is_phone("01714557600", ["DE"])
    assert not is_phone("1714557600", ["DE"])


MOST = ["DE", "AT", "CH", "FR", "IT", "ES", "PT", "NL", "DK", "SE", "NO", "PL", "HU", "GB", "US", "BR", "CN", "JP"]
"""Countries in whose numbering plans a few digits more or less are numbers."""


@given(
    st.decimals(min_value="0", max_value="99999", places=6) | st.decimals(min_value="-180", max_value="180", places=5)
)
@example(Decimal("30.000000"))
@example(Decimal("122.400000"))
def test_amounts_and_coordinates_with_many_decimals_are_no_telephone_numbers(number: Decimal):
    text = f"{number:f}"
    assert not is_phone(text, MOST)
    kept, found = clean_cell(text, Words().read("total_price_tax_excl"), lambda *_: "x", Search(Words(), tuple(MOST)))
    assert (kept, found) == (text, [])


def test_written_with_one_point_a_telephone_number_has_its_zero_or_the_form_of_italy():
    assert is_phone("0171.1234567", ["DE"])
    assert is_phone("347.1234567", ["IT"])


class Forgetful(dict):
    """Known texts of which none is kept."""

    def __setitem__(self, key, value):
        pass


@given(texts, st.sampled_from(SEARCHES), st.integers(1, 40))
@example(["12 34 56 78 90 x"], SEARCHES[1], 400)
def test_a_text_that_is_known_is_treated_as_one_that_is_new(texts: list[str], search: Search, times: int):
    # Up to more than is looked at: what is left out then must not depend on what was seen before.
    properties = {"notes": [{"text": text, "order_id": text} for text in texts] * times, **dict.fromkeys(texts, 1)}
    event = {"userId": texts[0], "anonymousId": texts[-1], "properties": properties}
    known, new = (Search(search.words, search.countries, kept) for kept in ({}, Forgetful()))
    expected = clean(event, token, new)
    assert [clean(event, token, known) for _ in range(2)] == [expected, expected]
