"""By its name, what a key, a column or a URL's parameter holds: which kind of direct identifier, or none.

A name is taken apart into words, without case, accents and separators: ``billingName``, ``Billing Name`` and ``billing_name`` are
two words. The last of them says what it is (a phone), those before it whose (home, customer, store). Languages that write without
gaps say it with the end of the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import read_yaml
from dmp_assets.platform.settings import Settings, project_variables

FILE = Path(__file__).with_name("identifier_words.yml")
NONE = "none"
"""In a project's own words: names that look like an identifier's and are none."""

DROPPED = ("ip", "password")
"""Kinds that are not kept at all, not even in the vault."""

Subject = Literal["person", "business", "thing", "consent"]
"""Of whom an object speaks; None says that its name does not tell."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+", re.ASCII)
_WORDS = re.compile(r"[^\W\d_]+")
_GAPLESS = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LONGEST_NAME = 80
_END = 3
FEWEST_LETTERS = 4
"""Of a word that is known although another stands before it without a gap."""


class Name(NamedTuple):
    """What a name says: its value's kind of identifier, whom the object under it is about, whether it is an id, time or amount."""

    kind: str | None
    subject: Subject | None
    is_technical: bool


@dataclass(frozen=True)
class _Lists:
    always: Mapping[str, str]
    of_a_person: Mapping[str, str]
    person: frozenset[str]
    business: frozenset[str]
    thing: frozenset[str]
    technical: frozenset[str]
    consent: frozenset[str]
    flags: frozenset[str]
    beside: frozenset[str]
    own: Mapping[str, str]


class Words:
    """The platform's words and a project's own."""

    def __init__(self, own: Mapping[str, Sequence[str]] | None = None) -> None:
        """Read the platform's list.

        Args:
            own: names by kind of identifier, or by `NONE`.

        Raises:
            UserError: there is no such kind.
        """
        self._lists = _lists(own or {})
        known = {*self._lists.always, *self._lists.of_a_person, *self._lists.own, *self._lists.consent}
        known |= self._lists.person | self._lists.business | self._lists.thing | self._lists.technical
        # What a name's ends are cut against before it is looked at: few names in an event say anything.
        self._ends = frozenset(word[-_END:] for word in known)
        self._starts = frozenset(word[:_END] for word in known)
        self.read = lru_cache(maxsize=1 << 14)(self._read)
        """What a name says, in an object about someone: `Name`."""

    @property
    def identifiers(self) -> frozenset[str]:
        """Every word of an identifier, in the form in which names are compared."""
        lists = self._lists
        return frozenset(
            {*lists.always, *lists.of_a_person, *(word for word, kind in lists.own.items() if kind != NONE)}
        )

    def _read(self, name: str, about: Subject | None = None) -> Name:
        plain_name = plain(name)
        own = self._lists.own.get(plain_name)
        if own:
            return Name(None if own == NONE else own, None, is_technical=False)
        short = plain_name.rstrip("0123456789")
        if plain_name.isascii() and short[-_END:] not in self._ends and short[:_END] not in self._starts:
            return _NOTHING
        words = _words(name)
        if not words:
            return _NOTHING
        joined = "".join(words)
        if joined in self._lists.consent or words[-1] in self._lists.consent:
            return Name(None, "consent", is_technical=False)
        kind = self._kind(words, about)
        subject = self._subject(words, joined)
        return Name(kind, subject, kind is None and self._is_technical(words))

    def _kind(self, words: Sequence[str], about: Subject | None) -> str | None:
        lists = self._lists
        if about == "consent" or words[0] in lists.flags:
            return None
        for head in (words, _without(words, lists.beside)):
            for at in range(len(head)):
                word = "".join(head[at:])
                if found := self._found(word, head[:at], about):
                    return found[0]
        return self._kind_of_one_word("".join(words), about)

    def _found(self, word: str, before: Sequence[str], about: Subject | None) -> tuple[str | None] | None:
        """Return the kind of a known word, None for a business' one; nothing if the word is none."""
        lists = self._lists
        kind = lists.always.get(word) or lists.of_a_person.get(word)
        if not kind:
            return None
        is_person = self._is_one_of(before, lists.person) or (about == "person" and not before)
        others = lists.business | lists.thing if kind in _OF_ANYTHING else lists.business
        is_other = self._is_one_of(before, others)
        if about in ("business", "thing") and not is_person:
            is_other |= kind in _OF_ANYTHING or (about == "business" and kind in _OF_A_BUSINESS)
        if is_other or (word in lists.of_a_person and not is_person):
            return (None,)
        # An address of anything, such as that of a wallet, is none.
        return (None,) if word in _BARE and before and not is_person else (kind,)

    def _is_one_of(self, words: Sequence[str], known: frozenset[str]) -> bool:
        return any(each in known for each in words) or "".join(words) in known

    def _kind_of_one_word(self, joined: str, about: Subject | None) -> str | None:
        """Return the kind of a name without gaps: one with another word before it, or one that ends with a word in Chinese."""
        lists = self._lists
        if _GAPLESS.search(joined):
            for at in range(1, len(joined) - 1):
                word = joined[at:]
                kind = lists.always.get(word)
                if kind and not any(
                    each in joined[:at] for each in lists.business | lists.thing if _GAPLESS.search(each)
                ):
                    return kind
            return None
        for at in range(len(joined) - FEWEST_LETTERS, 1, -1):
            if joined[:at] in lists.person and (found := self._found(joined[at:], [joined[:at]], about)):
                return found[0]
        return None

    def _subject(self, words: Sequence[str], joined: str) -> Subject | None:
        lists = self._lists
        for subject, known in (("business", lists.business), ("thing", lists.thing), ("person", lists.person)):
            is_part = _GAPLESS.search(joined) and any(each in joined for each in known if _GAPLESS.search(each))
            if self._is_one_of(words, known) or is_part:
                return subject
        return None

    def _is_technical(self, words: Sequence[str]) -> bool:
        last = words[-1]
        return (
            last in self._lists.technical
            or "".join(words) in self._lists.technical
            or (bool(_GAPLESS.search(last)) and any(last.endswith(each) for each in self._lists.technical))
        )


_OF_ANYTHING = ("name", "address")
_OF_A_BUSINESS = ("email", "phone", "name", "address", "first_name", "last_name", "birthday")
_NOTHING = Name(None, None, is_technical=False)
_BARE = {"address", "addresses", "adresse", "adressen", "adres", "adresa", "adress", "osoite", "addr", "street"}
"""Addresses of anything: with another word before them, only that of a person is one."""


def plain(name: str) -> str:
    """Return a name without case, accents and separators."""
    name = name[:_LONGEST_NAME]
    if not name.isascii():
        name = _without_marks(name)
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@cache
def kinds() -> tuple[str, ...]:
    """Return the kinds of identifiers that have words."""
    return tuple(_file()["always"])


def listed() -> dict[str, list[str]]:
    """Return the words by kind of identifier, as the file has them."""
    file = _file()
    return {kind: [*words, *file["of_a_person"].get(kind, ())] for kind, words in file["always"].items()}


def read_words(settings: Settings) -> Words:
    """Return the platform's words and those of a project's var ``identifier_words``.

    Raises:
        UserError: the var is none.
    """
    own = project_variables(settings).get("identifier_words") or {}
    if not isinstance(own, dict) or not all(isinstance(each, list) for each in own.values()):
        raise UserError(
            "dbt_project.yml: the var identifier_words has lists of names by kind, such as email: [kontakt]."
        )
    return _words_of(tuple((str(kind), tuple(map(str, names))) for kind, names in own.items()))


@lru_cache(maxsize=8)
def _words_of(own: tuple[tuple[str, tuple[str, ...]], ...]) -> Words:
    return Words(dict(own))


def _lists(own: Mapping[str, Iterable[str]]) -> _Lists:
    file = _file()
    unknown = [kind for kind in own if kind not in (*file["always"], NONE)]
    if unknown:
        raise UserError(
            f"dbt_project.yml: identifier_words has {', '.join(unknown)}, which is no kind of identifier; there are "
            f"{', '.join(file['always'])}, and {NONE} for names that are none."
        )

    def by_word(lists: Mapping[str, Iterable[str]]) -> dict[str, str]:
        return {plain(word): kind for kind, words in lists.items() for word in words}

    sets = {name: frozenset(map(plain, words)) for name, words in file.items() if isinstance(words, list)}
    return _Lists(by_word(file["always"]), by_word(file["of_a_person"]), own=by_word(own), **sets)


@cache
def _file() -> dict:
    return read_yaml(FILE)


def _without_marks(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name: between separators and digits, and where a capital letter begins one."""
    name = name[:_LONGEST_NAME]
    if name.isascii():
        return tuple(part.lower() for part in _PARTS.findall(name))
    return tuple(part.casefold() for part in _WORDS.findall(_without_marks(name)))


def _without(words: Sequence[str], ends: frozenset[str]) -> Sequence[str]:
    """Return words without those at their end that say something beside, but never without all."""
    while len(words) > 1 and words[-1] in ends:
        words = words[:-1]
    return words


def is_flag(value: str) -> bool:
    """Return whether a text says yes or no, or nothing."""
    return value.strip().lower() in _FLAGS


_FLAGS = frozenset(
    [
        "true",
        "false",
        "yes",
        "no",
        "y",
        "n",
        "on",
        "off",
        "0",
        "1",
        "t",
        "f",
        "none",
        "null",
        "nil",
        "n/a",
        "na",
        "nan",
        "unknown",
        "undefined",
        "-",
        "opted_in",
        "opted_out",
        "subscribed",
        "unsubscribed",
        "granted",
        "denied",
        "enabled",
        "disabled",
        "valid",
        "invalid",
        "verified",
        "unverified",
        "ja",
        "nein",
        "oui",
        "non",
        "si",
        "sí",
        "是",
        "否",
        "",
    ]
)
