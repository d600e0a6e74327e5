import string

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.privacy.condition import may_hold_one_sql
from dmp_assets.privacy.identifiers import clean_cell
from dmp_assets.privacy.texts import Search
from dmp_assets.privacy.words import Name

SEARCHES = [Search(countries=countries) for countries in ((), ("DE",), ("US", "CN"), ("PL", "SE", "BR"))]
TEXT, TECHNICAL = Name(None, None, is_technical=False), Name(None, None, is_technical=True)


def token(kind: str, value: str) -> str:
    return f"<{kind}>"


def held(texts: list[str], search: Search, *, is_technical: bool) -> set[str]:
    with duckdb.connect() as connection:
        connection.execute("create table texts (text varchar)")
        connection.executemany("insert into texts values (?)", [[text] for text in texts])
        condition = may_hold_one_sql("text", search, is_technical=is_technical)
        return {text for (text,) in connection.execute(f"select text from texts where {condition}").fetchall()}


words = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
emails = st.builds("{}.{}@{}.{}".format, words, words, words, st.sampled_from(["com", "co.uk", "example"]))
phones = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{9,12}", fullmatch=True), st.from_regex(r"\([2-9]\d{2}\) \d{3}-\d{4}", fullmatch=True)
)
IDENTIFIERS = [
    *("4111 1111 1111 1111", "378282246310005", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
    *("203.0.113.7", "2001:db8::1", "0170 1234567", "030 123456", "13812345678", "(212) 555-1234", "600 123 456"),
    *("529.982.247-25", "CPF 52998224725", "nr 44051401359 x", "RSSMRA85T10A562S", "12345678Z", "11010519491231002X"),
    *("850709-9805", "8507099805 x", "AB123456C", "2 55 08 14 168 025 38"),
    *("jane%40x.com", "jane%252540x.com", "%EF%BC%8B49 170 1234567", "0170%201234567"),
    *("ｊａｎｅ＠ｘ．ｃｏｍ", "＋４９１７０１２３４５６７", "٠١٧٠ ١٢٣٤٥٦٧"),
    *("?first_name=Jane", "a=b&e-mail=x y", "?Vorname=Jane", "?client_ip=x1", "?pr%C3%A9nom=Jane", "tel=12345"),
    *('{"email": "x y"}', '{"user": {"name": "Jane"}}', '[{"收货人": "x"}]', '{"x": "jane\\u0040x.com"}'),
]
whole = st.sampled_from(IDENTIFIERS)
gaps = st.sampled_from(["@", "%40", "%2B", "+", " ", ".", "-", "(", ")", "x", "12", "345", "6789", "=", "?name=", "吧"])
texts = st.lists(st.lists(st.one_of(emails, phones, whole, gaps), max_size=6).map("".join), min_size=1, max_size=40)


@given(texts, st.sampled_from(SEARCHES))
def test_the_condition_holds_for_every_text_that_is_changed(texts: list[str], search: Search):
    for name in (TEXT, TECHNICAL):
        changed = {text for text in texts if clean_cell(text, name, token, search)[0] != text}
        assert changed <= held(texts, search, is_technical=name.is_technical)


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_each_identifier_alone_is_found(text: str):
    assert any(held([text], search, is_technical=False) for search in SEARCHES)


def test_it_holds_for_few_others():
    others = [
        *(
            "2024-01-02 10:00:00",
            "2024-01-02T10:00:00.000Z",
            "01.02.2024",
            "12.50",
            "1234567.89",
            "C++",
            "100 %",
            "o123456789",
        ),
        *(
            "Ware Nummer 4",
            "d41d8cd98f00b204e9800998ecf8427e",
            "550e8400-e29b-41d4-a716-446655440000",
            "31198570044",
            "1699999999",
        ),
        *(
            "https://shop.test/p/1?utm_source=x&color=red",
            '{"sku": "a", "price": 2}',
            "AB-1234",
            "A 12 B 34",
            "4006381333931",
        ),
    ]
    assert held(others, SEARCHES[0], is_technical=False) == set()
    assert held([*others, "0170 1234567", "555-123-4567"], SEARCHES[1], is_technical=True) == set()
