"""The suppression list: who is sent nothing to, whatever else holds. It knows identifiers by their pseudonyms only.

It lies in the state of activation, so that an erasure, a new import of a source or a warehouse made anew leave it as it is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from dmp_assets.activation.normalise import MalformedError, google_email, phone
from dmp_assets.activation.people import Person
from dmp_assets.platform.errors import UserError
from dmp_assets.privacy.keys import pseudonym

_PHONE = re.compile(r"\+?[\d\s()./-]+")
_CUSTOMER = re.compile(r"[^\s:@]+:\S+")


def identifier_ids(kind: str, value: str, key: bytes, country: str | None = None) -> set[str]:
    """Return what an address or number is known by, in each of the forms in which it may be written.

    Args:
        kind: email or phone.
        value: as it is written.
        key: of the pseudonyms.
        country: of telephone numbers that have none.
    """
    forms = {value}
    with contextlib.suppress(MalformedError):
        forms.add(google_email(value) if kind == "email" else phone(value, country))
    return {f"{kind}:{pseudonym(kind, form, key)}" for form in forms}


def read_lines(lines: Iterable[str], key: bytes) -> list[tuple[str, str]]:
    """Return the identifiers of a list, one in a line, with their kinds; blank lines do not count.

    Args:
        lines: an e-mail address, a telephone number or a customer id each.
        key: of the pseudonyms.

    Raises:
        UserError: lines are none of these; they are named by their numbers, as they may hold what nobody shall see.
    """
    found: list[tuple[str, str]] = []
    wrong = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if re.fullmatch(r"[^\s@]+@[^\s@]+", text):
            found += [(name, "email") for name in sorted(identifier_ids("email", text, key))]
        elif _PHONE.fullmatch(text) and sum(map(str.isdigit, text)) >= 5:
            found += [(name, "phone") for name in sorted(identifier_ids("phone", text, key))]
        elif _CUSTOMER.fullmatch(text):
            found.append((text, "customer"))
        else:
            wrong.append(str(number))
    if wrong:
        raise UserError(
            f"Line {', '.join(wrong[:20])}{' and more' if len(wrong) > 20 else ''}: neither an e-mail address nor a telephone "
            "number nor a customer id such as shop:42. Nothing was changed; give one in each line."
        )
    return found


def is_suppressed(person: Person, listed: frozenset[str], key: bytes, country: str | None) -> bool:
    """Return whether one of a person's addresses or numbers is in the list, in any of its forms."""
    return any(
        not listed.isdisjoint(identifier_ids(kind, value, key, country))
        for kind in ("email", "phone")
        for value in person.values.get(kind, ())
    )
