"""Texts with and without direct identifiers, to be drawn from."""

import string

from hypothesis import strategies as st

from dmp_assets.privacy.texts import Search
from dmp_assets.privacy.words import Name

SEARCHES = [
    Search(countries=countries)
    for countries in ((), ("DE",), ("US", "CN"), ("PL", "SE", "BR"), ("IN", "NO", "FR", "IT"))
]
NAMES = [Name(None, None, is_technical=False), Name(None, None, is_technical=True)]


def token(kind: str, value: str) -> str:
    return f"<{kind}>"


words = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
emails = st.builds("{}.{}@{}.{}".format, words, words, words, st.sampled_from(["com", "co.uk", "example"]))
phones = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{9,12}", fullmatch=True), st.from_regex(r"\([2-9]\d{2}\) \d{3}-\d{4}", fullmatch=True)
)
IDENTIFIERS = [
    *("4111 1111 1111 1111", "378282246310005", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
    *("203.0.113.7", "2001:db8::1", "0170 1234567", "030 123456", "13812345678", "(212) 555-1234", "600 123 456"),
    *("529.982.247-25", "CPF 52998224725", "nr 44051401359 x", "RSSMRA85T10A562S", "12345678Z", "11010519491231002X"),
    *(
        "RSSMRA8RT10A562S",
        "X1234567L",
        "X-1234567-L",
        "nr abcpd1234f",
        "HEGG560427MVZRRL04",
        "131052-308T",
        "211062-5629",
        "736028/5163",
    ),
    *(
        "(030) 123456",
        "é0170 1234567",
        "AB 12 34 56 C",
        "255081416802538",
        "85.07.30-033.28",
        "756.9217.0769.85",
        "2341 2341 2346",
        "990101-1234567",
    ),
    *(
        "4111111111111111.00",
        "_4111111111111111",
        "nr.4111-1111-1111-1111",
        "+4111111111111111",
        "RU0304452522540817810538091310419",
    ),
    *("850709-9805", "8507099805 x", "AB123456C", "2 55 08 14 168 025 38"),
    *("jane%40x.com", "jane%252540x.com", "%EF%BC%8B49 170 1234567", "0170%201234567"),
    *("ｊａｎｅ＠ｘ．ｃｏｍ", "＋４９１７０１２３４５６７", "٠١٧٠ ١٢٣٤٥٦٧"),
    *("?first_name=Jane", "a=b&e-mail=x y", "?Vorname=Jane", "?client_ip=x1", "?pr%C3%A9nom=Jane", "tel=12345"),
    *('{"email": "x y"}', '{"user": {"name": "Jane"}}', '[{"收货人": "x"}]', '{"x": "jane\\u0040x.com"}'),
]
ODD = [
    "12.34.5678",
    "2023-19-05",
    "ab123456c",
    "abcpd1234f",
    "x(0170)1234567",
    "1699999999",
    '{"note": "0170 1234567"}',
    '{"id": "(212) 555-1234"}',
    "01709999999",
    "[1] 4111",
    "x@y",
    "a=b=c",
]
"""Texts that look like identifiers, and some that are."""
WIDE = {ord(digit): 0xFEE0 + ord(digit) for digit in string.digits}
whole = st.sampled_from([*IDENTIFIERS, *ODD])
gaps = st.sampled_from(["@", "%40", "%2B", "+", " ", ".", "-", "(", ")", "x", "12", "345", "6789", "=", "?name=", "吧"])
texts = st.lists(st.lists(st.one_of(emails, phones, whole, gaps), max_size=6).map("".join), min_size=1, max_size=40)
forms = st.one_of(
    st.from_regex(r"\(?0\d{2,4}\)?[ /.\-\u00a0\u2011]{1,2}\d{3,8}([ -]\d{2,4})?", fullmatch=True),
    st.from_regex(
        r"[01267]\d{6,11}|(19|20)\d\d[-./ ]\d\d[-./ ]\d\d( \d\d:\d\d)?|\d{1,2}[-./]\d\d[-./]\d{2,4}", fullmatch=True
    ),
    st.from_regex(
        r"[0-9]{6,8}[0-9a-f]{0,2}(-[0-9]{3}[0-9a-f]){3}-[0-9]{10}[0-9a-f]{2}|[ (.-]{0,2}[0-9]{6,12}", fullmatch=True
    ),
    st.from_regex(r"[A-Za-z]{1,6}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]?|-?\d{1,9}[.,]\d{1,6}", fullmatch=True),
)
parts = st.one_of(emails, phones, whole, gaps, forms, forms.map(lambda text: text.translate(WIDE)))
mixed = st.lists(st.lists(parts, max_size=4).map("".join) | forms, min_size=1, max_size=40)

HARMLESS = (
    *("2024-01-02 10:00:00", "2024-01-02T10:00:00.000Z", "12.50", "1234567.89", "C++", "100 %", "o123456789"),
    *("Ware Nummer 4", "d41d8cd98f00b204e9800998ecf8427e", "550e8400-e29b-41d4-a716-446655440000", "AB-1234"),
    *("A 12 B 34", "4006381333931"),
)
"""Texts in which neither look may see an identifier."""
