"""Who lives together: by a household id that the data has, or by a postal address that the vault holds of several customers.

A household is an entity beside persons: it joins nobody, and a shared device alone makes none. Addresses in clear stay in memory or
are spilled encrypted; what leaves the vault is a pseudonym.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import has_table
from dmp_assets.privacy.keys import Keys, pseudonym
from dmp_assets.privacy.vault import open_vault

_ADDRESSES = """
    with parts as (
        select namespaces.namespace || ':' || trim(user_id) as identifier_id, last_seen_at,
            trim(regexp_replace(lower(strip_accents(value)), '[^\\p{L}\\d]+', ' ', 'g')) as part
        from vault.identifiers inner join namespaces using (source)
        where trim(user_id) <> '' and kind = 'address'
    ),
    -- Of someone who moved the parts that were told last.
    last as (select distinct identifier_id, part from parts where part <> '' qualify rank() over (
        partition by identifier_id order by last_seen_at desc
    ) = 1),
    addresses as (
        select identifier_id, string_agg(part, ' ' order by part) as address
        from last
        group by identifier_id
        -- A street with its number, and where that is: a town or a postcode alone is no address.
        having bool_or(regexp_matches(part, '\\d') and regexp_matches(part, '\\p{L}{3}'))
            and (count(*) > 1 or regexp_matches(max(part), '\\d.*\\D.*\\d'))
    )
    select identifier_id, address from addresses
    qualify count(*) over (partition by address) > 1
    order by identifier_id
"""

_HOUSEHOLDS = """
    with told as (
        select
            if(one.kind = 'household', one.identifier_id, other.identifier_id) as household_id,
            if(one.kind = 'household', other.identifier_id, one.identifier_id) as identifier_id,
            min(links.first_seen_at) as since
        from identity.links as links
        inner join identity.identifiers as one on links.identifier_id = one.identifier_id
        inner join identity.identifiers as other on links.other_identifier_id = other.identifier_id
        where links.cause = 'household_file' and links.status = 'accepted'
        group by all
    ),
    -- Who comes to another household has left the one before.
    moved as (
        select *, lead(since) over (partition by identifier_id order by since, household_id) as until from told
    ),
    shared as (
        select addresses.household_id, addresses.identifier_id, identifiers.first_seen_at,
            count(*) over (partition by addresses.household_id) as members,
            nth_value(identifiers.first_seen_at, 2) over (
                partition by addresses.household_id order by identifiers.first_seen_at, identifiers.identifier_id
                rows between unbounded preceding and unbounded following
            ) as second_seen_at
        from addresses
        inner join identity.identifiers as identifiers on addresses.identifier_id = identifiers.identifier_id
        where identifiers.blocked_because is null
    )
    select household_id, identifier_id, 'household_id' as evidence, since as effective_at, until as superseded_at
    from moved where until is null or since < until
    union all
    select household_id, identifier_id, 'postal_address', greatest(first_seen_at, second_seen_at), cast(null as timestamp)
    from shared where members between 2 and {most_members}
    order by all
"""


def shared_addresses(settings: Settings, keys: Keys, namespaces: Mapping[str, str]) -> pd.DataFrame:
    """Return the customers who have a postal address with others, by the vault: household_id (a pseudonym) and identifier_id.

    Args:
        settings: name the vault.
        keys: of the vault.
        namespaces: what stands before the customer ids of each source.

    Raises:
        UserError: as `open_vault`.
    """
    found = pd.DataFrame({"identifier_id": [], "address": []}, dtype=object)
    if settings.vault_path.exists():
        frame = pd.DataFrame({"source": list(namespaces), "namespace": list(namespaces.values())}, dtype=object)
        with open_vault(settings, keys) as vault:
            vault.register("namespaces", frame)
            if has_table(vault, "main.identifiers"):
                found = vault.execute(_ADDRESSES).df()
    names = [f"household:address:{pseudonym('address', address, keys.pseudonyms)}" for address in found["address"]]
    return pd.DataFrame({"household_id": names, "identifier_id": found["identifier_id"]}, dtype=object)


def households(connection: duckdb.DuckDBPyConnection, addresses: pd.DataFrame, *, most_members: int) -> pd.DataFrame:
    """Return who lives together, with the columns of ``schema.HOUSEHOLDS``.

    Args:
        connection: of the warehouse, with the tables of identity.
        addresses: see `shared_addresses`.
        most_members: customers that a household has at most; an address of more is a house, or an institution.
    """
    connection.register("given_addresses", addresses)
    connection.execute(
        "create temp table addresses as select cast(household_id as varchar) as household_id, "
        "cast(identifier_id as varchar) as identifier_id from given_addresses"
    )
    found = connection.execute(_HOUSEHOLDS.format(most_members=most_members)).df()
    connection.execute("drop table addresses")
    return found
