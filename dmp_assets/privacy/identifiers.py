"""Direct identifiers in an event: found, replaced by nothing or a pseudonym, and handed over for the vault.

What counts as one: the values of keys whose name tells it (see `words`), wherever they stand in the event, and whatever in any
other text looks like one (see `texts`). A bare number is none: order and product numbers look alike. A truth value is none, and
neither is what a consent says of purposes and channels, whatever these are called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from dmp_assets.privacy.texts import (
    REMOVED,
    Effort,
    Found,
    Search,
    TextCleaner,
    Token,
    TooMuchError,
    is_value,
    may_hold_one,
    read_json,
)
from dmp_assets.privacy.words import DROPPED, Name, Subject

_PERSONS_IDS = ("userId", "anonymousId", "groupId", "previousId")
_WHOLE_KINDS = ("address", "name")
"""Kinds of which every text in an object is a part."""
_WORDS = ("email", "name", "first_name", "last_name", "address")
_JSON_KEY = re.compile(r'"([^"\\]{1,80})"\s*:\s*')
_EFFORT = 400
"""Places of an event that are looked at: a real one has a few dozen."""
_DEEPEST_JSON = 4
_FEWEST_DIGITS = 5
_CARD_NUMBER = 10**13
_SHORTEST_TEXT = 5
"""Characters that hold an identifier."""


@dataclass(slots=True)
class Cleaned:
    """An event without direct identifiers.

    Attributes:
        event: the event; ids that were an e-mail address or a phone number are pseudonyms.
        found: kind, value as it was sent, and pseudonym of each identifier.
        email_token: pseudonym of the person's e-mail address, if the event names one by key.
        phone_token: the same of the phone number.
        is_changed: whether the event is another one than was given.
    """

    event: dict[str, Any]
    found: Found = field(default_factory=list)
    email_token: str | None = None
    phone_token: str | None = None
    is_changed: bool = False


def clean(event: dict[str, Any], token: Token, search: Search) -> Cleaned:
    """Return the event without direct identifiers, and these; the given event is not changed.

    Args:
        event: as it was sent.
        token: the pseudonym of a kind and a value.
        search: what is looked for.
    """
    return _Cleaner(token, search, Effort(_EFFORT)).clean(event)


def clean_cell(text: str, name: Name, token: Token, search: Search) -> tuple[str, Found]:
    """Return what stands for a text of a table, and the identifiers in it.

    A text that is one as a whole becomes its pseudonym; of JSON the values of personal keys go.

    Args:
        text: as it arrived.
        name: what its column's name says.
        token: the pseudonym of a kind and a value.
        search: what is looked for.
    """
    cleaner = _Cleaner(token, search, effort=None)
    return cleaner.cell(text, name), cleaner.found


def clean_broken_json(text: str, token: Token, search: Search) -> tuple[str, Found]:
    """Return a JSON text that is cut off or broken without the values of personal keys, and the identifiers in the rest."""
    kept, at = [], 0
    for key in _JSON_KEY.finditer(text):
        kind = search.words.read(key[1], "person").kind
        if kind is None or key.start() < at:
            continue
        kept += [text[at : key.end()], f'"[{kind}]"']
        at = _end_of_value(text, key.end())
    cleaner = TextCleaner(search, token, effort=Effort(_EFFORT))
    return cleaner.clean("".join([*kept, text[at:]])), cleaner.found


def _end_of_value(text: str, start: int) -> int:
    """Return where a JSON value ends; the text's end if it is broken or goes on beyond it."""
    depth, is_quoted = 0, False
    for token in _JSON_SIGN.finditer(text, start):
        sign = token[0]
        if is_quoted:
            is_quoted = sign != '"'
        elif sign == '"':
            is_quoted = True
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
        if not is_quoted and (depth < 0 or (depth == 0 and sign == ",")):
            return token.start()
        if not is_quoted and depth == 0 and sign in '"}]':
            return token.end()
    return len(text)


_JSON_SIGN = re.compile(r'\\.|["{}\[\],]', re.DOTALL)


class _Cleaner:
    """Cleans one event, or one cell of a table."""

    def __init__(self, token: Token, search: Search, effort: Effort | None) -> None:
        self._texts = TextCleaner(search, token, effort=effort)
        self._read = search.words.read
        self.found = self._texts.found
        self._cleaned = Cleaned({}, self.found)

    def cell(self, text: str, name: Name) -> str:
        if read_json(text) is not None:
            return self._text(text, name, name.subject, 0)
        return self._id(text, is_technical=name.is_technical and name.subject != "person")

    def clean(self, event: dict[str, Any]) -> Cleaned:
        for key, value in event.items():
            if key in _PERSONS_IDS and isinstance(value, str):
                self._cleaned.event[key] = self._changed(value, self._id(value))
            else:
                self._put(self._cleaned.event, key, value, None, 0)
        return self._cleaned

    def _changed(self, before: Any, after: Any) -> Any:
        if after != before:
            self._cleaned.is_changed = True
        return after

    def _id(self, value: str, *, is_technical: bool = False) -> str:
        try:
            return self._texts.clean_id(value, is_technical=is_technical)
        except TooMuchError:
            return REMOVED

    def _put(self, target: dict[str, Any], key: str, value: Any, about: Subject | None, depth: int) -> None:
        """Copy one entry of an object, unless it is an identifier; the key of an entry may hold one too."""
        name = self._read(key, about)
        if name.kind and self._is_taken(name.kind, value):
            self._cleaned.is_changed = True
            return
        subject = name.subject or about if about != "consent" else about
        target[self._changed(key, self._texts.clean(key)) if len(key) >= _SHORTEST_TEXT else key] = self._value(
            value, name, subject, depth
        )

    def _is_taken(self, kind: str, value: Any) -> bool:
        """Hand over what stands under an identifier's name; return whether nothing of it may stay."""
        if isinstance(value, list):
            each_taken = [self._is_taken(kind, each) for each in value if not isinstance(each, bool)]
            return bool(each_taken) and all(each_taken)
        if isinstance(value, dict):
            texts = _leaves(value) if kind in (*_WHOLE_KINDS, *DROPPED) else []
        elif isinstance(value, bool) or not _is_one(kind, value):
            # A flag or a number of things stays; nothing at all is left out.
            return value is None or (isinstance(value, str) and not value.strip())
        else:
            texts = [str(value)]
        for text in texts:
            self._take(kind, text)
        return bool(texts)

    def _take(self, kind: str, value: str) -> None:
        if kind in DROPPED:
            return
        try:
            self._texts.take(kind, value)
        except TooMuchError:
            return
        pseudonym = self._cleaned.found[-1][2]
        if kind == "email" and self._cleaned.email_token is None:
            self._cleaned.email_token = pseudonym
        elif kind == "phone" and self._cleaned.phone_token is None:
            self._cleaned.phone_token = pseudonym

    def _value(self, value: Any, name: Name, about: Subject | None, depth: int) -> Any:
        if isinstance(value, str):
            return self._changed(value, self._text(value, name, about, depth))
        if isinstance(value, list):
            if value and type(value[0]) is str and self._are_plain(value):
                return value
            return [self._value(each, name, about, depth) for each in value]
        if isinstance(value, dict):
            target: dict[str, Any] = {}
            for key, each in value.items():
                self._put(target, key, each, about, depth)
            return target
        is_long = isinstance(value, int) and value >= _CARD_NUMBER
        if is_long and not name.is_technical and not isinstance(value, bool):
            text = str(value)
            cleaned = self._texts.clean(text, is_technical=True)
            return value if cleaned == text else self._changed(value, cleaned)
        return value

    def _are_plain(self, values: list) -> bool:
        """Return whether values are texts of which none can hold an identifier: one look at all of them."""
        return all(type(each) is str for each in values) and not may_hold_one("\n".join(values))

    def _text(self, value: str, name: Name, about: Subject | None, depth: int) -> str:
        if depth < _DEEPEST_JSON and (read := read_json(value)) is not None:
            before = orjson.dumps(read)
            inner = self._value(read, name, about, depth + 1)
            after = orjson.dumps(inner)
            return value if after == before else after.decode()
        if name.is_technical:
            is_persons = name.subject == "person"
            return self._id(value, is_technical=not is_persons)
        # A product's or a shop's number is no telephone's.
        is_technical = about in ("business", "thing") and value.isdigit()
        return self._texts.clean(value, is_technical=is_technical)


def _is_one(kind: str, value: Any) -> bool:
    """Return whether a text or number under an identifier's name may be one; a short number is a count."""
    if isinstance(value, int | float):
        return kind not in _WORDS and abs(value) >= 10**_FEWEST_DIGITS
    return value is not None and is_value(kind, value)


def _leaves(value: Any) -> list[str]:
    """Return the texts and numbers inside a value, such as the lines of an address."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _leaves(each)]
    if isinstance(value, list):
        return [text for each in value for text in _leaves(each)]
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return [text] if text else []
