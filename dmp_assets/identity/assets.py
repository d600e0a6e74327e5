"""Identity as assets: read staging and what people decided, resolve, store, record."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandera.pandas as pa

from dmp_assets.identity import schema
from dmp_assets.identity.decisions import FILE, read_decisions, standing
from dmp_assets.identity.households import households, shared_addresses
from dmp_assets.identity.increments import remember
from dmp_assets.identity.observed import Staged, observe, staged_views
from dmp_assets.identity.people import TABLES, identify
from dmp_assets.identity.probabilistic import THRESHOLD, match_vault
from dmp_assets.identity.rules import Rules, project_rules
from dmp_assets.identity.sections import CUSTOMER, SECTIONS
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.platform.tables import Alarm, Contents, Results, Table, makes, save
from dmp_assets.platform.warehouse import Part, Warehouse, count
from dmp_assets.privacy.keys import pseudonym, read_keys

_READ = {
    "events": (
        "customer_id",
        "anonymous_id",
        "previous_id",
        "email_token",
        "phone_token",
        "occurred_at",
        "is_simulated",
    ),
    "customers": ("customer_id",),
    "order_lines": ("customer_id", "ordered_at"),
    "consents": ("customer_id", "decided_at"),
}
"""The columns of each contract table that every source has."""

_SHOWN = 5


def _blocked_by_evidence(warehouse: Warehouse) -> Iterable[str]:
    blocked = warehouse.query(
        "select identifier_id, blocked_because from identity.identifiers where blocked_because like 'evidence:%' order by all"
    )
    rows = blocked.head(_SHOWN).itertuples(index=False, name=None)
    yield from (f"{identifier} is blocked by {why}" for identifier, why in rows)
    if len(blocked) > _SHOWN:
        yield f"{len(blocked) - _SHOWN} more are"


_ALARM = Alarm(
    "blocked_by_evidence",
    "No value was seen with more others than any person has. One that was is nobody's: say so in rules/identity.yml.",
    _blocked_by_evidence,
)


def matching_step(views: Sequence[Staged]) -> tuple[tuple[Table, Table], dg.AssetsDefinition]:
    """Return the tables of customers who resemble each other, and the step that finds them in the vault."""
    read = [f"{view.view}.customer_id" for view in views]
    matches = Table("identity", "matches", schema.MATCHES, dict.fromkeys(schema.MATCHES.columns, read))
    steps = Table("identity", "match_steps", schema.MATCH_STEPS, dict.fromkeys(schema.MATCH_STEPS.columns, read))

    @makes(matches, steps)
    def match_people(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
        """Find out, where the vault is, which customers of two namespaces are probably one person."""
        found = match_vault(settings, read_keys(settings), _namespaces(warehouse, views))
        pairs = found.pairs.assign(is_accepted=found.pairs["probability"] >= THRESHOLD)
        facts: dict[str, Any] = {"not_matched_because": found.reason} if found.reason else {}
        facts |= {f"records_alike_in_{'_'.join(each.split())}": records for each, records in found.left_out.items()}
        yield from save(warehouse, {matches: pairs, steps: found.evidence}, facts={matches: facts})

    return (matches, steps), match_people


def _namespaces(warehouse: Warehouse, views: Sequence[Staged]) -> dict[str, str]:
    """Return what stands before the customer ids of each source."""
    named = [
        f"select distinct source, split_part(customer_id, ':', 1) as namespace from {view.view} where customer_id is not null"
        for view in views
    ]
    return dict(warehouse.query(" union ".join(named)).itertuples(index=False, name=None)) if named else {}


def household_step(rules: Rules, views: Sequence[Staged]) -> tuple[Table, dg.AssetsDefinition]:
    """Return the table of who lives together, and the step that makes it."""
    read = [
        *(f"identity.links.{column}" for column in ("identifier_id", "other_identifier_id", "cause", "first_seen_at")),
        *(f"identity.identifiers.{column}" for column in ("identifier_id", "kind", "first_seen_at", "blocked_because")),
    ]
    table = Table(
        "identity",
        "households",
        schema.HOUSEHOLDS,
        dict.fromkeys(schema.HOUSEHOLDS.columns, read),
        also_reads=[view.view for view in views],
    )

    @makes(table)
    def group_households(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
        """Find out who lives together, by the data's own household ids and by what the vault holds."""
        addresses = shared_addresses(settings, read_keys(settings), _namespaces(warehouse, views))
        most = rules.households.most_members
        with warehouse.read() as connection:
            found = households(connection, addresses, most_members=most)
        sizes = addresses["household_id"].value_counts()
        yield from save(warehouse, {table: found}, facts={table: {"addresses_of_too_many": int((sizes > most).sum())}})

    return table, group_households


def identity_step(rules: Rules, views: Sequence[Staged]) -> tuple[tuple[Table, ...], dg.AssetsDefinition]:
    """Return the tables of identity, and the step that makes them from the views."""
    read = [f"{view.view}.{column}" for view in views for column in _READ[view.contract]]

    def table(name: str, contract: pa.DataFrameSchema, alarm: Alarm | None = None) -> Table:
        sources = dict.fromkeys(contract.columns, read)
        return Table("identity", name, contract, sources, alarm=alarm, also_reads=["identity.matches"])

    tables = (
        table("identifiers", schema.IDENTIFIERS, _ALARM),
        table("links", schema.LINKS),
        table("person_identifiers", schema.PERSON_IDENTIFIERS),
        table("merges", schema.MERGES),
    )

    @makes(*tables)
    def resolve_identity(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
        """Find out which identifiers are one person's, from when to when."""
        import numba

        # Compiled once, beside the code, or else for this home.
        if not os.access(Path(__file__).parent, os.W_OK):
            numba.config.CACHE_DIR = str(settings.home / "compiled")  # ty: ignore[missing-attribute]
        decisions = standing(read_decisions(settings.home))
        facts: dict[str, int] = {"decisions": len(decisions)}

        def resolve(connection: duckdb.DuckDBPyConnection) -> Contents:
            is_part = observe(
                connection,
                views,
                rules,
                decisions=decisions,
                matches=connection.execute("select * from identity.matches where is_accepted").df(),
                own=own_identifiers(rules, settings),
                session_gap_minutes=project_variables(settings)["session_gap_minutes"],
            )
            identify(connection, rules)
            remember(connection, is_part=is_part)
            facts["decisions_about_unknown_identifiers"] = count(connection, "(from decisions where is_unknown)")
            facts["resolved_identifiers"] = count(connection, "found_identifiers")
            return {
                each: Part(f"found_{each.name}", TABLES[each.name]) if is_part else f"from found_{each.name}"
                for each in tables
            }

        yield from save(warehouse, resolve, facts={tables[-1]: facts})

    return tables, resolve_identity


def own_identifiers(rules: Rules, settings: Settings) -> list[str]:
    """Return the project's own addresses and numbers as identifiers.

    Raises:
        UserError: there are some, and the key of the pseudonyms is missing.
    """
    given = [("email", value) for value in rules.own.email] + [("phone", value) for value in rules.own.phone]
    key = read_keys(settings).pseudonyms if given else b""
    return [f"{kind}:{pseudonym(kind, value, key)}" for kind, value in given]


def domain(settings: Settings) -> Domain:
    """Return who is who.

    Raises:
        UserError: the rules are wrong.
    """
    views = staged_views(settings)
    matching_tables, matching = matching_step(views)
    rules = project_rules(settings)
    tables, step = identity_step(rules, views)
    household_table, grouping = household_step(rules, views)

    def depends_on() -> Iterable[str]:
        file = settings.home / FILE
        return [hashlib.sha256(file.read_bytes()).hexdigest()] if file.exists() else []

    return Domain(
        tables=(*matching_tables, *tables, household_table),
        assets=(matching, step, grouping),
        sections=SECTIONS,
        customer_sections=(CUSTOMER,),
        depends_on=depends_on,
    )
