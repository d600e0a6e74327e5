"""What was seen together: identifiers, links and who had a device, from the staging views of every listed source.

What lives here: SQL that reads staging and fills temporary tables. A staging view gives what columns it has; those of the
contract tables that tell of people are listed in `_COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import pandas as pd

from dmp_assets.identity.rules import KINDS, Rules
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.platform.warehouse import columns_of, literal

BEGINNING = "timestamp '1970-01-01'"
"""When what a file says without a date is seen, of someone who never was at a date."""

_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {
        "customer": "customer_id",
        "email": "email_token",
        "phone": "phone_token",
        "device": "anonymous_id",
        "previous": "previous_id",
        "seen_at": "occurred_at",
        "event_id": "event_id",
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
) -> None:
    """Fill the temporary tables of what was seen.

    * ``sightings``: a row per row of the views: source, cause, event_id, seen_at, and the identifier of each kind in it.
    * ``links``: identifier_id < other_identifier_id, cause, source, first_seen, last_seen, sighting_count, decided (the reason of
      a decision), probability (of a match), number.
    * ``identifiers``: identifier_id, kind, namespace, first_seen, last_seen, blocked_because, number by identifier_id.
    * ``namings``: who had each device: device, owner (an identifier), owned_from, known_at.

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
    nothing = f"select {empty}, cast(null as timestamp) as seen_at where false"
    told = " union all by name ".join([nothing, *(_sightings(connection, each) for each in views)])
    connection.execute(f"create temp table told as {told}")
    connection.execute(_SIGHTINGS)
    connection.execute("drop table told")
    connection.register("decisions", decisions)
    connection.register("given_matches", matches)
    connection.execute(
        "create temp table matches as select cast(identifier_id as varchar) as identifier_id, "
        "cast(other_identifier_id as varchar) as other_identifier_id, cast(probability as double) as probability from given_matches"
    )
    connection.execute("create temp table combinations as " + _COMBINATIONS)
    connection.execute("create temp table seen as " + " union all ".join(_seen()))
    connection.execute("create temp table links as " + _links())
    connection.execute("create temp table identifiers as " + _identifiers(rules, own))
    connection.execute("create temp table namings as " + _namings(rules, session_gap_minutes))


def _sightings(connection: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    present = columns_of(connection, staged.view)
    given = [
        f"cast({_value(name, column)} as {'timestamp' if name == 'seen_at' else 'varchar'}) as {name}"
        for name, column in _COLUMNS[staged.contract].items()
        if column in present
    ]
    missing = "".join(f", null as {name}" for name in _ASKED[staged.contract] if name not in present)
    return (
        f"select {literal(staged.source)} as source, {_CAUSES[staged.contract]} as cause, {', '.join(given)} "
        f"from (select *{missing} from {staged.view}) where {_CONDITIONS[staged.contract]}"
    )


def _value(name: str, column: str) -> str:
    """Return the identifier in a column: a customer id as it is, every other with its kind before it."""
    return f"'{name}:' || {column}" if name in KINDS and name != "customer" else column


_SIGHTINGS = f"""
    create temp table sightings as
    with dated as (
        select customer, min(seen_at) as first_seen from told where customer is not null and seen_at is not null group by customer
    ),
    devices as (select distinct device from told where device is not null),
    customers as (select distinct customer from told where customer is not null)
    select
        told.* replace (
            coalesce(told.seen_at, dated.first_seen, {BEGINNING}) as seen_at,
            -- An alias names what somebody was called before: a device, or an account.
            case when devices.device is null or customers.customer is not null then told.previous else devices.device end
                as previous
        )
    from told
    left join dated on told.customer = dated.customer
    left join devices on 'device:' || told.previous = devices.device
    left join customers on told.previous = customers.customer
"""

_COMBINATIONS = f"""
    select source, cause, {", ".join(KINDS)}, previous,
        min(seen_at) as first_seen, max(seen_at) as last_seen, count(*) as sighting_count
    from sightings group by all
"""


def _seen() -> Iterator[str]:
    """Yield the queries of every identifier of every combination."""
    for kind in KINDS:
        yield f"select {kind} as identifier_id, '{kind}' as kind, first_seen, last_seen from combinations where {kind} is not null"
    yield """
        select previous, case when starts_with(previous, 'device:') then 'device' else 'customer' end, first_seen, last_seen
        from combinations where previous is not null
    """


def _links() -> str:
    """Return the query of every pair of identifiers that were seen together, and of those that people joined."""
    told = [
        f"select {one} as one, {other} as other, {cause} as cause, source, first_seen, last_seen, sighting_count from combinations"
        for one, other, cause in [
            *((a, b, "cause") for a, b in combinations([kind for kind in KINDS if kind != "household"], 2)),
            ("customer", "household", "'household_file'"),
            ("customer", "previous", "'alias'"),
        ]
    ]
    values = " union ".join(
        f"select customer, {kind} as value from combinations where {kind} is not null and customer is not null"
        for kind in ("email", "phone", "loyalty_card")
    )
    return f"""
        with valued as (
            {values}
        ),
        sharing as (
            select distinct one.customer as one, other.customer as other
            from valued as one inner join valued as other on one.value = other.value and one.customer <> other.customer
            where one.customer in (select identifier_id from matches union select other_identifier_id from matches)
        )
        select *, cast(row_number() over (order by identifier_id, other_identifier_id, cause, source) - 1 as bigint) as number
        from (
            select
                least(one, other) as identifier_id, greatest(one, other) as other_identifier_id, cause, source,
                min(first_seen) as first_seen, max(last_seen) as last_seen,
                cast(sum(sighting_count) as bigint) as sighting_count, cast(null as varchar) as decided,
                cast(null as double) as probability
            from ({" union all ".join(told)})
            where one <> other
            group by all
            union all
            select
                least(identifier_id, other_identifier_id), greatest(identifier_id, other_identifier_id), 'decision',
                decided_by, decided_at, decided_at, 1, reason, null
            from decisions
            where action = 'join' and identifier_id in (select identifier_id from seen)
                and other_identifier_id in (select identifier_id from seen)
            union all
            {_MATCHES}
        )
    """


_MATCHES = """
    -- Two customers can resemble each other once both have been seen. Whoever shares a value with another customer of the other's
    -- namespace is that one's: what was seen together goes before what resembles.
    select matches.identifier_id, matches.other_identifier_id, 'probabilistic', 'vault',
        greatest(one.first_seen, other.first_seen), greatest(one.last_seen, other.last_seen), 1, null, matches.probability
    from matches
    inner join (select identifier_id, min(first_seen) as first_seen, max(last_seen) as last_seen from seen group by all) as one
        on matches.identifier_id = one.identifier_id
    inner join (select identifier_id, min(first_seen) as first_seen, max(last_seen) as last_seen from seen group by all) as other
        on matches.other_identifier_id = other.identifier_id
    where not exists (
        select 1 from sharing
        where (
                sharing.one = matches.identifier_id and sharing.other <> matches.other_identifier_id
                and split_part(sharing.other, ':', 1) = split_part(matches.other_identifier_id, ':', 1)
            )
            or (
                sharing.one = matches.other_identifier_id and sharing.other <> matches.identifier_id
                and split_part(sharing.other, ':', 1) = split_part(matches.identifier_id, ':', 1)
            )
    )
"""


def _identifiers(rules: Rules, own: Sequence[str]) -> str:
    """Return the query of every identifier, with why it is nobody's."""
    patterns = "".join(
        f" when every.kind in ({_words(rule.kinds)}) and regexp_matches(every.value, {literal(rule.pattern)}) "
        f"then {literal('the rules: ' + rule.reason)}"
        for rule in rules.nobody
    )
    most = " ".join(f"when '{rule.kind}' then {rule.most_neighbours}" for rule in rules.kinds)
    return f"""
        with every as (
            select
                identifier_id, kind, min(first_seen) as first_seen, max(last_seen) as last_seen,
                case kind
                    when 'customer' then split_part(identifier_id, ':', 1)
                    when 'email' then ''
                    when 'phone' then ''
                    else split_part(identifier_id, ':', 2)
                end as namespace,
                lower(substring(identifier_id, case
                    when kind = 'customer' then length(namespace) + 2
                    when namespace = '' then length(kind) + 2
                    else length(kind) + length(namespace) + 3
                end)) as value
            from seen group by all
        ),
        sides as (
            select identifier_id, other_identifier_id from links where decided is null
            union
            select other_identifier_id, identifier_id from links where decided is null
        ),
        -- Few have so many that their kinds need to be counted.
        crowded as (
            select identifier_id from sides
            group by identifier_id having count(*) > {min(rule.most_neighbours for rule in rules.kinds)}
        ),
        neighbours as (
            select sides.identifier_id, every.kind, count(*) as neighbours
            from sides
            inner join crowded on sides.identifier_id = crowded.identifier_id
            inner join every on sides.other_identifier_id = every.identifier_id
            group by all
        ),
        nearest as (
            select identifier_id, max(neighbours) as neighbours, arg_max(kind, neighbours) as kind from neighbours group by all
        ),
        blocked as (
            select identifier_id, min(reason) as reason from decisions where action = 'block' group by all
        )
        select
            every.identifier_id, every.kind, every.namespace, every.first_seen, every.last_seen,
            case
                when blocked.reason is not null then 'a decision: ' || blocked.reason
                when every.identifier_id in ({_words(["", *own])}) then 'the rules: one of your own'
                {patterns}
                when nearest.neighbours > case every.kind {most} end
                    then 'evidence: seen with ' || nearest.neighbours || ' of kind ' || nearest.kind
            end as blocked_because,
            cast(row_number() over (order by every.identifier_id) - 1 as integer) as number
        from every
        left join nearest on every.identifier_id = nearest.identifier_id
        left join blocked on every.identifier_id = blocked.identifier_id
    """


def _namings(rules: Rules, session_gap_minutes: int) -> str:
    """Return the query of who had each device, from when, and since when that is known.

    What nobody is named in belongs to whoever is named next in the same visit, or else was named last before, or else is named
    first after.
    """
    order = sorted((kind for kind in rules.glue), key=rules.priority)
    named = ", ".join(f"case when {kind} not in (select identifier_id from blocked) then {kind} end" for kind in order)
    of_device = "partition by device order by seen_at, event_id"
    return f"""
        with blocked as (select identifier_id from identifiers where blocked_because is not null),
        events as (
            select device, seen_at, event_id, coalesce({named}) as named from sightings where device is not null
            union all
            select previous, seen_at, event_id, customer from sightings
            where starts_with(previous, 'device:') and customer not in (select identifier_id from blocked)
        ),
        paused as (
            select *, coalesce(seen_at > lag(seen_at) over ({of_device}) + interval {session_gap_minutes} minute, true) as is_first
            from events
            where device not in (select identifier_id from blocked)
        ),
        visits as (
            select *, count(*) filter (where is_first) over ({of_device} rows unbounded preceding) as visit from paused
        ),
        owned as (
            select device, seen_at, event_id, named, coalesce(
                first_value(named ignore nulls) over (
                    partition by device, visit order by seen_at, event_id rows between current row and unbounded following
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


def _words(words: Sequence[str]) -> str:
    return ", ".join(map(literal, words))
