"""The simulated channels as assets: read the demo's purchases, simulate, keep the truth, hand the events to the collector."""

from dataclasses import asdict

import dagster as dg
import pandera.pandas as pa

from dmp_assets.collector.segments import write_sealed
from dmp_assets.demo.enable import SOURCE
from dmp_assets.demo.simulation import schema
from dmp_assets.demo.simulation.purchases import INPUTS, read_purchases
from dmp_assets.demo.simulation.rates import Rates
from dmp_assets.demo.simulation.simulate import is_written, segment_name, simulate
from dmp_assets.demo.simulation.truth import devices_table, identifiers_table, owners_table, persons_table
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Results, Table, kept, makes, save
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.keys import pseudonym, read_keys

_HOUSEHOLD = "raw.complete_journey__transactions.household_id"
_SIZE = "raw.complete_journey__demographics.household_size"


def _table(name: str, contract: pa.DataFrameSchema) -> Table:
    sources = {column: [_HOUSEHOLD, _SIZE] for column in contract.columns}
    return Table("simulation", name, contract, sources, is_profiling=False)


PERSONS = _table("persons", schema.PERSONS)
DEVICES = _table("devices", schema.DEVICES)
IDENTIFIERS = _table("person_identifiers", schema.PERSON_IDENTIFIERS)
OWNERS = _table("identifier_owners", schema.IDENTIFIER_OWNERS)
TRUTH = (PERSONS, DEVICES, IDENTIFIERS, OWNERS)
SEGMENT_KEY = dg.AssetKey(["simulation", "segment"])
"""The events, as a sealed segment in the collector's folder."""

_SEGMENT = dg.AssetSpec(
    SEGMENT_KEY,
    deps=[dg.AssetKey(["raw", f"{SOURCE}__{name}"]) for name in INPUTS],
    description="Simulated web, app, e-mail and social events around the demo's purchases, as a segment in the collector's "
    "folder. Written once.",
    group_name="simulation",
    owners=["team:data-science"],
    kinds={"python"},
)


@makes(*TRUTH, others=[_SEGMENT])
def simulate_channels(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
    """Simulate the channels of the purchases loaded, unless that was done before."""
    rates = Rates()
    tables = ", ".join(f"'{SOURCE}__{name}'" for name in INPUTS)
    loads = warehouse.query(f"select load_id from raw._loads where table_name in ({tables})")
    name = segment_name(loads["load_id"].tolist(), rates)
    folder = settings.collector_dir
    lines_written = 0
    is_there = is_written(folder, name)
    # A warehouse that is made again from the archive has the events and not what is true of them.
    if not is_there or not all(warehouse.has_table(table.full_name) for table in TRUTH):
        with warehouse.read() as connection:
            purchases = read_purchases(connection)
        simulation = simulate(purchases, rates)
        key = read_keys(settings).pseudonyms

        def token(kind: str, value: str) -> str:
            return pseudonym(kind, value, key)

        truth = {
            PERSONS: persons_table(simulation.persons),
            DEVICES: devices_table(simulation.devices, simulation.persons),
            IDENTIFIERS: identifiers_table(simulation.persons, token),
            OWNERS: owners_table(simulation.persons, simulation.devices, simulation.accounts, token),
        }
        # The truth first: a segment in the folder means that all of it is there.
        yield from save(warehouse, truth)
        if not is_there:
            write_sealed(folder, name, simulation.lines)
            lines_written = len(simulation.lines)
    else:
        for table in TRUTH:
            yield kept(warehouse, table)
    yield dg.MaterializeResult(
        asset_key=SEGMENT_KEY,
        metadata={"segment": name, "lines_written": lines_written, "rates": dg.MetadataValue.json(asdict(rates))},
    )
