"""What is known of the members at the moment in which they are sent: identifiers from the vault, by who owns them now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import has_table
from dmp_assets.privacy.keys import Keys
from dmp_assets.privacy.vault import open_vault

_POSTCODE = re.compile(r"\d{4,6}|\d{5}-\d{4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE)
"""A part of an address that is a postal code and nothing else, in most countries."""

_VALUES = """
    with told as (
        select owners.customer_id, stored.kind, stored.value, stored.last_seen_at
        from vault.identifiers as stored
        inner join namespaces using (source)
        inner join owners on owners.identifier_id = namespaces.namespace || ':' || trim(stored.user_id)
        where trim(stored.user_id) <> '' and stored.kind not in ('email', 'phone')
        union all
        select owners.customer_id, stored.kind, stored.value, stored.last_seen_at
        from vault.identifiers as stored
        inner join owners on owners.identifier_id = stored.kind || ':' || stored.token
        where stored.kind in ('email', 'phone')
        union all
        -- What identity has not seen of anybody, because only a column that no rule of identity reads has it.
        select owners.customer_id, stored.kind, stored.value, stored.last_seen_at
        from vault.identifiers as stored
        inner join namespaces using (source)
        inner join owners on owners.identifier_id = namespaces.namespace || ':' || trim(stored.user_id)
        where trim(stored.user_id) <> '' and stored.kind in ('email', 'phone')
            and stored.kind || ':' || stored.token not in (select identifier_id from seen)
    )
    select customer_id, kind, trim(value) as value, max(last_seen_at) as last_seen_at
    from told
    where kind in ('email', 'phone', 'first_name', 'last_name', 'name', 'address')
    group by all
    order by customer_id, kind, last_seen_at desc, value
"""


@dataclass(frozen=True)
class Person:
    """One member.

    Attributes:
        customer_id: in every table.
        values: what is known of each kind, newest first: email, phone, first_name, last_name, postcode.
    """

    customer_id: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_people(
    settings: Settings, keys: Keys, owners: pd.DataFrame, seen: pd.DataFrame, namespaces: Mapping[str, str]
) -> list[Person]:
    """Return the members with what the vault holds of them, in the order of their ids; it stays in memory.

    Args:
        settings: name the vault.
        keys: of the vault.
        owners: the members' identifiers, one row each: identifier_id, customer_id.
        seen: every e-mail address and phone number that identity knows: identifier_id.
        namespaces: what stands before the customer ids of each source.

    Raises:
        UserError: as `open_vault`.
    """
    people: dict[str, dict[str, list[str]]] = {customer: {} for customer in sorted(set(owners["customer_id"]))}
    if settings.vault_path.exists():
        with open_vault(settings, keys) as vault:
            if has_table(vault, "main.identifiers"):
                vault.register("owners", owners.astype(object))
                vault.register("seen", seen.astype(object))
                frame = pd.DataFrame({"source": list(namespaces), "namespace": list(namespaces.values())}, dtype=object)
                vault.register("namespaces", frame)
                for customer, kind, value, _ in vault.execute(_VALUES).fetchall():
                    people[customer].setdefault(kind, []).append(value)
    return [Person(customer, _named(values)) for customer, values in people.items()]


def _named(values: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the kinds that destinations ask for: a name in two parts, and of addresses the postal code where it is clear."""
    found = {kind: list(values[kind]) for kind in ("email", "phone", "first_name", "last_name") if kind in values}
    for whole in values.get("name", []):
        parts = whole.split()
        if len(parts) == 2:  # of more, nobody knows which are the last name's
            found.setdefault("first_name", []).append(parts[0])
            found.setdefault("last_name", []).append(parts[1])
    codes = _postcodes(values.get("address", []))
    return {**found, "postcode": codes} if len(codes) == 1 else found


def _postcodes(parts: Iterable[str]) -> list[str]:
    return sorted({part for part in parts if _POSTCODE.fullmatch(part)})
