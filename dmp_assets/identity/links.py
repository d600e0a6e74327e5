"""Which identifiers were seen together, and which of them are nobody's: from the numbered rows of `observed`, in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import duckdb

from dmp_assets.identity.rules import KINDS, Rules
from dmp_assets.platform.warehouse import literal


def link(connection: duckdb.DuckDBPyConnection, rules: Rules, *, own: Sequence[str], is_part: bool) -> None:
    """Fill the temporary tables of links and identifiers.

    * ``links`` of who is touched: a < b (numbers of identifiers), origin, first_seen, last_seen, sighting_count, decided (the
      reason of a decision), probability (of a match), number (in no order).
    * ``identifiers``: number, kind, namespace, first_seen, last_seen, is_simulated, blocked_because.

    Args:
        connection: with ``names``, ``origins``, ``sightings``, ``decisions`` and ``matches`` of `observed.observe`.
        rules: what is nobody's.
        own: identifiers that are the project's own.
        is_part: whether only some are touched; of all others the last resolution knows whether they are nobody's.
    """
    connection.execute(_COMBINATIONS)
    connection.execute("create temp table seen as " + _seen())
    connection.execute("create temp table together as " + _together(is_part=is_part))
    connection.execute("create temp table identifiers as " + _identifiers(rules, own))
    if is_part:
        connection.execute(_OTHERS)
    connection.execute("create temp table links as " + _links(is_part=is_part))
    connection.execute("drop table together")


_COMBINATIONS = f"""
    create temp table combinations as
    select origin, {", ".join(KINDS)}, previous,
        min(seen_at) as first_seen, max(seen_at) as last_seen, count(*) as sighting_count, bool_and(is_simulated) as is_simulated
    from sightings group by all
"""


def _seen() -> str:
    """Return the query of when every identifier was seen."""
    each = " union all ".join(
        f"select {name} as number, first_seen, last_seen, is_simulated from combinations where {name} is not null"
        for name in (*KINDS, "previous")
    )
    return f"""
        select number, min(first_seen) as first_seen, max(last_seen) as last_seen, bool_and(is_simulated) as is_simulated
        from ({each}) group by number
    """


def _pairs() -> Iterator[str]:
    """Yield the queries of every two identifiers of every combination."""
    told = "first_seen, last_seen, sighting_count from combinations"
    for one, other in combinations([kind for kind in KINDS if kind != "household"], 2):
        yield f"select {one} as one, {other} as other, origin, {told} where {one} is not null and {other} is not null"
    for other, cause in (("household", "household_file"), ("previous", "alias")):
        yield f"""
            select customer, {other}, meant.origin, {told}
            inner join origins using (origin)
            inner join origins as meant on origins.source = meant.source and meant.cause = '{cause}'
            where customer is not null and {other} is not null
        """


def _is_touched(one: str, other: str, *, is_part: bool) -> str:
    """Return the condition that one of two is touched."""
    touched = "(select number from names where is_touched)"
    return f"({one} in {touched} or {other} in {touched})" if is_part else "true"


def _together(*, is_part: bool) -> str:
    """Return the query of every pair of identifiers that were seen together."""
    return f"""
        select
            least(one, other) as a, greatest(one, other) as b, origin,
            min(first_seen) as first_seen, max(last_seen) as last_seen,
            cast(sum(sighting_count) as bigint) as sighting_count
        from ({" union all ".join(_pairs())})
        where one <> other and {_is_touched("one", "other", is_part=is_part)}
        group by a, b, origin
    """


def _links(*, is_part: bool) -> str:
    """Return the query of every pair of identifiers that were seen together, that people joined, and that resemble each other."""
    values = " union ".join(
        f"select customer, {kind} as value from combinations "
        f"where {kind} is not null and customer is not null and {kind} not in (from nobodys)"
        for kind in ("email", "phone", "loyalty_card")
    )
    return f"""
        with nobodys as (select number from identifiers where blocked_because is not null),
        valued as (
            {values}
        ),
        matched as (select a as number from matches union select b from matches),
        -- Who shares a value with a customer that resembles somebody, and with which namespace.
        sharing as (
            select distinct one.customer as one, other.customer as other, names.namespace
            from valued as one
            inner join matched on one.customer = matched.number
            inner join valued as other on one.value = other.value and one.customer <> other.customer
            inner join names on other.customer = names.number
        ),
        joined as (
            select least(one, other) as a, greatest(one, other) as b, origins.origin, decided_at as first_seen,
                decided_at as last_seen, 1 as sighting_count, reason as decided
            from decisions inner join origins on origins.cause = 'decision' and decisions.decided_by = origins.source
            where decisions.action = 'join' and one is not null and other is not null
        ),
        -- Two customers can resemble each other once both have been seen. Whoever shares a value with another customer of the
        -- other's namespace is that one's: what was seen together goes before what resembles.
        resembling as (
            select matches.a, matches.b, origins.origin, greatest(one.first_seen, other.first_seen) as first_seen,
                greatest(one.last_seen, other.last_seen) as last_seen, 1 as sighting_count, matches.probability
            from matches
            inner join origins on origins.cause = 'probabilistic'
            inner join seen as one on matches.a = one.number
            inner join seen as other on matches.b = other.number
            inner join names as one_name on matches.a = one_name.number
            inner join names as other_name on matches.b = other_name.number
            where not exists (
                select 1 from sharing
                where (sharing.one = matches.a and sharing.other <> matches.b and sharing.namespace = other_name.namespace)
                    or (sharing.one = matches.b and sharing.other <> matches.a and sharing.namespace = one_name.namespace)
            )
        )
        select *, cast(row_number() over () - 1 as bigint) as number
        from (
            from together
            union all by name
            from joined
            union all by name
            from resembling
        )
        where {_is_touched("a", "b", is_part=is_part)}
    """


def _identifiers(rules: Rules, own: Sequence[str]) -> str:
    """Return the query of every identifier, with why it is nobody's."""
    patterns = "".join(
        f" when names.kind in ({_words(rule.kinds)}) and regexp_matches(names.value, {literal(rule.pattern)}) "
        f"then {literal('the rules: ' + rule.reason)}"
        for rule in rules.nobody
    )
    most = " ".join(f"when '{rule.kind}' then {rule.most_neighbours}" for rule in rules.kinds)
    return f"""
        with sides as (
            select a as number, b as neighbour from together
            union all
            select b, a from together
        ),
        -- Few have so many that their kinds need to be counted.
        crowded as (
            select number from sides group by number having count(*) > {min(rule.most_neighbours for rule in rules.kinds)}
        ),
        neighbours as (
            select sides.number, names.kind, count(distinct sides.neighbour) as neighbours
            from sides
            inner join crowded on sides.number = crowded.number
            inner join names on sides.neighbour = names.number
            group by all
        ),
        nearest as (
            select number, max(neighbours) as neighbours, arg_max(kind, (neighbours, kind)) as kind from neighbours group by number
        ),
        blocked as (select one as number, min(reason) as reason from decisions where action = 'block' group by one),
        valued as (
            select *,
                lower(substring(identifier_id, case
                    when kind = 'customer' then length(namespace) + 2
                    when namespace = '' then length(kind) + 2
                    else length(kind) + length(namespace) + 3
                end)) as value
            from names
        )
        select
            names.number, names.kind, names.namespace, seen.first_seen, seen.last_seen, seen.is_simulated,
            case
                when blocked.reason is not null then 'a decision: ' || blocked.reason
                when names.identifier_id in ({_words(["", *own])}) then 'the rules: one of your own'
                {patterns}
                when nearest.neighbours > case names.kind {most} end
                    then 'evidence: seen with ' || nearest.neighbours || ' of kind ' || nearest.kind
            end as blocked_because
        from valued as names
        inner join seen on names.number = seen.number
        left join nearest on names.number = nearest.number
        left join blocked on names.number = blocked.number
        where names.is_touched
    """


_OTHERS = """
    insert into identifiers
    select names.number, names.kind, names.namespace, stored.first_seen_at, stored.last_seen_at, stored.is_simulated,
        stored.blocked_because
    from names inner join identity.identifiers as stored using (identifier_id)
    where not names.is_touched
"""


def _words(words: Sequence[str]) -> str:
    return ", ".join(map(literal, words))
