"""What is sent of each member, who is left out and why, and how many can be matched by what; pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dmp_assets.activation.destinations.base import Destination, Field, Form
from dmp_assets.activation.normalise import MalformedError, sha256
from dmp_assets.activation.people import Person

Reason = Literal["no_consent", "suppressed", "undecided", "no_identifier", "malformed", "shared"]

WORDS: dict[Reason, str] = {
    "no_consent": "does not allow it",
    "suppressed": "is on the suppression list",
    "undecided": "a decision of theirs has arrived and is not loaded yet: build, then send again",
    "no_identifier": "has none of the identifiers that the destination takes",
    "malformed": "has only malformed ones of the identifiers that the destination takes",
    "shared": "shares the identifier with another member, who is sent",
}
"""Why a member is left out."""


@dataclass(frozen=True)
class Record:
    """A row to be sent.

    Attributes:
        key: pseudonym of what it is known by at the destination.
        content: pseudonym of all of it.
        customer_id: whose it is.
        fields: what is sent, in clear or hashed as the destination takes it.
    """

    key: str
    content: str
    customer_id: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass
class MatchRate:
    """How many members can be found at the destination by one identifier.

    Attributes:
        identifier: such as email.
        members: members who may be sent.
        known: of them those of whom the vault holds a value.
        usable: of these those of whom a value has the form that is asked for.
        repairs: what would mend the others, with the number of members.
    """

    identifier: str
    members: int = 0
    known: int = 0
    usable: int = 0
    repairs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What the destination shall hold, by `Record.key`; who is left out, by customer; and the match rates."""

    records: Mapping[str, Record]
    left_out: Mapping[str, Reason]
    rates: list[MatchRate]


def wanted(people: Iterable[Person], destination: Destination, pseudonym: Callable[[str], str]) -> Wanted:
    """Return the rows of the members.

    Args:
        people: the members who may be sent, in the order of their ids: of two who share an identifier the first has it.
        destination: its forms and country.
        pseudonym: the keyed hash of a text.
    """
    records: dict[str, Record] = {}
    left_out: dict[str, Reason] = {}
    rates = {name: MatchRate(name) for name in destination.identifiers if name not in ("customer_id", "country")}
    for person in people:
        forms = _Normalised(person, destination)
        forms.count(rates)
        rows = [row for form in destination.forms for row in forms.rows(form)]
        if not rows:
            left_out[person.customer_id] = "malformed" if forms.malformed else "no_identifier"
            continue
        is_shared = True
        for row in rows:
            names = [each.name for form in destination.forms for each in form if each.is_key and each.name in row]
            key = pseudonym(_text({name: row[name] for name in names}))
            if key in records and records[key].customer_id != person.customer_id:
                continue
            is_shared = False
            content = key if destination.is_once else pseudonym(_text(row))
            records[key] = Record(key, content, person.customer_id, row)
        if is_shared:
            left_out[person.customer_id] = "shared"
    return Wanted(records, left_out, list(rates.values()))


class _Normalised:
    """One person's values in the forms of a destination."""

    def __init__(self, person: Person, destination: Destination) -> None:
        self._destination = destination
        self._given = {**person.values, "customer_id": [person.customer_id]}
        if destination.country:
            self._given["country"] = [destination.country]
        self._found: dict[str, list[str]] = {}
        self.malformed: dict[str, str] = {}
        for form in destination.forms:
            for each in form:
                self._found[each.name] = list(self._values(each))

    def rows(self, form: Form) -> Iterable[dict[str, str]]:
        """Yield a row for each value of a single key, or else one of the newest values; none where a key is missing."""
        keys = [each.name for each in form if each.is_key]
        if not all(self._found[name] for name in keys):
            return
        others = {each.name: self._found[each.name][0] for each in form if self._found[each.name]}
        firsts = (
            self._found[keys[0]] if len(keys) == 1 and not self._destination.is_one_each else self._found[keys[0]][:1]
        )
        for value in firsts:
            yield {**others, keys[0]: value}

    def count(self, rates: Mapping[str, MatchRate]) -> None:
        """Add the person to the match rates."""
        names = {each.identifier: each.name for form in self._destination.forms for each in form}
        for identifier, rate in rates.items():
            rate.members += 1
            rate.known += bool(self._given.get(identifier))
            is_usable = bool(self._found[names[identifier]])
            rate.usable += is_usable
            if not is_usable and (repair := self.malformed.get(identifier)):
                rate.repairs[repair] = rate.repairs.get(repair, 0) + 1

    def _values(self, each: Field) -> Iterable[str]:
        """Yield the different values of a field, as they are sent."""
        known = set()
        for value in self._given.get(each.identifier, ()):
            try:
                text = each.normalise(value, self._destination.country)
            except MalformedError as error:
                self.malformed.setdefault(each.identifier, f"{error.reason}: {error.repair}")
                continue
            if text not in known:
                known.add(text)
                yield sha256(text) if each.is_hashed else text


def _text(row: Mapping[str, str]) -> str:
    return "\x1f".join(f"{name}={value}" for name, value in sorted(row.items()))
