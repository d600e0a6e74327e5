"""From what was seen together to persons: the numbers that `resolve` wants, and its answer as tables.

Reads the temporary tables of `observed.observe` and fills those that have the names of the domain's tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from dmp_assets.identity.resolve import BY_SPLIT, NO_LIMIT, Identifiers, Links, resolve
from dmp_assets.identity.rules import Rules

_OPEN = "timestamp '9999-12-31'"


def identify(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Fill a temporary table ``found_<name>`` for each table of `schema`.

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
    glue = connection.execute("select * from glue order by number").df()
    steps = connection.execute("select * from steps order by taken_at, link").df()
    groups = connection.execute(
        "select distinct group_number, most, kind, counted_in from glue order by all"
    ).fetchall()
    splits = connection.execute(
        """
        select one.number, other.number
        from decisions
        inner join glue as one on decisions.identifier_id = one.identifier_id
        inner join glue as other on decisions.other_identifier_id = other.identifier_id
        where decisions.action = 'split'
        """
    ).fetchall()
    resolved = resolve(
        Identifiers(
            glue["group_number"].to_numpy(),
            np.array([most for _, most, *_ in groups], np.int32),
            glue["first_seen"].to_numpy(),
            glue["kind"].to_numpy() == "customer",
            glue["moves"].to_numpy(),
        ),
        Links(*(steps[name].to_numpy() for name in ("a", "b", "taken_at", "priority", "is_free"))),
        np.array(splits, np.int64).reshape(-1, 2),
    )
    reasons = {NO_LIMIT: "", BY_SPLIT: "people decided that these are two persons"} | {
        number: f"one person would have more than {most} of kind {kind}{f' in {namespace}' if namespace else ''}"
        for number, most, kind, namespace in groups
    }
    frames = {
        "breaches": {**steps[["link", "taken_at"]], "breach": resolved.breach},
        "reasons": {"breach": list(reasons), "reason": list(reasons.values())},
        "periods": {name: getattr(resolved, name) for name in ("node", "person", "since", "until")},
        "moved": {name: getattr(resolved, name) for name in ("moved", "moved_at", "moved_to")},
        "unions": {
            **steps[["link", "taken_at"]].iloc[resolved.joined].reset_index(drop=True),
            "kept": resolved.kept,
            "ended": resolved.ended,
        },
    }
    for name, columns in frames.items():
        connection.register(name, pd.DataFrame(columns))
    connection.execute("create temp table found_identifiers as " + _IDENTIFIERS)
    connection.execute("create temp table found_links as " + _LINKS)
    connection.execute("create temp table found_person_identifiers as " + _PERSON_IDENTIFIERS)
    connection.execute("create temp table found_merges as " + _MERGES)


_GLUE = """
    select
        identifiers.identifier_id, identifiers.kind, kinds.most, kinds.moves,
        -- A shop gives a person one id; of everything else it is counted what there is in all.
        case when identifiers.kind = 'customer' then identifiers.namespace else '' end as counted_in,
        epoch_us(identifiers.first_seen) as first_seen,
        cast(dense_rank() over (order by kinds.priority, counted_in) - 1 as integer) as group_number,
        cast(row_number() over (order by identifiers.identifier_id) - 1 as integer) as number
    from identifiers inner join kinds on identifiers.kind = kinds.kind
    where kinds.most is not null and identifiers.blocked_because is null
"""


def _steps(moving: Sequence[str], rules: Rules) -> str:
    """Return the query of what joins people: every link when it was first seen, and each time that what moves comes to another."""
    again = [
        f"""
        select least(value, other) as identifier_id, greatest(value, other) as other_identifier_id, cause, source, seen_at
        from (
            select {kind} as value, {other} as other, cause, source, seen_at,
                lag({other}) over (partition by {kind} order by seen_at, {other}, cause, source) as before
            from sightings where {kind} is not null and {other} is not null
        )
        where before is not null and other <> before
        """
        for kind in moving
        for other in rules.glue
        if other != kind
    ]
    returns = "".join(
        f"""
        union
        select links.number, returns.seen_at from ({each}) as returns
        inner join links using (identifier_id, other_identifier_id, cause, source)
        """
        for each in again
    )
    return f"""
        with times as (select number as link, first_seen as seen_at from links {returns})
        select
            times.link, epoch_us(times.seen_at) as taken_at, one.number as a, other.number as b,
            case
                when links.decided is not null then -1
                -- After all that was seen together at the same time.
                when links.probability is not null then 100000
                else least(one_kind.priority, other_kind.priority) * 100 + greatest(one_kind.priority, other_kind.priority)
            end as priority,
            links.cause in ('alias', 'decision') as is_free
        from times
        inner join links on times.link = links.number
        inner join glue as one on links.identifier_id = one.identifier_id
        inner join glue as other on links.other_identifier_id = other.identifier_id
        inner join kinds as one_kind on one.kind = one_kind.kind
        inner join kinds as other_kind on other.kind = other_kind.kind
    """


_IDENTIFIERS = """
    select identifier_id, kind, namespace, first_seen as first_seen_at, last_seen as last_seen_at, blocked_because
    from identifiers
"""

_LINKS = """
    select
        links.identifier_id, links.other_identifier_id, links.cause, links.source,
        links.first_seen as first_seen_at, links.last_seen as last_seen_at,
        links.sighting_count, links.probability,
        case
            when coalesce(one.blocked_because, other.blocked_because) is not null then 'rejected'
            when first.breach = -2 then 'undone'
            when first.breach >= 0 then 'demoted'
            else 'accepted'
        end as status,
        coalesce(
            links.identifier_id || ' is nobody''s by ' || one.blocked_because,
            links.other_identifier_id || ' is nobody''s by ' || other.blocked_because,
            nullif(reasons.reason, ''),
            links.decided
        ) as reason
    from links
    inner join identifiers as one on links.identifier_id = one.identifier_id
    inner join identifiers as other on links.other_identifier_id = other.identifier_id
    left join (select link, arg_min(breach, taken_at) as breach from breaches group by link) as first on links.number = first.link
    left join reasons on first.breach = reasons.breach
"""

_PERSON_IDENTIFIERS = f"""
    with nodes as (
        -- Which node what moves had, and since when.
        select glue.identifier_id, glue.number as node, make_timestamp(glue.first_seen) as since from glue where glue.moves
        union all
        select glue.identifier_id, moved.moved_to, make_timestamp(moved.moved_at)
        from moved inner join glue on moved.moved = glue.number
    ),
    turns as (
        select identifier_id, node, since as owned_from, since as known_at from nodes
        union all
        select namings.device, coalesce(nodes.node, glue.number), namings.owned_from, namings.known_at
        from namings
        inner join glue on namings.owner = glue.identifier_id
        asof left join nodes on namings.owner = nodes.identifier_id and namings.known_at >= nodes.since
    ),
    followed as (
        select *,
            lead(owned_from) over (partition by identifier_id order by known_at, owned_from, node) as next_from,
            lead(known_at) over (partition by identifier_id order by known_at, owned_from, node) as next_known
        from turns
    ),
    -- Until the next owner is known all that follows is the last one's; from then on it ends where the next one's begins.
    pieces as (
        select identifier_id, node, owned_from, cast(null as timestamp) as owned_until, known_at as since,
            coalesce(next_known, {_OPEN}) as until
        from followed
        union all
        select identifier_id, node, owned_from, next_from, next_known, {_OPEN} from followed where next_known is not null
        union all
        select identifier_id, number, make_timestamp(first_seen), null, make_timestamp(first_seen), {_OPEN}
        from glue where not moves
    ),
    names as (
        select periods.node, glue.identifier_id as person_id, make_timestamp(periods.since) as since,
            case when periods.until = -1 then {_OPEN} else make_timestamp(periods.until) end as until
        from periods inner join glue on periods.person = glue.number
    )
    select
        pieces.identifier_id, identifiers.kind, identifiers.namespace, names.person_id,
        greatest(pieces.since, names.since) as effective_at,
        nullif(least(pieces.until, names.until), {_OPEN}) as superseded_at,
        pieces.owned_from as owned_from_at, pieces.owned_until as owned_until_at
    from pieces
    inner join names on pieces.node = names.node and pieces.since < names.until and names.since < pieces.until
    inner join identifiers on pieces.identifier_id = identifiers.identifier_id
    where pieces.since < pieces.until and (pieces.owned_until is null or pieces.owned_from < pieces.owned_until)
"""

_MERGES = """
    with owners as (
        select identifier_id, person_id from found_person_identifiers where superseded_at is null and owned_until_at is null
    )
    select
        make_timestamp(unions.taken_at) as changed_at, 'merge' as change, kept.identifier_id as person_id,
        ended.identifier_id as other_person_id, links.identifier_id, links.other_identifier_id, links.cause, links.source,
        links.decided as reason
    from unions
    inner join links on unions.link = links.number
    inner join glue as kept on unions.kept = kept.number
    inner join glue as ended on unions.ended = ended.number
    union all
    select
        decisions.decided_at, 'split', one.person_id, other.person_id, decisions.identifier_id, decisions.other_identifier_id,
        'decision', decisions.decided_by, decisions.reason
    from decisions
    inner join owners as one on decisions.identifier_id = one.identifier_id
    inner join owners as other on decisions.other_identifier_id = other.identifier_id
    where decisions.action = 'split'
"""
