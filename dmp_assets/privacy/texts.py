"""Direct identifiers in a text: found whatever is around them, and replaced by their kind in brackets.

Looked for are e-mail and network addresses, numbers of cards, bank accounts, national ids and telephones, and the parameters of a
URL whose name tells what they hold. The text may be percent-encoded once or several times, have full-width letters, or be JSON. The
time that it takes grows with its length and no faster; an `Effort` bounds it.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote

import orjson

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.privacy import addresses, numbers
from dmp_assets.privacy.words import DROPPED, Words, is_flag, read_words

Token = Callable[[str, str], str]
"""The pseudonym of a kind and a value."""

Found = list[tuple[str, str, str]]
"""Kind, value as it was sent, and pseudonym of identifiers."""

REMOVED = "[removed]"
"""What stands for a text with so many things that may be identifiers that they are not looked at one by one."""

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DIGITS = {
    code: 0x30 + unicodedata.decimal(chr(code))
    for code in range(0x80, sys.maxunicode + 1)
    if unicodedata.category(chr(code)) == "Nd"
}
FOLDED = _DIGITS | _WIDE
"""Plain letters and digits for full-width ones and the digits of other scripts, by code point."""

_IS_FOLDED = re.compile(r"[\uff01-\uff5e\u3000]|(?![0-9])\d")

_GAP = r"[ ().\-/\u00a0\u2010-\u2015]"
_NUMBER_PATTERN = rf"\d(?:{_GAP}{{0,2}}\d){{5}}|\d\.\d{{1,3}}\.\d|::|[A-Za-z]\d\d[ -]?\w"
_NUMBER = re.compile(_NUMBER_PATTERN)
_TRIGGER = re.compile(rf"[@=%]|{_NUMBER_PATTERN}")
_TECHNICAL_TRIGGER = re.compile(
    rf"[@=%]|\+\d(?:{_GAP}{{0,2}}\d){{6}}|(?:\d[ .-]?){{14}}|\d\.\d{{1,3}}\.\d|::|[A-Za-z]{{2}}\d\d[ -]?\w{{4}}|{numbers.BRACKETED}"
)
_NUMBERS = re.compile(rf"\d{{3,}}|\d{_GAP}{{1,2}}(?=\d)|[A-Za-z]\d{{2}}|::")
_NUMBERS_OF_A_LOOK = 4
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_PIECE = re.compile(r"(?<![^\s&?#=;/\"'<>,])[^\s&?#=;/\"'<>,%]*+%[^\s&?#=;/\"'<>,]*+")
_PARAMETER = re.compile(r"(?<![^?&;#\s/\"'])([^=&?#;\s/\"'<>]{2,60})=([^&#;\s\"'<>]+)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[\s:#.№°-]*\Z")
_MOST_DECODINGS = 5
_DEEPEST_JSON = 4
_NO_LOOK = -1
"""Effort of a text that has nothing of an identifier."""
_LONGEST_KNOWN, _MOST_KNOWN = 500, 1 << 16
_PHONE_EFFORT = 12
"""A look at the numbering plan takes as long as so many others."""


class TooMuchError(Exception):
    """A text would take longer than is allowed."""


@dataclass(slots=True)
class Effort:
    """How many more places may be looked at."""

    left: int

    def spend(self, effort: int = 1) -> None:
        """Count a look.

        Raises:
            TooMuchError: nothing is left.
        """
        self.left -= effort
        if self.left < 0:
            raise TooMuchError


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Attributes:
        words: by which an identifier's name is known.
        countries: whose telephone numbers and national ids are (ISO 3166).
        harmless: texts in which nothing was found, with the effort that it took: events repeat keys, user agents and pages. Known
            by the text, whether it is technical, and whether it is an id.
    """

    words: Words = field(default_factory=Words)
    countries: tuple[str, ...] = ()
    harmless: dict[tuple[str, bool, bool], int] = field(default_factory=dict, repr=False, compare=False)


@dataclass
class TextCleaner:
    """Cleans texts of one event or one table.

    Attributes:
        search: what is looked for.
        token: gives pseudonyms.
        found: takes what was found.
        effort: what it may cost; None if there is no limit.
    """

    search: Search
    token: Token
    found: Found = field(default_factory=list)
    effort: Effort | None = None

    def clean(self, text: str, *, is_technical: bool = False) -> str:
        """Return a text with each identifier replaced by its kind in brackets.

        Args:
            text: of any kind.
            is_technical: whether it is an id, a time or an amount, in which few numbers are phone numbers.
        """
        try:
            if (effort := self.search.harmless.get((text, is_technical, False))) is None:
                return self._looked_at(text, is_technical=is_technical)
            self._spend_again(effort)
        except TooMuchError:
            return REMOVED
        return text

    def _looked_at(self, text: str, *, is_technical: bool) -> str:
        key = (text, is_technical, False)
        trigger = _TECHNICAL_TRIGGER if is_technical else _TRIGGER
        if not trigger.search(text) and not (_IS_FOLDED.search(text) and trigger.search(_folded(text))):
            self._remember(key, _NO_LOOK)
            return text
        self._spend(0)
        before, left = len(self.found), self._left
        try:
            cleaned = self._clean(text, is_technical=is_technical)
        except TooMuchError:
            del self.found[before:]
            raise
        if cleaned == text:
            self._remember(key, left - self._left)
        return cleaned

    def clean_id(self, text: str, *, is_technical: bool = False) -> str:
        """Return the pseudonym of a text that is an identifier as a whole, any other text as by `clean`.

        Args:
            text: of any kind.
            is_technical: whether it is an id of something else than a person, such as an order's.

        Raises:
            TooMuchError: it would take longer than is allowed.
        """
        key = (text, is_technical, True)
        if (effort := self.search.harmless.get(key)) is not None:
            self._spend_again(effort)
            return text
        if text.isascii() and not (_TECHNICAL_TRIGGER if is_technical else _TRIGGER).search(text):
            self._remember(key, _NO_LOOK)
            return text
        left = self._left
        whole = _decoded(_folded(text.strip()))
        if kind := self._kind_of(whole, is_technical=is_technical):
            return self._pseudonym(kind, whole if whole != _folded(text.strip()) else text)
        cleaned = self.clean(text, is_technical=is_technical)
        if cleaned == text:
            self._remember(key, left - self._left)
        return cleaned

    @property
    def _left(self) -> int:
        return self.effort.left if self.effort else 0

    def _remember(self, key: tuple[str, bool, bool], effort: int) -> None:
        """Keep that a text of an event holds nothing: it costs no time any more, but as much effort as before."""
        known = self.search.harmless
        if self.effort and len(key[0]) <= _LONGEST_KNOWN:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[key] = effort

    def _spend_again(self, effort: int) -> None:
        if effort != _NO_LOOK:
            self._spend(effort)

    def take(self, kind: str, value: str) -> str:
        """Hand over an identifier and return what stands for it in a text."""
        if kind not in DROPPED:
            self._pseudonym(kind, value)
        return f"[{kind}]"

    def _pseudonym(self, kind: str, value: str) -> str:
        if kind in DROPPED:
            return f"[{kind}]"
        self._spend()
        pseudonym = self.token(kind, value)
        self.found.append((kind, value, pseudonym))
        return pseudonym

    def _spend(self, effort: int = 1) -> None:
        if self.effort:
            self.effort.spend(effort)

    def _kind_of(self, text: str, *, is_technical: bool) -> str | None:
        if not _TRIGGER.search(text):
            return None
        for kind, places in self._places(text, is_technical=True):
            if (0, len(text)) in places:
                return kind
        is_phone = not is_technical and len(text) < 40 and numbers.is_phone(text, self.search.countries)
        return "phone" if is_phone else None

    def _clean(self, text: str, *, is_technical: bool) -> str:
        if "%" in text and _ENCODED.search(text):
            text = self._clean_encoded(text, is_technical=is_technical)
        if "=" in text:
            text = _PARAMETER.sub(self._parameter, text)
        plain = _folded(text)
        taken: list[tuple[int, int, str]] = []
        is_taken = bytearray(len(plain))
        for kind, places in self._places(plain, is_technical=is_technical):
            for start, end in places:
                if is_taken.find(1, start, end) < 0:
                    is_taken[start:end] = b"\1" * (end - start)
                    taken.append((start, end, kind))
        if not taken:
            return text
        kept, at = [], 0
        for start, end, kind in sorted(taken):
            kept += [text[at:start], self.take(kind, plain[start:end])]
            at = end
        return "".join([*kept, text[at:]])

    def _places(self, plain: str, *, is_technical: bool) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Yield by kind where identifiers stand in a text of plain letters."""
        if "@" in plain:
            yield "email", self._counted(addresses.mailboxes(plain))
        if not _NUMBER.search(plain):
            return
        self._spend(len(_NUMBERS.findall(plain)) // _NUMBERS_OF_A_LOOK)
        yield "ip", self._counted(addresses.network_addresses(plain))
        yield "bank_account", self._counted(numbers.bank_accounts(plain, self._spend))
        yield "card", self._counted(numbers.cards(plain, self._spend))
        yield "phone", self._counted(numbers.plain_phones(plain))
        if is_technical:
            return
        # Bare digits alone are any id; among words they are a person's.
        countries = () if plain.isdigit() else self.search.countries
        yield "national_id", self._counted(numbers.national_ids(plain, countries, self._spend))
        yield "phone", [each for each in self._counted(numbers.grouped_phones(plain)) if not self._is_told(plain, each)]
        if self.search.countries:
            yield "phone", list(self._local_phones(plain))

    def _counted(self, places: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
        counted = []
        for place in places:
            self._spend()
            counted.append(place)
        return counted

    def _local_phones(self, plain: str) -> Iterator[tuple[int, int]]:
        for start, end in numbers.local_phones(plain):
            self._spend()
            if self._is_told(plain, (start, end)) or (
                end - start == len(plain) and plain.isdigit() and plain[0] != "0"
            ):
                continue
            for country in self.search.countries:
                self._spend(_PHONE_EFFORT)
                for first, last in numbers.numbers_in(plain[start:end], country):
                    yield start + first, start + last

    def _is_told(self, plain: str, place: tuple[int, int]) -> bool:
        """Return whether the word before a number says that it is an order's or the like."""
        before = _WORD_BEFORE.search(plain[max(0, place[0] - 24) : place[0]])
        return bool(before) and self.search.words.read(before[1]).is_technical

    def _parameter(self, match: re.Match[str]) -> str:
        """Return a parameter of a URL or a form without its value, if that is an identifier by its name."""
        self._spend()
        name = _decoded(match[1])
        kind = self.search.words.read(name, "person").kind
        value = _decoded(match[2].replace("+", " "))
        if kind is None or not is_value(kind, value) or value.startswith("["):
            return match[0]
        return f"{match[1]}={self.take(kind, value)}"

    def _clean_encoded(self, text: str, *, is_technical: bool) -> str:
        """Return a text whose encoded parts with identifiers are decoded, cleaned and encoded again."""

        def cleaned(match: re.Match[str]) -> str:
            piece = match[0]
            self._spend()
            decoded = _decoded(piece)
            if decoded == piece or not _TRIGGER.search(_folded(decoded)):
                return piece
            new = self._clean(decoded, is_technical=is_technical)
            return quote(new, safe="[]") if new != decoded else piece

        return _PIECE.sub(cleaned, text)


def without_identifiers(text: str) -> str:
    """Return a text to show, with the kind of each identifier in its place; nobody keeps what was found."""
    return TextCleaner(Search(), lambda kind, _: kind).clean(text)


def may_hold_one(text: str) -> bool:
    """Return whether a text may hold an identifier, or JSON that may; few texts may, and the look takes little time."""
    return "{" in text or "[" in text or bool(_TRIGGER.search(_folded(text)))


def is_value(kind: str, value: str) -> bool:
    """Return whether a text under an identifier's name may be one: not ``yes``, ``iPhone`` as a phone, or nothing."""
    text = value.strip()
    if is_flag(text):
        return False
    if kind in ("phone", "card", "bank_account", "birthday"):
        return sum(map(str.isdigit, text)) >= 4
    return kind != "national_id" or any(map(str.isdigit, text))


_BEFORE_JSON = frozenset("{[ \t\r\n")


def _folded(text: str) -> str:
    """Return a text with plain letters and digits for full-width ones and those of other scripts; each keeps its place."""
    return text.translate(FOLDED) if not text.isascii() and _IS_FOLDED.search(text) else text


def _decoded(text: str) -> str:
    """Return a text without percent-encoding, however often it was encoded."""
    for _ in range(_MOST_DECODINGS):
        if not _ENCODED.search(text):
            break
        text = unquote(text)
    return text


def read_json(text: str) -> dict | list | None:
    """Return the object or list that a text is, None if it is none."""
    if text[:1] not in _BEFORE_JSON or '"' not in text:
        return None
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return read if isinstance(read, dict | list) else None


def read_search(settings: Settings, source: str = "") -> Search:
    """Return what is looked for in a source: the project's words, and the countries of its var ``phone_countries`` or its stores.

    Raises:
        UserError: a var is wrong.
    """
    variables = project_variables(settings)
    countries = (variables.get("phone_countries") or {}).get(source)
    if countries is None:
        from babel.core import get_global

        territories = get_global("zone_territories")
        zones = [*(variables.get("time_zones") or []), variables.get("event_time_zone", "")]
        countries = [territories[zone] for zone in zones if zone in territories]
    if not isinstance(countries, list) or not all(re.fullmatch("[A-Z]{2}", str(each)) for each in countries):
        raise UserError(
            f"dbt_project.yml: phone_countries of {source} is no list of ISO 3166 codes in quotes or capitals, such as [DE, AT]."
        )
    return _search(read_words(settings), tuple(dict.fromkeys(countries)))


def own_search(settings: Settings, source: str | None = None) -> str:
    """Return what a project says of its own on what is looked for in a source, or in events of any, as a text; empty if nothing."""
    variables = project_variables(settings)
    words, countries = variables.get("identifier_words") or {}, variables.get("phone_countries") or {}
    countries = countries.get(source) if source else countries
    return orjson.dumps([words, countries], option=orjson.OPT_SORT_KEYS).decode() if words or countries else ""


@lru_cache(maxsize=64)
def _search(words: Words, countries: tuple[str, ...]) -> Search:
    return Search(words, countries)
