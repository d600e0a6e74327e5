"""The second look at texts that may hold a direct identifier (see `suspects`), by patterns that few others match.

Every text that `identifiers.clean_cell` changes is left; a test compares the two. The patterns are RE2's: Arrow compiles them in
2 ms and looks at a text in 40 ns, half of what DuckDB takes, and needs no connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from dmp_assets.privacy.numbers import BRACKETED, account_lengths
from dmp_assets.privacy.texts import FOLDED, Search
from dmp_assets.privacy.words import FEWEST_LETTERS

if TYPE_CHECKING:
    import phonenumbers
    import pyarrow as pa
    from numpy.typing import NDArray

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
_PAN = r"[A-Za-z]{5}\d{4}[A-Za-z]"
"""A national id of India."""
_BARE = {
    "IN": r"\d{12}",
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
_UUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


def may_hold_one(texts: pa.StringArray, search: Search, *, is_technical: bool) -> NDArray[np.int64]:
    """Return the places of the texts that `clean_cell` may change, in order.

    Args:
        texts: of one column; shape (n,).
        search: what is looked for.
        is_technical: whether the column's name says that it holds ids, times or amounts of something else than a person.
    """
    every = _Left(texts, np.arange(len(texts)))
    others = "|".join([_word(f"{_GROUPED}|{_NATIONAL}"), *_local(search.countries)])
    json = every.having('"').matching(r"^[ \t\r\n]*[{\[]")
    ways = [
        every.having("@"),
        every.having("%").matching(_ENCODED),
        *every.having("=").naming_one(search),
        every.wide().matching(_folded()),
        every.matching(f"{_accounts()}|{_CARDS}"),
        every.having("+").matching(_INTERNATIONAL),
        every.having(".").matching(_V4),
        every.having(":").matching(_V6),
        json.having("\\"),
        *json.naming_one(search),
        (json if is_technical else every).matching(_SIX_DIGITS).without(f"^({_DATE}|{_UUID})$").matching(others),
    ]
    if is_technical:
        ways.append(every.having("(").matching(BRACKETED))
    is_left = np.zeros(len(texts), bool)
    is_left[np.concatenate([way.places for way in ways])] = True
    return np.flatnonzero(is_left)


@dataclass(frozen=True)
class _Left:
    """Texts that are left of a column, with their places in it."""

    texts: pa.StringArray
    places: NDArray[np.int64]

    @cached_property
    def _content(self) -> bytes:
        """All letters; those of texts before and behind these may be among them."""
        content = self.texts.buffers()[2]
        return content.to_pybytes() if content else b""

    def having(self, sign: str) -> _Left:
        """Return the texts in which a sign stands."""
        if not len(self.texts) or sign.encode() not in self._content:
            return self._kept(np.zeros(len(self.texts), bool))
        return self._kept(_called("match_substring", self.texts, sign))

    def wide(self) -> _Left:
        """Return all texts if there is a letter in them beyond ASCII, otherwise none."""
        return self._kept(np.full(len(self.texts), not self._content.isascii()))

    def matching(self, pattern: str) -> _Left:
        return self._kept(_called("match_substring_regex", self.texts, pattern)) if len(self.texts) else self

    def without(self, pattern: str) -> _Left:
        return self._kept(~_called("match_substring_regex", self.texts, pattern)) if len(self.texts) else self

    def naming_one(self, search: Search) -> list[_Left]:
        """Return texts in which a URL's parameter or a JSON key may have an identifier's name, or one that is not plain."""
        if not len(self.texts):
            return []
        import pyarrow.compute as pc

        short, joined, odd = _names(search)
        lower = pc.call_function("ascii_lower", [self.texts])
        plain = pc.call_function(
            "replace_substring_regex", [lower], pc.ReplaceSubstringOptions(_SEPARATORS, replacement="")
        )
        return [
            self._kept(_called("match_substring_regex", lower, short)),
            self._kept(_called("match_substring_regex", plain, joined)),
            self.matching(odd),
        ]

    def _kept(self, is_kept: NDArray[np.bool_]) -> _Left:
        if is_kept.all():
            return self
        return _Left(self.texts.take(np.flatnonzero(is_kept)), self.places[is_kept])


def _called(function: str, texts: pa.StringArray, pattern: str) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    found = pc.call_function(function, [texts], pc.MatchSubstringOptions(pattern))
    return found.to_numpy(zero_copy_only=False)


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


def _local(countries: tuple[str, ...]) -> list[str]:
    """Return patterns of telephone numbers and bare national ids of some countries."""
    if not countries:
        return []
    import phonenumbers

    patterns = [
        _word(r"0\d{6,14}"),
        r"^[^0-9A-Za-z]*\(\d{6,15}[^0-9A-Za-z]*$",
        rf"\d{_GAP}{{1,2}}\d({_GAP}{{0,2}}\d){{5}}|\d({_GAP}{{0,2}}\d){{1,5}}{_GAP}{{1,2}}\d",
    ]
    for country in countries:
        if form := _form(phonenumbers.PhoneMetadata.metadata_for_region(country)):
            patterns.append(_word(rf"(00|\d{{0,3}})({form})"))
        if country == "IN":
            patterns.append(_word(_PAN))
        if country in _BARE:
            patterns.append(rf"[^0-9A-Za-z_]({_BARE[country]})(\W|$)|^({_BARE[country]})\W")
    return patterns


def _form(metadata: phonenumbers.PhoneMetadata | None) -> str | None:
    """Return the form in which digits alone are a telephone number: a mobile phone's, or any if most have no zero before them."""
    if metadata is None:
        return None
    rules = [
        None if each.national_prefix_optional_when_formatting else each.national_prefix_formatting_rule
        for each in metadata.number_format
    ]
    needs_zero = 2 * sum(rule not in (None, "$1", "($1)") for rule in rules) > len(rules)
    numbers = metadata.mobile if needs_zero else metadata.general_desc
    return numbers.national_number_pattern if numbers else None


def _names(search: Search) -> tuple[str, str, str]:
    """Return patterns of names that may be an identifier's.

    They are of short words that stand alone in small letters, of others in a text of small letters without separators, and of names
    that are not plain.
    """
    words = sorted({word for word in search.words.identifiers if word.isascii()}, key=len)
    short = [word for word in words if len(word) < FEWEST_LETTERS]
    parts: list[str] = []
    for word in words[len(short) :]:
        if not any(part in word for part in parts):
            parts.append(word)
    end = r"""("\s*:|=)"""
    return (
        f"(^|[^a-z])({'|'.join(short)})[^a-z=&?#]*{end}",
        f"({'|'.join(parts)})[^=&?#]*{end}",
        rf"(%|[^\x00-\x7f]|\\)[^=&?#]*{end}",
    )
