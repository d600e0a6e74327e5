"""From what was seen together to persons: the numbers that `resolve` wants, and its answer as tables.

Reads the temporary tables of `observed.observe` and makes views that have the names of the domain's tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from dmp_assets.identity.resolve import BY_SPLIT, NO_LIMIT, Identifiers, Links, resolve
from dmp_assets.identity.rules import Rules

_OPEN = "timestamp '9999-12-31'"


TABLES = {
    "identifiers": "hash(identifier_id) in (from touched)",
    "links": "hash(identifier_id) in (from touched) or hash(other_identifier_id) in (from touched)",
    "person_identifiers": "hash(identifier_id) in (from touched)",
    "merges": "hash(identifier_id) in (from touched)",
}
"""The tables, and which of their rows are replaced where only some people are touched."""


def identify(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Make a temporary view ``found_<name>`` for each table of `schema`, and drop the tables that none of them reads.

    Args:
        connection: with the tables of `observed.observe`.
        rules: of identity.
    """
    kinds = pd.DataFrame(
        [(rule.kind, rule.limit, rule.moves, rules.priority(rule.kind)) for rule in rules.kinds],
        columns=pd.Index(["kind", "most", "moves", "priority"]),
    ).astype({"most": "Int32"})
    connection.register("kinds", kinds)
    connection.execute("create temp table glue as " + _GLUE)
    connection.execute(
        "create temp table steps as " + _steps([kind for kind in rules.glue if kind in rules.moving], rules)
    )
    glue = _arrays(
        connection, "select group_number, first_seen, kind = 'customer' as is_customer, moves from glue order by number"
    )
    steps = _arrays(
        connection, "select link, taken_at, a, b, priority, is_free from steps order by taken_at, a, b, origin"
    )
    groups = connection.execute(
        "select distinct group_number, most, kind, counted_in from glue order by all"
    ).fetchall()
    splits = connection.execute(
        """
        select one.number, other.number
        from decisions
        inner join glue as one on decisions.one = one.identifier
        inner join glue as other on decisions.other = other.identifier
        where decisions.action = 'split'
        """
    ).fetchall()
    resolved = resolve(
        Identifiers(
            glue["group_number"],
            np.array([most for _, most, *_ in groups], np.int32),
            glue["first_seen"],
            glue["is_customer"],
            glue["moves"],
        ),
        Links(*(steps[name] for name in ("a", "b", "taken_at", "priority", "is_free"))),
        np.array(splits, np.int64).reshape(-1, 2),
    )
    reasons = {NO_LIMIT: "", BY_SPLIT: "people decided that these are two persons"} | {
        number: f"one person would have more than {most} of kind {kind}{f' in {namespace}' if namespace else ''}"
        for number, most, kind, namespace in groups
    }
    frames = {
        "breaches": {"link": steps["link"], "taken_at": steps["taken_at"], "breach": resolved.breach},
        "reasons": {"breach": list(reasons), "reason": list(reasons.values())},
        "periods": {name: getattr(resolved, name) for name in ("node", "person", "since", "until")},
        "moved": {
            **{name: getattr(resolved, name) for name in ("moved", "moved_at", "moved_to")},
            "place": np.arange(len(resolved.moved)),
        },
        "unions": {
            **{name: steps[name][resolved.joined] for name in ("link", "taken_at")},
            "kept": resolved.kept,
            "ended": resolved.ended,
        },
    }
    for name, columns in frames.items():
        connection.register(name, pd.DataFrame(columns))
    connection.execute(_OUTCOMES)
    connection.execute(_OWNERS)
    for table in ("sightings", "combinations", "seen", "steps", "namings"):
        connection.execute(f"drop table {table}")
    connection.execute("create temp view found_identifiers as " + _IDENTIFIERS)
    connection.execute("create temp view found_links as " + _LINKS)
    connection.execute("create temp view found_person_identifiers as " + _PERSON_IDENTIFIERS)
    connection.execute("create temp view found_merges as " + _MERGES)


def _arrays(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, np.ndarray]:
    """Return the columns of a query of numbers."""
    return {name: np.asarray(values) for name, values in connection.execute(sql).fetchnumpy().items()}


_GLUE = """
    with counted as (
        select identifiers.number, identifiers.kind, kinds.most, kinds.moves, kinds.priority, identifiers.first_seen,
            -- A shop gives a person one id; of everything else it is counted what there is in all.
            case when identifiers.kind = 'customer' then identifiers.namespace else '' end as counted_in
        from identifiers
        inner join kinds on identifiers.kind = kinds.kind
        inner join names on identifiers.number = names.number
        where kinds.most is not null and identifiers.blocked_because is null and names.is_touched
    ),
    groups as (
        select kind, counted_in, cast(row_number() over (order by priority, counted_in) - 1 as integer) as group_number
        from (select distinct kind, counted_in, priority from counted)
    )
    select
        counted.number as identifier, counted.kind, counted.most, counted.moves, counted.priority, counted.counted_in,
        epoch_us(counted.first_seen) as first_seen, groups.group_number,
        cast(row_number() over (order by counted.number) - 1 as integer) as number
    from counted inner join groups using (kind, counted_in)
"""


def _steps(moving: Sequence[str], rules: Rules) -> str:
    """Return the query of what joins people: every link when it was first seen, and each time that what moves comes to another."""
    again = [
        f"""
        select least(value, other) as a, greatest(value, other) as b, origin, seen_at
        from (
            select {kind} as value, {other} as other, origin, seen_at,
                lag({other}) over (partition by {kind} order by seen_at, {other}, origin) as before
            from sightings
            where {kind} is not null and {other} is not null
                -- What was seen with one only came to nobody else.
                and {kind} in (
                    select {kind} from combinations where {kind} is not null and {other} is not null
                    group by {kind} having min({other}) <> max({other})
                )
        )
        where before is not null and other <> before
        """
        for kind in moving
        for other in rules.glue
        if other != kind
    ]
    returns = "".join(
        f"""
        union all
        select distinct links.number, returns.seen_at from ({each}) as returns
        inner join links using (a, b, origin)
        where returns.seen_at <> links.first_seen
        """
        for each in again
    )
    return f"""
        with times as (select number as link, first_seen as seen_at from links {returns})
        select
            times.link, epoch_us(times.seen_at) as taken_at, one.number as a, other.number as b, links.origin,
            cast(case
                when links.decided is not null then -1
                -- After all that was seen together at the same time.
                when links.probability is not null then 100000
                else least(one.priority, other.priority) * 100 + greatest(one.priority, other.priority)
            end as integer) as priority,
            origins.cause in ('alias', 'decision') as is_free
        from times
        inner join links on times.link = links.number
        inner join origins on links.origin = origins.origin
        inner join glue as one on links.a = one.identifier
        inner join glue as other on links.b = other.identifier
    """


_IDENTIFIERS = """
    select names.identifier_id, names.kind, names.namespace, identifiers.first_seen as first_seen_at,
        identifiers.last_seen as last_seen_at, identifiers.is_simulated, identifiers.blocked_because
    from identifiers inner join names using (number)
    where names.is_touched
    order by names.number
"""

_OUTCOMES = """
    create temp table outcomes as
    with first as (
        select link, arg_min(breach, taken_at) as breach from breaches
        where link in (select link from breaches where breach <> -1)
        group by link
    )
    select links.* exclude (number), coalesce(first.breach, -1) as breach
    from links left join first on links.number = first.link
    order by links.a, links.b, links.origin
"""

_LINKS = """
    with blocked as (
        select identifiers.number, names.identifier_id || ' is nobody''s by ' || identifiers.blocked_because as why
        from identifiers inner join names using (number)
        where identifiers.blocked_because is not null
    )
    select
        one.identifier_id, other.identifier_id as other_identifier_id, origins.cause, origins.source,
        outcomes.first_seen as first_seen_at, outcomes.last_seen as last_seen_at,
        outcomes.sighting_count, outcomes.probability,
        case
            when coalesce(one_blocked.why, other_blocked.why) is not null then 'rejected'
            when outcomes.breach = -2 then 'undone'
            when outcomes.breach >= 0 then 'demoted'
            else 'accepted'
        end as status,
        coalesce(one_blocked.why, other_blocked.why, nullif(reasons.reason, ''), outcomes.decided) as reason
    from outcomes
    inner join origins on outcomes.origin = origins.origin
    inner join names as one on outcomes.a = one.number
    inner join names as other on outcomes.b = other.number
    left join blocked as one_blocked on outcomes.a = one_blocked.number
    left join blocked as other_blocked on outcomes.b = other_blocked.number
    left join reasons on outcomes.breach = reasons.breach
"""

_OWNERS = f"""
    create temp table owners as
    with nodes as (
        -- Which node what moves had, and since when.
        select identifier, node, since from (
            select glue.identifier, glue.number as node, make_timestamp(glue.first_seen) as since, -1 as place
            from glue where glue.moves
            union all
            select glue.identifier, moved.moved_to, make_timestamp(moved.moved_at), moved.place
            from moved inner join glue on moved.moved = glue.number
        )
        -- Of several at one time the last.
        qualify row_number() over (partition by identifier, since order by place desc) = 1
    ),
    turns as (
        select identifier, node, since as owned_from, since as known_at from nodes
        union all
        select namings.device, coalesce(nodes.node, glue.number), namings.owned_from, namings.known_at
        from namings
        inner join glue on namings.owner = glue.identifier
        asof left join nodes on namings.owner = nodes.identifier and namings.known_at >= nodes.since
    ),
    followed as (
        select *,
            lead(owned_from) over (partition by identifier order by known_at, owned_from, node) as next_from,
            lead(known_at) over (partition by identifier order by known_at, owned_from, node) as next_known
        from turns
    ),
    -- Until the next owner is known all that follows is the last one's; from then on it ends where the next one's begins.
    pieces as (
        select identifier, node, owned_from, cast(null as timestamp) as owned_until, known_at as since,
            coalesce(next_known, {_OPEN}) as until
        from followed
        union all
        select identifier, node, owned_from, next_from, next_known, {_OPEN} from followed where next_known is not null
        union all
        select identifier, number, make_timestamp(first_seen), null, make_timestamp(first_seen), {_OPEN}
        from glue where not moves
    ),
    called as (
        select periods.node, glue.identifier as person, make_timestamp(periods.since) as since,
            case when periods.until = -1 then {_OPEN} else make_timestamp(periods.until) end as until
        from periods inner join glue on periods.person = glue.number
    )
    select
        pieces.identifier, called.person,
        greatest(pieces.since, called.since) as effective_at,
        nullif(least(pieces.until, called.until), {_OPEN}) as superseded_at,
        pieces.owned_from as owned_from_at, pieces.owned_until as owned_until_at
    from pieces
    inner join called on pieces.node = called.node and pieces.since < called.until and called.since < pieces.until
    where pieces.since < pieces.until and (pieces.owned_until is null or pieces.owned_from < pieces.owned_until)
    order by pieces.identifier, effective_at, owned_from_at
"""

_PERSON_IDENTIFIERS = """
    select
        names.identifier_id, names.kind, names.namespace, persons.identifier_id as person_id,
        owners.effective_at, owners.superseded_at, owners.owned_from_at, owners.owned_until_at
    from owners
    inner join names on owners.identifier = names.number
    inner join names as persons on owners.person = persons.number
"""

_MERGES = """
    with current as (
        select owners.identifier, names.identifier_id as person_id
        from owners inner join names on owners.person = names.number
        where owners.superseded_at is null and owners.owned_until_at is null
    )
    select
        make_timestamp(unions.taken_at) as changed_at, 'merge' as change, kept_name.identifier_id as person_id,
        ended_name.identifier_id as other_person_id, one.identifier_id, other.identifier_id as other_identifier_id,
        origins.cause, origins.source, links.decided as reason
    from unions
    inner join links on unions.link = links.number
    inner join origins on links.origin = origins.origin
    inner join names as one on links.a = one.number
    inner join names as other on links.b = other.number
    inner join glue as kept on unions.kept = kept.number
    inner join glue as ended on unions.ended = ended.number
    inner join names as kept_name on kept.identifier = kept_name.number
    inner join names as ended_name on ended.identifier = ended_name.number
    union all
    select
        decisions.decided_at, 'split', owner.person_id, other_owner.person_id, one.identifier_id, other.identifier_id,
        'decision', decisions.decided_by, decisions.reason
    from decisions
    inner join names as one on decisions.one = one.number
    inner join names as other on decisions.other = other.number
    inner join current as owner on decisions.one = owner.identifier
    inner join current as other_owner on decisions.other = other_owner.identifier
    where decisions.action = 'split'
    order by all
"""
