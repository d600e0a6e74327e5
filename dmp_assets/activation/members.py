"""The members of an audience, and who of them may be sent at this moment: what the warehouse and the collector know."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from dmp_assets.activation.records import Reason
from dmp_assets.activation.undecided import loaded_events, undecided, waiting_segments
from dmp_assets.identity.observed import staged_views
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import LEFT_OUT, PERMISSIONS
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, has_relation, has_table
from dmp_assets.privacy.keys import Keys

AUDIENCES, MEMBERS = "audiences.audiences", "audiences.audience_members"

_JUDGED = f"""
    select members.customer_id,
        coalesce(permissions.is_allowed, false) and members.customer_id not in (select customer_id from {LEFT_OUT}) as is_allowed
    from (select distinct customer_id from {MEMBERS} where audience = $audience) as members
    left join {PERMISSIONS} as permissions
        on members.customer_id = permissions.customer_id
        and permissions.purpose = $purpose and permissions.channel = $channel
    order by members.customer_id
"""
_OWNERS = f"""
    select identifier_id, customer_id from marts.customer_identifiers
    where owned_until_at is null and customer_id in (select customer_id from {MEMBERS} where audience = $audience)
    union
    select customer_id, customer_id from {MEMBERS} where audience = $audience
    order by all
"""


@dataclass(frozen=True)
class Audience:
    """An audience as the last build has it; see the table ``audiences.audiences``."""

    name: str
    purpose: str
    channel: str
    left_out: int
    is_small: bool
    as_of_on: str


@dataclass(frozen=True)
class Judged:
    """Who is in an audience, and who of them may be sent.

    Attributes:
        audience: the audience.
        members: the ids of its members, sorted.
        left_out: the members who may not be sent, with the reason.
        owners: what the members are called by now: identifier_id, customer_id.
        seen: every e-mail address and phone number that identity knows: identifier_id.
        namespaces: what stands before the customer ids of each source.
    """

    audience: Audience
    members: list[str]
    left_out: Mapping[str, Reason]
    owners: pd.DataFrame
    seen: pd.DataFrame
    namespaces: Mapping[str, str]


def judge(settings: Settings, keys: Keys, name: str, suppressed: frozenset[str]) -> Judged:
    """Return the members of an audience and who of them may be sent, as of this moment.

    Args:
        settings: name the warehouse and the collector's folder.
        keys: of the pseudonyms.
        name: of the audience.
        suppressed: the suppression list, as identifier ids.

    Raises:
        UserError: there is no such audience, or nothing is known yet of what customers allow.
    """
    waiting = waiting_segments(settings, keys)
    with Warehouse.from_settings(settings).read() as connection:
        audience = _audience(connection, name)
        asked = {"audience": name, "purpose": audience.purpose, "channel": audience.channel}
        rows = connection.execute(_JUDGED, asked).fetchall()
        owners = connection.execute(_OWNERS, {"audience": name}).df()
        seen = connection.execute(
            "select distinct identifier_id from marts.customer_identifiers where kind in ('email', 'phone') "
            "union select identifier_id from identity.identifiers where kind in ('email', 'phone')"
        ).df()
        open_ = undecided([*waiting, *loaded_events(connection, settings)])
        namespaces = _namespaces(connection, settings)
    left_out: dict[str, Reason] = {}
    pairs = list(owners.itertuples(index=False, name=None))
    left_out |= {customer: "undecided" for identifier, customer in pairs if identifier in open_}
    left_out |= {customer: "suppressed" for identifier, customer in pairs if identifier in suppressed}
    left_out |= {customer: "no_consent" for customer, is_allowed in rows if not is_allowed}
    return Judged(audience, [customer for customer, _ in rows], left_out, owners, seen, namespaces)


def _audience(connection: duckdb.DuckDBPyConnection, name: str) -> Audience:
    for table in (AUDIENCES, MEMBERS, PERMISSIONS):
        if not has_table(connection, table):
            raise UserError(f"There is no {table} yet: run `dmp build`, which makes it.")
    row = connection.execute(
        f"select audience, purpose, channel, left_out, is_small, as_of_on from {AUDIENCES} where audience = ?", [name]
    ).fetchone()
    if row is None:
        there = [each for (each,) in connection.execute(f"select audience from {AUDIENCES} order by 1").fetchall()]
        nearest = difflib.get_close_matches(name, there, 1)
        hint = f", did you mean {nearest[0]}?" if nearest else ""
        raise UserError(f"There is no audience {name!r}{hint}; there are {', '.join(there) or 'none'}.")
    audience, purpose, channel, left_out, is_small, as_of_on = row
    if purpose is None or channel is None:
        raise UserError(
            f"The audience {name} is to look at and to reach nobody: give its file a purpose and a channel to send it."
        )
    known = connection.execute(
        f"select 1 from {PERMISSIONS} where purpose = ? and channel = ? limit 1", [purpose, channel]
    ).fetchone()
    if known is None:
        raise UserError(
            f"The audience {name} is for {purpose} by {channel}, of which nobody is known to allow anything: give it a purpose and "
            "channel that contact_uses in dbt_project.yml has."
        )
    return Audience(audience, purpose, channel, left_out, bool(is_small), f"{as_of_on:%Y-%m-%d}")


def _namespaces(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, str]:
    """Return what stands before the customer ids of each source."""
    named = [
        f"select distinct source, split_part(customer_id, ':', 1) as namespace from {view.view} where customer_id is not null"
        for view in staged_views(settings)
        if view.contract != "events" and has_relation(connection, view.view)
    ]
    if has_table(connection, "raw.events"):
        named.append("select distinct source, namespace from raw.events where namespace is not null")
    return dict(connection.execute(" union ".join(named)).fetchall()) if named else {}
