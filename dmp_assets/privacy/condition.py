"""The second look at texts that may hold a direct identifier (see `suspects`), as an SQL condition that few others fulfil.

It holds for every text that `identifiers.clean_cell` changes; a test compares the two.
"""

from __future__ import annotations

from functools import cache

from dmp_assets.platform.warehouse import literal
from dmp_assets.privacy.numbers import BRACKETED, account_lengths
from dmp_assets.privacy.texts import FOLDED, Search
from dmp_assets.privacy.words import FEWEST_LETTERS

_GAP = "[ ().\\-/\u00a0\u2010-\u2015]"
_V4 = r"\d\.\d{1,3}\.\d{1,3}\.\d"
_V6 = r"::|(:[0-9A-Fa-f]{1,4}){6}"
_CARDS = (
    r"\d{4}[ .-]\d{4}[ .-]\d{4}[ .-]\d{4}|\d{4}[ -]\d{6}[ -]\d{4}"
    r"|(^|[^0-9A-Za-z])(4\d{15}|5[0-8]\d{14}|2[27]\d{14}|6[0-9]\d{14}|3[4-7]\d{13,14}|3[068]\d{12}|62\d{15,17})([^0-9A-Za-z]|$)"
)
_INTERNATIONAL = rf"\+\d({_GAP}{{0,2}}\d){{6}}"
_GROUPED = r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"
_NATIONAL = (
    r"\d{17}[\dXx]|\d{6}-\d{7}|\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|[A-Za-z]{6}\d\w[A-Za-z]\d\w[A-Za-z]\d\w\w[A-Za-z]"
    r"|\d{8}-?[A-Za-z]|[XYZxyz]-?\d{7}-?[A-Za-z]|[A-Za-z]{4}\d{6}[HMXhmx][A-Za-z]{5}\w\d|(\d{2})?\d{6}[-+]\d{4}"
    r"|\d{6}[-+A-Fa-f]\d{3}[0-9A-Ya-y]|\d{6}/\d{4}|[1278] ?\d{2} ?\d{2} ?\d[\dABab] ?\d{3} ?\d{3} ?\d{2}"
    r"|\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}|\d{4}[ -]\d{4}[ -]\d{4}|756\.\d{4}\.\d{4}\.\d{2}|[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
)
_BARE = {
    "IN": r"[A-Za-z]{5}\d{4}[A-Za-z]|\d{12}",
    "RO": r"\d{13}",
    "ZA": r"\d{13}",
    "KR": r"\d{13}",
    "TH": r"\d{13}",
    "BG": r"\d{10}",
    "SE": r"\d{10}",
}
_BARE |= dict.fromkeys(("PL", "NO", "BR", "TR", "BE", "DE", "EE"), r"\d{11}")
"""National ids without separators: of those countries that have a checksum for them."""
_SIX_DIGITS = rf"\d({_GAP}{{0,2}}\d){{5}}|[A-Za-z]\d\d[A-Za-z0-9]"
"""What every other number has that is looked for, and few other texts."""
_ENCODED = (
    r"%(25)*(40|2[Bb]|3[0-9Dd]|[46][0-9A-Fa-f]|[57][0-9Aa]|[Ee][Ff]%(25)*[Bb][Cc]|[Dd]9%(25)*[Aa]|[Dd][Bb]%(25)*[Bb])"
    r"|\d(%(25)*(20|2[89DdEeFf]|[Cc]2%(25)*[Aa]0))+\d"
)
"""Signs and digits of identifiers, and gaps between digits, percent-encoded once or several times."""
_SEPARATORS = '[^0-9a-z=:&?#";/]'
_DATE = "|".join(
    (
        *(
            rf"(1[89]|20)\d\d{sign}(0[1-9]|1[0-2]){sign}(0[1-9]|[12]\d|3[01])([ T]\d\d:?\d\d[0-9:.,+Z -]*)?"
            for sign in ("", "-", "/", r"\.")
        ),
        *(rf"[0-3]?\d{sign}[01]?\d{sign}\d{{4}}( \d\d?:\d\d[0-9:.]*)?" for sign in ("-", "/", r"\.")),
    )
)


def may_hold_one_sql(text: str, search: Search, *, is_technical: bool) -> str:
    """Return the SQL condition under which `clean_cell` may change a text.

    Args:
        text: the column, as SQL.
        search: what is looked for.
        is_technical: whether the column's name says that it holds ids, times or amounts of something else than a person.
    """
    accounts = f"{_accounts()}|{_CARDS}"
    numbers = (
        f"(strlen({text}) > 13 and {_matches(text, accounts)}) or (contains({text}, '+') and {_matches(text, _INTERNATIONAL)}) "
        f"or (contains({text}, '.') and {_matches(text, _V4)}) or (contains({text}, ':') and {_matches(text, _V6)})"
    )
    others = [_word(f"{_GROUPED}|{_NATIONAL}"), *_local(search.countries)]
    is_number = f"{_matches(text, _SIX_DIGITS)} and not {_matches(text, f'^({_DATE})$')}"
    other_numbers = f"({is_number} and {_matches(text, '|'.join(others))})"
    numbers += (
        f" or (contains({text}, '(') and {_matches(text, BRACKETED)})" if is_technical else f" or {other_numbers}"
    )
    names_one = _names_one(text, search)
    has_parameter = f"contains({text}, '=') and {names_one}"
    is_encoded = f"contains({text}, '%') and {_matches(text, _ENCODED)}"
    is_json = (
        f"contains({text}, '\"') and (starts_with(ltrim({text}), '{{') or starts_with(ltrim({text}), '[')) "
        f"and (contains({text}, '\\') or {names_one} or {other_numbers})"
    )
    is_wide = f"strlen({text}) > length({text}) and {_matches(text, _folded())}"
    return (
        f"(strlen({text}) > 4 and (contains({text}, '@') or ({is_encoded}) or ({has_parameter}) or ({is_json}) or ({is_wide}) "
        f"or (strlen({text}) > 5 and ({numbers}))))"
    )


@cache
def _accounts() -> str:
    """Return the pattern of bank accounts, each country's as long as they are there."""
    by_length: dict[int, list[str]] = {}
    for country, length in account_lengths().items():
        by_length.setdefault(length, []).append(country)
    forms = (
        rf"({'|'.join(countries)})\d\d([ -]?[A-Z0-9]){{{length - 4}}}"
        for length, countries in sorted(by_length.items())
    )
    return f"(^|[^A-Za-z0-9])(?i:{'|'.join(forms)})([^A-Za-z0-9]|$)"


@cache
def _folded() -> str:
    """Return the pattern of full-width letters and of digits of other scripts."""
    ranges: list[list[int]] = []
    for code in sorted(FOLDED):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]"


def _word(pattern: str) -> str:
    """Return the pattern of a number that is no part of another or of a word."""
    return f"(^|[^0-9A-Za-z_.+-])({pattern})($|[^0-9A-Za-z_-])"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, {literal(pattern)})"


def _local(countries: tuple[str, ...]) -> list[str]:
    """Return patterns of telephone numbers and bare national ids of some countries."""
    if not countries:
        return []
    import phonenumbers

    patterns = [
        _word(r"0\d{6,14}"),
        rf"\d{_GAP}{{1,2}}\d({_GAP}{{0,2}}\d){{5}}|\d({_GAP}{{0,2}}\d){{1,5}}{_GAP}{{1,2}}\d",
    ]
    for country in countries:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
        if metadata and metadata.mobile and (form := metadata.mobile.national_number_pattern):
            patterns.append(_word(rf"(00|\d{{0,3}})({form})"))
        if country in _BARE:
            patterns.append(rf"[^0-9A-Za-z_]({_BARE[country]})(\W|$)|^({_BARE[country]})\W")
    return patterns


def _names_one(text: str, search: Search) -> str:
    """Return the condition under which a URL's parameter or a JSON key may have an identifier's name, or one that is not plain."""
    words = sorted({word for word in search.words.identifiers if word.isascii()}, key=len)
    short = [word for word in words if len(word) < FEWEST_LETTERS]
    parts: list[str] = []
    for word in words[len(short) :]:
        if not any(part in word for part in parts):
            parts.append(word)
    end = r"""("\s*:|=)"""
    joined = f"regexp_replace(lower({text}), {literal(_SEPARATORS)}, '', 'g')"
    is_short = _matches(f"lower({text})", f"(^|[^a-z])({'|'.join(short)})[^a-z=&?#]*{end}")
    is_long = _matches(joined, f"({'|'.join(parts)})[^=&?#]*{end}")
    is_odd = _matches(text, rf"(%|[^\x00-\x7f]|\\)[^=&?#]*{end}")
    return f"({is_short} or {is_long} or {is_odd})"
