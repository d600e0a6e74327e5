"""Direct identifiers in an event: found, replaced by nothing or a pseudonym, and handed over for the vault.

What counts as one: the values of the keys below, wherever they stand in the event, and whatever in any other text looks like an
e-mail address or a phone number. A bare number is none: order and product numbers look alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Token = Callable[[str, str], str]
"""The pseudonym of a kind and a value."""

DIRECT_KEYS = {
    **dict.fromkeys(("email", "emailaddress", "mail"), "email"),
    **dict.fromkeys(("phone", "phonenumber", "mobile", "mobilenumber", "mobilephone", "telephone", "tel"), "phone"),
    **dict.fromkeys(("fullname", "realname", "recipientname", "username"), "name"),
    **dict.fromkeys(("firstname", "givenname"), "first_name"),
    **dict.fromkeys(("lastname", "familyname", "surname"), "last_name"),
    **dict.fromkeys(
        ("address", "streetaddress", "street", "postaladdress", "shippingaddress", "billingaddress"), "address"
    ),
    **dict.fromkeys(("birthday", "birthdate", "dateofbirth", "dob"), "birthday"),
}
"""Kind of identifier by key, in lower case without separators."""

DROPPED_KEYS = {"ip", "ipaddress"}
"""Network addresses are not kept at all."""

EMAIL = (
    r"[^\s@\"'<>()\[\]{},;:=&?/\\|%]+(?:@|%40)[^\s@\"'<>()\[\]{},;:=&?/\\|%.]+(?:\.[^\s@\"'<>()\[\]{},;:=&?/\\|%.]+)+"
)
PHONE = (
    r"(?<![\w.+-])(?:\+|%2[Bb])\d(?:[ ().-]{0,2}\d){6,14}(?!\d)|(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"
)
_IN_TEXT = re.compile(f"(?P<email>{EMAIL})|(?P<phone>{PHONE})")
_JSON_KEY = re.compile(r'"([^"\\]{1,40})"\s*:\s*')
_IDS = ("userId", "anonymousId", "groupId", "previousId")
_SEPARATORS = str.maketrans("", "", "_- .")
_MARKS = (b"@", b"%40", b"%2B", b"%2b", b"\\u00")
# Each begins with few characters, which a search finds without trying every place.
_PHONE_LIKE = (re.compile(rb"\+[0-9]"), re.compile(rb"[ .)-][0-9]{3}[ .-][0-9]{4}"))


@dataclass(slots=True)
class Cleaned:
    """An event without direct identifiers.

    Attributes:
        event: the event; ids that were an e-mail address or a phone number are pseudonyms.
        found: kind, value as it was sent, and pseudonym of each identifier.
        email_token: pseudonym of the person's e-mail address, if the event names one by key.
        phone_token: the same of the phone number.
    """

    event: dict[str, Any]
    found: list[tuple[str, str, str]] = field(default_factory=list)
    email_token: str | None = None
    phone_token: str | None = None


def clean(event: dict[str, Any], text: bytes, token: Token) -> Cleaned:
    """Return the event without direct identifiers, and these; the given event is not changed.

    Args:
        event: as it was sent.
        text: its JSON text, or a longer one around it.
        token: the pseudonym of a kind and a value.
    """
    context = event.get("context")
    if isinstance(context, dict) and "ip" in context:
        event = {**event, "context": {key: value for key, value in context.items() if key != "ip"}}
    if not _looks_like_one(text) and not _has_personal_key(event):
        return Cleaned(event)
    cleaned = Cleaned({})
    for key, value in event.items():
        if key in _IDS and isinstance(value, str):
            cleaned.event[key] = clean_value(value, token, cleaned.found)
        else:
            _put(cleaned.event, key, value, token, cleaned, is_person=key == "traits")
    return cleaned


def clean_text(text: str, token: Token, found: list[tuple[str, str, str]]) -> str:
    """Return a text with each e-mail address and phone number replaced by its kind in brackets; add these to `found`."""

    def replace(match: re.Match[str]) -> str:
        kind = "email" if match["email"] else "phone"
        value = match[0].replace("%40", "@").replace("%2B", "+").replace("%2b", "+")
        found.append((kind, value, token(kind, value)))
        return f"[{kind}]"

    return _IN_TEXT.sub(replace, text)


def clean_value(value: str, token: Token, found: list[tuple[str, str, str]]) -> str:
    """Return the pseudonym of a text that is an e-mail address or a phone number, any other text as by `clean_text`."""
    match = _IN_TEXT.fullmatch(value.strip())
    if not match:
        return clean_text(value, token, found)
    kind = "email" if match["email"] else "phone"
    pseudonym = token(kind, value)
    found.append((kind, value, pseudonym))
    return pseudonym


def may_hold_one_sql(text: str) -> str:
    """Return the SQL condition under which `clean_value` may change a text; few texts fulfil it.

    The shortest address has 5 characters, or 7 where its sign is written %40, the shortest phone number 8 with a plus sign and 12
    with gaps. Most texts are shorter or have no such sign, which costs less to find out than a match.
    """
    signed = f"(contains({text}, '+') or contains({text}, '%')) and regexp_matches({text}, '%40|(\\+|%2[Bb])\\p{{Nd}}')"
    has_gap = " or ".join(f"contains({text}, '{gap}')" for gap in "- .")
    spaced = (
        f"strlen({text}) > 11 and ({has_gap}) and regexp_matches({text}, '[ .)-]\\p{{Nd}}{{3}}[ .-]\\p{{Nd}}{{4}}')"
    )
    return f"(strlen({text}) > 4 and (contains({text}, '@') or (strlen({text}) > 6 and ({signed} or {spaced}))))"


def clean_broken_json(text: str, token: Token, found: list[tuple[str, str, str]]) -> str:
    """Return a JSON text that is cut off or broken without the values of personal keys; the rest as by `clean_text`."""
    kept, at = "", 0
    for key in _JSON_KEY.finditer(text):
        plain = _plain(key[1])
        kind = DIRECT_KEYS.get(plain) or (plain if plain in DROPPED_KEYS or plain == "name" else None)
        if kind is None or key.start() < at:
            continue
        kept += text[at : key.end()] + f'"[{kind}]"'
        try:
            _, at = json.JSONDecoder().raw_decode(text, key.end())
        except (ValueError, RecursionError):
            at = len(text)
    return clean_text(kept + text[at:], token, found)


def _looks_like_one(text: bytes) -> bool:
    return any(mark in text for mark in _MARKS) or any(pattern.search(text) for pattern in _PHONE_LIKE)


def _has_personal_key(value: dict[str, Any]) -> bool:
    """Return whether an identifier may stand under one of an object's keys; in most events none does."""
    for key, each in value.items():
        if _is_personal(key) or (isinstance(each, dict) and _has_personal_key(each)):
            return True
        if isinstance(each, list) and any(isinstance(one, dict) and _has_personal_key(one) for one in each):
            return True
    return False


@lru_cache(maxsize=1 << 12)
def _plain(key: str) -> str:
    return key.lower().translate(_SEPARATORS)


@lru_cache(maxsize=1 << 12)
def _is_personal(key: str) -> bool:
    return _plain(key) in DIRECT_KEYS or _plain(key) in DROPPED_KEYS or _plain(key) == "traits"


def _put(target: dict[str, Any], key: str, value: Any, token: Token, cleaned: Cleaned, *, is_person: bool) -> None:
    """Copy one entry of an object, unless it is an identifier; the key of an entry may hold one too."""
    plain = _plain(key)
    kind = DIRECT_KEYS.get(plain) or ("name" if is_person and plain == "name" else None)
    if plain in DROPPED_KEYS:
        return
    if kind is None:
        target[clean_text(key, token, cleaned.found)] = _clean_value(
            value, token, cleaned, is_person=is_person or plain == "traits"
        )
        return
    for text in _texts(value):
        pseudonym = token(kind, text)
        cleaned.found.append((kind, text, pseudonym))
        if kind == "email" and cleaned.email_token is None:
            cleaned.email_token = pseudonym
        elif kind == "phone" and cleaned.phone_token is None:
            cleaned.phone_token = pseudonym


def _clean_value(value: Any, token: Token, cleaned: Cleaned, *, is_person: bool) -> Any:
    if isinstance(value, str):
        return clean_text(value, token, cleaned.found)
    if isinstance(value, list):
        return [_clean_value(each, token, cleaned, is_person=is_person) for each in value]
    if isinstance(value, dict):
        target: dict[str, Any] = {}
        for key, each in value.items():
            _put(target, key, each, token, cleaned, is_person=is_person)
        return target
    return value


def _texts(value: Any) -> list[str]:
    """Return the texts and numbers inside a value, such as the lines of an address."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return [text] if text else []
