"""Why two identifiers are one person's or not, and all that is known of one: read from the stored tables, in words.

What lives here: questions to the tables of `schema`. Nothing is decided and nothing written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pandas as pd

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import has_table
from dmp_assets.privacy.keys import pseudonym, read_keys
from dmp_assets.privacy.vault import open_vault

_CURRENT = "superseded_at is null and owned_until_at is null"
_FEWEST_DIGITS = 5
_LINK = """
    select
        identifier_id, other_identifier_id, cause, source, first_seen_at, last_seen_at, sighting_count, probability, status,
        reason
    from identity.links
"""

_IN_ORDER = "order by first_seen_at, identifier_id, other_identifier_id, cause, source"


@dataclass(frozen=True)
class Why:
    """Why two identifiers are one person's, or not.

    Attributes:
        identifier_id, other_identifier_id: the two.
        person_id, other_person_id: whose they are today; None for what is nobody's.
        is_one: whether that is one person.
        links: if it is, the shortest way from one to the other over accepted links, those that were first seen earlier first; if it
            is not, the links between the two persons' identifiers, and what became of them. Columns of identity.links.
        blocked: identifiers of these that are nobody's, with the reason.
    """

    identifier_id: str
    other_identifier_id: str
    person_id: str | None
    other_person_id: str | None
    is_one: bool
    links: list[dict] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)

    def in_words(self) -> Iterator[str]:
        """Yield the answer, sentence by sentence."""
        pair = f"{self.identifier_id} and {self.other_identifier_id}"
        if self.is_one:
            yield f"{pair} are one person's: {self.person_id}."
        else:
            persons = [person or "nobody" for person in (self.person_id, self.other_person_id)]
            yield f"{pair} are not one person's: the one is of {persons[0]}, the other of {persons[1]}."
        yield from (f"{name} is nobody's by {reason}." for name, reason in self.blocked.items())
        yield from (link_in_words(link) for link in self.links)
        if not self.is_one and not self.links:
            yield "No link leads from the identifiers of the one to those of the other."


@dataclass(frozen=True)
class Shown:
    """What is known of one identifier: rows of the tables of identity, as records.

    Attributes:
        identifier: its row of identity.identifiers.
        person_id: whose it is today; None for nobody's.
        history: its rows of identity.person_identifiers, the latest knowledge last.
        of_person: all identifiers that are the person's today.
        links: of the identifier.
        changes: merges and splits of the person.
    """

    identifier: dict
    person_id: str | None
    history: list[dict]
    of_person: list[dict]
    links: list[dict]
    changes: list[dict]


def link_in_words(link: dict) -> str:
    """Return a link as a sentence."""
    times = (
        "once"
        if link["sighting_count"] == 1
        else f"{link['sighting_count']:,} times until {_minute(link['last_seen_at'])}"
    )
    likely = "" if pd.isna(link["probability"]) else f" with probability {link['probability']:.3f}"
    why = f": {link['reason']}" if link["reason"] else ""
    return (
        f"{link['identifier_id']} – {link['other_identifier_id']}: {link['cause'].replace('_', ' ')}{likely}, told by "
        f"{link['source']} at {_minute(link['first_seen_at'])} UTC, {times}; {link['status']}{why}"
    )


def known_identifier(connection: duckdb.DuckDBPyConnection, settings: Settings, text: str) -> str:
    """Return the identifier that a text names: itself, or what stands for a plain e-mail address or phone number.

    Args:
        connection: of the warehouse.
        settings: name the vault, whose key makes pseudonyms; it must be openable for a plain address or number.
        text: as it was typed; a plain address or number is kept nowhere and never in a message.

    Raises:
        UserError: nothing of that name was ever seen, there is no identity yet, or the vault cannot be opened.
    """
    if not has_table(connection, "identity.identifiers"):
        raise UserError("Nobody was identified yet: run `dmp build`.")
    found = connection.execute(
        "select identifier_id from identity.identifiers where identifier_id in (select unnest(?)) order by kind <> 'customer'",
        [possible_names(settings, text)],
    ).fetchall()
    if not found:
        raise UserError(
            f"{_unknown(text)} Name a customer id such as shop:42, a device such as device:shop:7f3a, a plain e-mail address or "
            "phone number, or an identifier_id of identity.identifiers."
        )
    return found[0][0]


def possible_names(settings: Settings, text: str) -> list[str]:
    """Return the identifiers that a text may stand for; see `known_identifier`."""
    text = text.strip()
    kind = _plain(text)
    if kind is None:
        return [text, f"device:{text}"]
    keys = read_keys(settings)
    with open_vault(settings, keys):  # a wrong key would make pseudonyms that nothing has
        return [f"{kind}:{pseudonym(kind, text, keys.pseudonyms)}"]


def _plain(text: str) -> str | None:
    """Return the kind of a plain e-mail address or phone number, None for any other text."""
    digits = sum(map(str.isdigit, text))
    is_number = digits >= _FEWEST_DIGITS and not any(map(str.isalpha, text)) and ":" not in text
    return "email" if "@" in text else "phone" if is_number else None


def _unknown(text: str) -> str:
    """Return the sentence that a text names nothing, without a plain address or number in it."""
    kind = _plain(text.strip())
    if kind is None:
        return f"No identifier {text.strip()!r} was ever seen."
    return f"No such {'e-mail address' if kind == 'email' else 'phone number'} was ever seen."


def why(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> Why:
    """Return why two known identifiers are one person's, or not."""
    person, other_person = _person(connection, one), _person(connection, other)
    blocked = dict(
        connection.execute(
            "select identifier_id, blocked_because from identity.identifiers "
            "where identifier_id in (?, ?) and blocked_because is not null order by all",
            [one, other],
        ).fetchall()
    )
    is_one = person is not None and person == other_person
    if is_one:
        return Why(one, other, person, other_person, is_one, _path(connection, str(person), one, other), blocked)
    sides = [
        [name for (name,) in _of_person(connection, owner)] or [name]
        for owner, name in ((person, one), (other_person, other))
    ]
    links = connection.execute(
        f"""
        {_LINK} where (identifier_id in (select unnest($one)) and other_identifier_id in (select unnest($other)))
            or (identifier_id in (select unnest($other)) and other_identifier_id in (select unnest($one)))
        {_IN_ORDER}
        """,
        {"one": sides[0], "other": sides[1]},
    ).df()
    return Why(one, other, person, other_person, is_one, records(links), blocked)


def show(connection: duckdb.DuckDBPyConnection, identifier: str) -> Shown:
    """Return all that is known of a known identifier."""
    person = _person(connection, identifier)

    def read(sql: str, *values: object) -> list[dict]:
        return records(connection.execute(sql, list(values)).df())

    return Shown(
        read("select * from identity.identifiers where identifier_id = ?", identifier)[0],
        person,
        read(
            "select person_id, effective_at, superseded_at, owned_from_at, owned_until_at from identity.person_identifiers "
            "where identifier_id = ? order by effective_at, owned_from_at",
            identifier,
        ),
        read(
            "select identifier_id, kind, namespace, owned_from_at from identity.person_identifiers "
            f"where person_id = ? and {_CURRENT} order by kind, identifier_id",
            person,
        ),
        read(f"{_LINK} where ? in (identifier_id, other_identifier_id) {_IN_ORDER}", identifier),
        read("select * from identity.merges where ? in (person_id, other_person_id) order by changed_at", person),
    )


def records(frame: pd.DataFrame) -> list[dict]:
    """Return the rows of a frame, what is missing as None."""
    frame = frame.astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


def _person(connection: duckdb.DuckDBPyConnection, identifier: str) -> str | None:
    found = connection.execute(
        f"select person_id from identity.person_identifiers where identifier_id = ? and {_CURRENT}", [identifier]
    ).fetchone()
    return found[0] if found else None


def _of_person(connection: duckdb.DuckDBPyConnection, person: str | None) -> list[tuple[str]]:
    """Return every identifier that ever was a person's, whatever the person was called then."""
    return connection.execute(
        "select distinct identifier_id from identity.person_identifiers where person_id = ? order by all", [person]
    ).fetchall()


def _path(connection: duckdb.DuckDBPyConnection, person: str, one: str, other: str) -> list[dict]:
    """Return the links of the shortest way between two identifiers of a person (Moore 1959)."""
    names = [name for (name,) in _of_person(connection, person)]
    links = records(
        connection.execute(
            f"""
            {_LINK} where status = 'accepted' and identifier_id in (select unnest($names))
                and other_identifier_id in (select unnest($names))
                -- A device belongs to a person and makes nobody one, so no way leads through one.
                and not exists (
                    select 1 from (select unnest([identifier_id, other_identifier_id]) as name)
                    where starts_with(name, 'device:') and name not in ($one, $other)
                )
            {_IN_ORDER}
            """,
            {"names": names, "one": one, "other": other},
        ).df()
    )
    beside: dict[str, list[tuple[str, dict]]] = {}
    for link in links:
        ends = link["identifier_id"], link["other_identifier_id"]
        for here, there in (ends, ends[::-1]):
            beside.setdefault(here, []).append((there, link))
    ways: dict[str, list[dict]] = {one: []}
    edge = [one]
    while edge and other not in ways:
        reached = []
        for here in edge:
            for there, link in beside.get(here, []):
                if there not in ways:
                    ways[there] = [*ways[here], link]
                    reached.append(there)
        edge = reached
    return ways.get(other, [])


def _minute(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def as_shown(rows: list[dict]) -> pd.DataFrame:
    """Return records as a frame to print, times to the minute."""
    texts = [
        {name: _minute(cell) if isinstance(cell, pd.Timestamp) else cell for name, cell in row.items()} for row in rows
    ]
    return pd.DataFrame(texts)
