"""The forms in which destinations want identifiers, as each of them publishes it; pure functions of one value.

Google: "Format user data" of the Data Manager API. Meta: "Customer File Custom Audiences", hashing and normalisation. Mailchimp:
"Add or update list member". There is no form that all of them share, so a field of a destination names its own function.

Every function takes a value as it arrived and the country (ISO 3166, two letters) that the destination declares, or None. It raises
`MalformedError` for a value that has no such form.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

import phonenumbers
from email_validator import EmailNotValidError, validate_email

Normalise = Callable[[str, str | None], str]

_GMAIL = ("gmail.com", "googlemail.com")
_TOO_LONG = 320


class MalformedError(ValueError):
    """A value that has not the form that is asked for.

    Attributes:
        reason: what is wrong, without the value.
        repair: what would mend it.
    """

    def __init__(self, reason: str, repair: str) -> None:
        """Say what is wrong and what would mend it."""
        super().__init__(reason)
        self.reason, self.repair = reason, repair


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: str, _country: str | None = None) -> str:
    """Return a text without the blanks around it."""
    return _not_empty(value.strip())


def email(value: str, _country: str | None = None) -> str:
    """Return an e-mail address without blanks around it and in small letters, if it is one."""
    text = value.strip().lower()
    try:
        # Whether the domain takes mail is not asked: that would tell a name server who is in an audience.
        validate_email(text[:_TOO_LONG], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise MalformedError("malformed e-mail address", "correct the address in the source") from None
    return text


def google_email(value: str, _country: str | None = None) -> str:
    """Return an e-mail address as Google compares it: of its own domains without dots and without what follows a plus."""
    local, _, domain = email(value).rpartition("@")
    if domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
    if not local:
        raise MalformedError("malformed e-mail address", "correct the address in the source")
    return f"{local}@{domain}"


def phone(value: str, country: str | None = None) -> str:
    """Return a telephone number in the form of E.164, with a plus; a country is never guessed.

    A number that begins with a plus or 00 has its country; any other is of the country that the destination declares.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    digits = re.sub(r"^\s*00", "+", text)
    if not digits.startswith("+") and country is None:
        raise MalformedError(
            "telephone number without a country",
            "give numbers with a plus and the country's code in the source, or say `country:` of the destination",
        )
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise MalformedError("malformed telephone number", "correct the number in the source")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def meta_phone(value: str, country: str | None = None) -> str:
    """Return a telephone number as Meta wants it: the digits with the country's code, without plus and leading zeros."""
    return phone(value, country).removeprefix("+").lstrip("0")


def name(value: str, _country: str | None = None) -> str:
    """Return a name as Google wants it: without blanks around it, in small letters."""
    return _not_empty(value.strip().lower())


def meta_name(value: str, _country: str | None = None) -> str:
    """Return a name as Meta wants it: in small letters, without punctuation; letters of any script and accents stay."""
    text = unicodedata.normalize("NFC", value).lower()
    kept = "".join(character for character in text if not unicodedata.category(character).startswith("P"))
    return _not_empty(" ".join(kept.split()))


def region(value: str, _country: str | None = None) -> str:
    """Return a country or region as Google wants it: two capital letters."""
    text = value.strip().upper()
    if not re.fullmatch("[A-Z]{2}", text):
        raise MalformedError("region that is no code of two letters", "give ISO 3166 codes such as US")
    return text


def meta_region(value: str, _country: str | None = None) -> str:
    """Return a country as Meta wants it: two small letters."""
    return region(value).lower()


def meta_postcode(value: str, country: str | None = None) -> str:
    """Return a postal code as Meta wants it: small letters, no blanks and hyphens; of the United States the first five digits."""
    text = re.sub(r"[\s-]", "", value).lower()
    return _not_empty(text[:5] if country == "US" else text)


def mailchimp_id(address: str) -> str:
    """Return the id of a list's member at Mailchimp: the MD5 of the address in small letters."""
    return hashlib.md5(address.lower().encode(), usedforsecurity=False).hexdigest()


def _not_empty(text: str) -> str:
    if not text:
        raise MalformedError("empty value", "give a value in the source")
    return text
