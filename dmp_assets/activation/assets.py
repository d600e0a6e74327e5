"""Activation as assets: what was sent, read from the state in the home and written as tables, with a check on what failed."""

from collections.abc import Iterable

import dagster as dg
import pandas as pd
import pandera.pandas as pa

from dmp_assets.activation import schema
from dmp_assets.activation.config import project_destinations
from dmp_assets.activation.sections import SECTIONS
from dmp_assets.activation.state import State, opened, state_path
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.emptiness import as_table
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Alarm, Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse

_LATEST = "(from activation.syncs qualify sync_number = max(sync_number) over (partition by audience, destination))"
"""Of each audience and destination the newest sync counts: a later one has gone on from where it ended."""

_UNFINISHED = f"select audience, destination, state, reason from {_LATEST} where state <> 'done' order by all"
_FAILED = f"""
    select syncs.audience, syncs.destination, deliveries.state, count(*) as number, min(deliveries.reason) as reason
    from {_LATEST} as syncs inner join activation.deliveries as deliveries using (sync_id)
    where deliveries.state in ('rejected', 'unknown', 'sending', 'planned')
    group by all
    order by all
"""


def _failed(warehouse: Warehouse) -> Iterable[str]:
    with warehouse.read() as connection:
        rows = connection.execute(_FAILED).fetchall()
        unfinished = connection.execute(_UNFINISHED).fetchall()
    for audience, destination, state, reason in unfinished:
        yield f"{audience} to {destination} is {state}: {reason or 'its process died'}"
    for audience, destination, state, number, reason in rows:
        yield f"{audience} to {destination}: {number} {state}{f' ({reason})' if reason else ''}"


_ALARM = Alarm(
    "everything_was_sent",
    "The newest sync of each audience and destination is done, and the destination rejected nothing.",
    _failed,
)

_QUERIES = {
    "syncs": "select sync_id, number as sync_number, audience, destination, kind, as_of_on as audience_as_of_on, started_at, "
    "ended_at, state, reason, members as member_count, added as added_count, changed as changed_count, removed as removed_count, "
    "unchanged as unchanged_count, left_out as left_out_count from syncs order by number",
    "deliveries": "select sync_id, delivery_id, customer_id, action, state, reason, decided_at from deliveries order by number",
    "match_rates": "select sync_id, identifier, members as member_count, known as known_count, usable as usable_count, repair "
    "from match_rates order by 1, 2",
    "suppressions": "select identifier_id, kind, reason, added_at, added_by from suppressions order by 1",
}


def activation_step() -> tuple[tuple[Table, ...], dg.AssetsDefinition]:
    """Return the tables of what was sent, and the step that writes them."""
    # What is sent follows from these; the rest comes from outside the graph.
    sent = ["audiences.audience_members.customer_id", "marts.contact_permissions.is_allowed"]

    def table(name: str, contract: pa.DataFrameSchema, alarm: Alarm | None = None) -> Table:
        # It is a record and no profile: who refuses profiles later stays in it.
        lineage = dict.fromkeys(contract.columns, sent)
        return Table("activation", name, contract, lineage, alarm=alarm, is_profiling=False)

    tables = (
        table("syncs", schema.SYNCS),
        table("deliveries", schema.DELIVERIES, _ALARM),
        table("match_rates", schema.MATCH_RATES),
        table("suppressions", schema.SUPPRESSIONS),
    )

    @makes(*tables)
    def list_what_was_sent(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
        """Write what activation keeps in the home as tables."""
        with opened(settings, is_read_only=True) as state:
            frames = {each: _frame(state, each) for each in tables}
        yield from save(warehouse, frames)

    return tables, list_what_was_sent


def _frame(state: State, table: Table) -> pd.DataFrame:
    frame = state.frame(_QUERIES[table.name])
    times = {name: pd.to_datetime(frame[name]) for name in frame.columns if name.endswith(("_at", "_on"))}
    return as_table(frame.assign(**times), table.schema)


def domain(settings: Settings) -> Domain:
    """Return what is sent where.

    Raises:
        UserError: destinations.yml is wrong.
    """
    project_destinations(settings)
    tables, step = activation_step()

    def depends_on() -> Iterable[str]:
        if state_path(settings).exists():
            with opened(settings, is_read_only=True) as state:
                yield state.fingerprint()

    return Domain(tables=tables, assets=(step,), sections=SECTIONS, depends_on=depends_on)
