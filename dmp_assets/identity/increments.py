"""What was told since the last resolution, and whom it can touch: all others stay as they are.

Links are taken by time, so that one which comes late changes what followed, but only among those whom links connect with it: its
component (Hopcroft and Tarjan 1973), over demoted links and shared devices too, not over what is nobody's. Two tables in the
warehouse remember what a resolution saw, as 64-bit hashes: `_observed` every row, `_components` who is connected. What is told
now is compared with it row by row, so that rows which came late, were corrected or are gone need nobody to report them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from dmp_assets.identity.rules import KINDS, Rules
from dmp_assets.platform.warehouse import count, has_table, literal

OBSERVED, COMPONENTS = "identity._observed", "identity._components"
COLUMNS = (*KINDS, "previous")
"""The columns of identifiers in what is told."""


def rule_of(rules: Rules, decisions: pd.DataFrame, own: Sequence[str], session_gap_minutes: int) -> str:
    """Return a fingerprint of all that decides for everyone; where it is another than the last time, everything is resolved."""
    code = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]
    decided = decisions.astype(str).to_numpy().tolist()
    told = [rules.model_dump(mode="json"), decided, sorted(own), session_gap_minutes, duckdb.__version__, code]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def find_touched(connection: duckdb.DuckDBPyConnection, rule: str) -> bool:
    """Find out whom to resolve, and return whether that is a part only; fill temporary tables.

    * ``touched``: whom to resolve, if a part; identifier is a hash, as all that follow but ``concerned``.
    * ``concerned``: the rows of ``told`` that tell of them, each with a date.
    * ``observed``: what is told now: row, times, and every identifier.
    * ``changed``: the rows of it that are new, and those of the last time that are gone (is_gone).
    * ``pairs``: whom a decision or a likeness connects.

    Args:
        connection: with ``told``, ``given_decisions`` and ``given_matches`` of `observed.observe`.
        rule: see `rule_of`.
    """
    connection.execute(f"create temp table followed as select {literal(rule)} as rule")
    connection.execute(_PAIRS)
    connection.execute(_OBSERVED)
    is_part = _is_known(connection, rule)
    if is_part:
        connection.execute(_CHANGED)
        connection.execute(_TOUCHED)
        reached = 0
        while reached < (reached := count(connection, "touched")):
            for further in (_CONNECTED, _BESIDE, _PAIRED):
                connection.execute(
                    f"insert into touched select * from ({further}) anti join touched using (identifier)"
                )
        connection.execute(f"create temp table concerned as from told where {_any_touched('hash({})')}")
    else:
        connection.execute("alter table told rename to concerned")
    connection.execute(_dates("told" if is_part else "concerned"))
    for statement in _DATED:
        connection.execute(statement)
    connection.execute("drop table if exists told")
    return is_part


def _is_known(connection: duckdb.DuckDBPyConnection, rule: str) -> bool:
    """Return whether the last resolution followed the same rule."""
    found = connection.execute(
        "select comment from duckdb_tables() where schema_name || '.' || table_name = ?", [OBSERVED]
    ).fetchall()
    return found == [(rule,)] and all(
        has_table(connection, f"identity.{name}") for name in ("identifiers", "links", "person_identifiers", "merges")
    )


def _hashed(column: str) -> str:
    return f"case when {column} is not null then hash({column}) end"


def _any_touched(of_column: str) -> str:
    """Return the condition that a row has an identifier that is touched."""
    return " or ".join(f"{of_column.format(name)} in (from touched)" for name in COLUMNS)


_PAIRS = """
    create temp table pairs as
    select hash(cast(identifier_id as varchar)) as one, hash(cast(other_identifier_id as varchar)) as other
    from (
        select identifier_id, other_identifier_id from given_decisions where other_identifier_id is not null
        union all
        select identifier_id, other_identifier_id from given_matches
    )
"""

_OBSERVED = f"""
    create temp table observed as
    select row, count(*) as times, {", ".join(f"any_value({name}) as {name}" for name in COLUMNS)}
    from (
        select hash(source, cause, event_id, seen_at, is_simulated, {", ".join(COLUMNS)}) as row,
            {", ".join(f"{_hashed(name)} as {name}" for name in COLUMNS)}
        from told
        union all by name
        select
            hash('match', cast(identifier_id as varchar), cast(other_identifier_id as varchar), cast(probability as double)) as row,
            hash(cast(identifier_id as varchar)) as customer, hash(cast(other_identifier_id as varchar)) as previous
        from given_matches
    )
    group by row
"""

_CHANGED = f"""
    create temp table changed as
    select *, false as is_gone from observed anti join {OBSERVED} using (row, times)
    union all by name
    select *, true as is_gone from {OBSERVED} anti join observed using (row, times)
"""


def _unnested(table: str) -> str:
    """Return the query of all identifiers in a table of rows."""
    return " union ".join(f"select {name} as identifier from {table} where {name} is not null" for name in COLUMNS)


_BLOCKED = "select hash(identifier_id) as identifier from identity.identifiers where blocked_because is not null"

_TOUCHED = f"""
    create temp table touched as
    with named as ({_unnested("changed")}),
    -- What was nobody's because too many had it may be somebody's after fewer have: it reaches everyone who was seen with it.
    freed as (select * from ({_unnested("(from changed where is_gone)")}) semi join ({_BLOCKED}) using (identifier)),
    theirs as (
        from observed where {" or ".join(f"{name} in (from freed)" for name in COLUMNS)}
    )
    from named
    union
    ({_unnested("theirs")})
"""

_CONNECTED = f"""
    select identifier from {COMPONENTS}
    where component in (select component from {COMPONENTS} where identifier in (from touched))
"""

# What a file says without a date has that of its customer, also of a value that is nobody's.
_BESIDE = f"""
    with undated as (
        select {", ".join(f"{_hashed(name)} as {name}" for name in COLUMNS)} from told where seen_at is null
    ),
    theirs as (from undated where {_any_touched("{}")})
    select * from ({_unnested("theirs")}) semi join ({_BLOCKED}) using (identifier)
"""

_PAIRED = """
    select other as identifier from pairs where one in (from touched)
    union
    select one from pairs where other in (from touched)
"""

_BEGINNING = "timestamp '1970-01-01'"
"""When what a file says without a date is seen, of someone who never was at a date."""


def _dates(everything: str) -> str:
    return f"""
        create temp table dates as
        select customer, min(seen_at) as first_seen from {everything}
        where customer in (select customer from concerned where seen_at is null)
        group by customer
    """


_DATED = (
    "update concerned set seen_at = dates.first_seen from dates "
    "where concerned.seen_at is null and concerned.customer = dates.customer",
    f"update concerned set seen_at = {_BEGINNING} where seen_at is null",
)
"""What has no date is seen since its customer first was."""


def connect(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``found_components``: of everybody who is touched, with whom links connect them.

    A component is called by the least of its identifiers' hashes. What is nobody's connects nobody.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    free = connection.execute(
        "select number, hash(identifier_id) as identifier from identifiers inner join names using (number) "
        "where names.is_touched and blocked_because is null order by number"
    ).fetchnumpy()
    numbers, hashes = np.asarray(free["number"]), np.asarray(free["identifier"])
    edges = connection.execute(
        """
        with free as (
            select number from identifiers inner join names using (number)
            where names.is_touched and blocked_because is null
        )
        select distinct a, b from links where a in (from free) and b in (from free)
        """
    ).fetchnumpy()
    a, b = (np.searchsorted(numbers, np.asarray(edges[name])) for name in ("a", "b"))
    size = len(numbers)
    _, component = connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=(size, size)), directed=False)
    least = np.full(size, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, component, hashes.astype(np.uint64))
    connection.register("labelled", pd.DataFrame({"identifier": hashes, "component": least[component]}))
    connection.execute("create temp table found_components as from labelled")
    connection.unregister("labelled")


def remember(connection: duckdb.DuckDBPyConnection, *, is_part: bool) -> None:
    """Write down what was seen, in the caller's transaction, for the next resolution."""
    if is_part:
        connection.execute(f"delete from {OBSERVED} where row in (select row from changed where is_gone)")
        connection.execute(f"insert into {OBSERVED} by name select * exclude (is_gone) from changed where not is_gone")
        connection.execute(f"delete from {COMPONENTS} where identifier in (from touched)")
        connection.execute(f"insert into {COMPONENTS} from found_components")
    else:
        connection.execute("create schema if not exists identity")
        connection.execute(f"create or replace table {OBSERVED} as from observed")
        connection.execute(f"create or replace table {COMPONENTS} as from found_components")
        ((rule,),) = connection.execute("select rule from followed").fetchall()
        connection.execute(f"comment on table {OBSERVED} is {literal(rule)}")
