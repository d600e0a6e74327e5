"""What was seen together: identifiers, links and who had a device, from the staging views of every listed source.

What lives here: SQL that reads staging and fills temporary tables. A staging view gives what columns it has; those of the
contract tables that tell of people are listed in `_COLUMNS`. Identifiers are numbered as soon as they are read: to group and join
ten million rows by numbers takes a fifth of what it takes by text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from dmp_assets.identity.increments import COLUMNS, connect, find_touched, rule_of
from dmp_assets.identity.links import link
from dmp_assets.identity.rules import KINDS, Rules
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.platform.warehouse import columns_of, literal

_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {
        "customer": "customer_id",
        "email": "email_token",
        "phone": "phone_token",
        "device": "anonymous_id",
        "previous": "previous_id",
        "seen_at": "occurred_at",
        "event_id": "event_id",
        "is_simulated": "is_simulated",
    },
    "customers": {
        "customer": "customer_id",
        "email": "email",
        "phone": "phone",
        "loyalty_card": "loyalty_card",
        "household": "household_id",
    },
    "order_lines": {
        "customer": "customer_id",
        "email": "email",
        "phone": "phone",
        "loyalty_card": "loyalty_card",
        "seen_at": "ordered_at",
    },
    "consents": {
        "customer": "customer_id",
        "email": "email_token",
        "device": "anonymous_id",
        "seen_at": "decided_at",
        "is_simulated": "is_simulated",
    },
}
"""The columns of each contract table that tell of people; a staging view may lack any of them but the customer's and the time."""

_CAUSES = {
    "events": "case when event_type = 'identify' then 'identify' when event_name = 'Order Completed' then 'order' else 'login' end",
    "customers": "'customer_file'",
    "order_lines": "'order'",
    "consents": "'customer_file'",
}
_CONDITIONS = {
    # What a robot does on somebody's link tells nothing of that person.
    "events": "event_id is not null and occurred_at is not null and not coalesce(is_bot, false)",
    "customers": "true",
    "order_lines": "ordered_at is not null",
    "consents": "decided_at is not null",
}

_ASKED = {
    "events": ("event_id", "occurred_at", "event_type", "event_name", "is_bot"),
    "customers": (),
    "order_lines": ("ordered_at",),
    "consents": ("decided_at",),
}
"""The columns of the causes and conditions."""


@dataclass(frozen=True)
class Staged:
    """A staging view that tells of people."""

    source: str
    contract: str

    @property
    def view(self) -> str:
        """Its name in the warehouse."""
        return f"staging.stg_{self.source}__{self.contract}"


def staged_views(settings: Settings) -> list[Staged]:
    """Return the staging views that tell of people, of every listed source; decisions that events tell are read there."""
    sources: Mapping[str, Sequence[str] | None] = project_variables(settings).get("sources") or {}
    return [
        Staged(source, contract)
        for source, listed in sources.items()
        for contract in listed or ()
        if contract in _COLUMNS and not (contract == "consents" and "events" in (listed or ()))
    ]


def observe(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[Staged],
    rules: Rules,
    *,
    decisions: pd.DataFrame,
    matches: pd.DataFrame,
    own: Sequence[str],
    session_gap_minutes: int,
) -> bool:
    """Fill the temporary tables of what was seen; return whether only of those whom the news since the last resolution touch.

    * ``touched``, ``observed``, ``changed`` and ``pairs``: see `increments.find_touched`.
    * ``names``: number (in the order of the ids, from 0), identifier_id, kind, namespace, is_touched. All other tables have the
      numbers. Who is not touched is there only as the other end of a link.
    * ``sightings``: a row per row of the views: origin, event_id, seen_at, is_simulated, the identifier of each kind in it, and
      what somebody was called before.
    * ``origins``: what says so: origin, cause, source.
    * ``links`` and ``identifiers``: see `links.link`.
    * ``found_components``: see `increments.connect`.
    * ``namings``: who had each device: device, owner, owned_from, known_at.

    Args:
        connection: of the warehouse; nothing but temporary tables is written.
        views: what is read.
        rules: what is nobody's.
        decisions: of people, see `decisions.standing`.
        matches: customers who are probably one person: identifier_id, other_identifier_id, probability.
        own: identifiers that are the project's own.
        session_gap_minutes: the pause that ends a visit.
    """
    empty = ", ".join(
        f"cast(null as varchar) as {name}" for name in ("source", "cause", "event_id", *KINDS, "previous")
    )
    nothing = f"select {empty}, cast(null as timestamp) as seen_at, false as is_simulated where false"
    told = " union all by name ".join([nothing, *(_sightings(connection, each) for each in views)])
    connection.execute(f"create temp table told as {told}")
    connection.execute(_FORMER)
    connection.execute(_MEANT)
    connection.register("given_decisions", decisions)
    connection.register("given_matches", matches)
    is_part = find_touched(connection, rule_of(rules, decisions, own, session_gap_minutes))
    connection.execute(_names(is_part=is_part))
    connection.execute(_DECISIONS)
    connection.execute(_MATCHES)
    connection.execute(_ORIGINS)
    connection.execute(_numbered_sightings())
    connection.execute("drop table concerned")
    link(connection, rules, own=own, is_part=is_part)
    connect(connection)
    connection.execute("create temp table namings as " + _namings(rules, session_gap_minutes))
    return is_part


def _sightings(connection: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    present = columns_of(connection, staged.view)
    given = [
        f"cast({_value(name, column)} as {_TYPES.get(name, 'varchar')}) as {name}"
        for name, column in _COLUMNS[staged.contract].items()
        if column in present
    ]
    missing = "".join(f", null as {name}" for name in _ASKED[staged.contract] if name not in present)
    return (
        f"select {literal(staged.source)} as source, {_CAUSES[staged.contract]} as cause, {', '.join(given)} "
        f"from (select *{missing} from {staged.view}) where {_CONDITIONS[staged.contract]}"
    )


_TYPES = {"seen_at": "timestamp", "is_simulated": "boolean"}


def _value(name: str, column: str) -> str:
    """Return the identifier in a column: a customer id as it is, every other with its kind before it."""
    return f"'{name}:' || {column}" if name in KINDS and name != "customer" else column


_FORMER = """
    -- An alias names what somebody was called before: a device, or an account.
    create temp table former as
    select
        told.previous,
        case when devices.device is null or customers.customer is not null then told.previous else devices.device end
            as identifier_id,
        devices.device is null and customers.customer is null as is_new
    from (select distinct previous from told where previous is not null) as told
    left join (
        select distinct device from told where device in (select 'device:' || previous from told where previous is not null)
    ) as devices on 'device:' || told.previous = devices.device
    left join (
        select distinct customer from told where customer in (select previous from told where previous is not null)
    ) as customers on told.previous = customers.customer
"""


_MEANT = """
    update told set previous = former.identifier_id from former
    where told.previous = former.previous and former.identifier_id <> former.previous
"""


def _names(*, is_part: bool) -> str:
    """Return the statement that numbers every identifier."""
    kinds = " union all ".join(
        f"select distinct {kind} as identifier_id, '{kind}' as kind from concerned where {kind} is not null"
        for kind in KINDS
    )
    return f"""
        create temp table names as
        with every as (
            {kinds}
            union all
            select identifier_id, 'customer' from former
            where is_new and identifier_id in (select previous from concerned)
        )
        select
            cast(row_number() over (order by identifier_id) - 1 as integer) as number, identifier_id, kind,
            case kind
                when 'customer' then split_part(identifier_id, ':', 1)
                when 'email' then ''
                when 'phone' then ''
                else split_part(identifier_id, ':', 2)
            end as namespace,
            {"hash(identifier_id) in (from touched)" if is_part else "true"} as is_touched
        from every
    """


_DECISIONS = f"""
    create temp table decisions as
    with named as (
        select hash(cast(identifier_id as varchar)) from given_decisions
        union
        select hash(cast(other_identifier_id as varchar)) from given_decisions where other_identifier_id is not null
    ),
    known as (
        {" union ".join(f"select {name} from observed where {name} in (from named)" for name in COLUMNS)}
    )
    select
        given.decided_at, cast(given.decided_by as varchar) as decided_by, cast(given.action as varchar) as action,
        cast(given.reason as varchar) as reason, one.number as one, other.number as other,
        hash(cast(given.identifier_id as varchar)) not in (from known)
            or (given.other_identifier_id is not null and hash(cast(given.other_identifier_id as varchar)) not in (from known))
            as is_unknown
    from given_decisions as given
    left join names as one on cast(given.identifier_id as varchar) = one.identifier_id
    left join names as other on cast(given.other_identifier_id as varchar) = other.identifier_id
"""

_MATCHES = """
    create temp table matches as
    select least(one.number, other.number) as a, greatest(one.number, other.number) as b,
        cast(given.probability as double) as probability
    from given_matches as given
    inner join names as one on cast(given.identifier_id as varchar) = one.identifier_id
    inner join names as other on cast(given.other_identifier_id as varchar) = other.identifier_id
"""

_ORIGINS = """
    create temp table origins as
    select cast(row_number() over (order by cause, source) as integer) as origin, cause, source
    from (
        select distinct cause, source from concerned
        union
        select unnest(['alias', 'household_file']), source from (select distinct source from concerned)
        union
        select 'decision', decided_by from decisions
        union
        select 'probabilistic', 'vault'
    )
"""


def _numbered_sightings() -> str:
    numbers = ", ".join(f"{kind}_name.number as {kind}" for kind in KINDS)
    joins = " ".join(
        f"left join (select number, identifier_id from names where kind = '{kind}') as {kind}_name "
        f"on concerned.{kind} = {kind}_name.identifier_id"
        for kind in KINDS
    )
    return f"""
        create temp table sightings as
        select
            origins.origin, concerned.seen_at, coalesce(concerned.is_simulated, false) as is_simulated, {numbers},
            previous_name.number as previous,
            case when concerned.device is not null or concerned.previous is not null then concerned.event_id end as event_id
        from concerned
        inner join origins on concerned.cause = origins.cause and concerned.source = origins.source
        {joins}
        left join names as previous_name on concerned.previous = previous_name.identifier_id
    """


def _namings(rules: Rules, session_gap_minutes: int) -> str:
    """Return the query of who had each device, from when, and since when that is known.

    What nobody is named in belongs to whoever is named next in the same visit, or else was named last before, or else is named
    first after.
    """
    order = sorted((kind for kind in rules.glue), key=rules.priority)
    named = ", ".join(f"case when {kind} not in (select number from blocked) then {kind} end" for kind in order)
    of_device = "partition by device order by seen_at, event_id, named"
    return f"""
        with blocked as (select number from identifiers where blocked_because is not null),
        events as (
            select device, seen_at, event_id, coalesce({named}) as named from sightings where device is not null
            union all
            select sightings.previous, sightings.seen_at, sightings.event_id, sightings.customer
            from sightings inner join names on sightings.previous = names.number and names.kind = 'device'
            where sightings.customer not in (select number from blocked)
        ),
        paused as (
            select *, coalesce(seen_at > lag(seen_at) over ({of_device}) + interval {session_gap_minutes} minute, true) as is_first
            from events
            where device not in (select number from blocked)
        ),
        visits as (
            select *, count(*) filter (where is_first) over ({of_device} rows unbounded preceding) as visit from paused
        ),
        owned as (
            select device, seen_at, event_id, named, coalesce(
                first_value(named ignore nulls) over (
                    partition by device, visit order by seen_at, event_id, named rows between current row and unbounded following
                ),
                last_value(named ignore nulls) over ({of_device} rows between unbounded preceding and current row),
                first_value(named ignore nulls) over ({of_device} rows between current row and unbounded following)
            ) as owner
            from visits
        ),
        changes as (
            select *, coalesce(owner <> lag(owner) over ({of_device}), true) as is_change
            from owned where owner is not null
        ),
        turns as (
            select *, count(*) filter (where is_change) over ({of_device} rows unbounded preceding) as turn from changes
        )
        select device, any_value(owner) as owner, min(seen_at) as owned_from,
            min(seen_at) filter (where named is not null) as known_at
        from turns group by device, turn
    """
