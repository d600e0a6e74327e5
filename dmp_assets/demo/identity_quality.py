"""How well identity was resolved, against what is true of the simulated people: the demo alone knows the truth."""

from dmp_assets.identity import schema
from dmp_assets.identity.quality import identity_quality
from dmp_assets.platform.tables import Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse

_READ = [
    "identity.person_identifiers.identifier_id",
    "identity.person_identifiers.person_id",
    "identity.links.identifier_id",
    "identity.links.other_identifier_id",
    "simulation.identifier_owners.identifier_id",
    "simulation.identifier_owners.person_id",
]
QUALITY = Table("identity", "quality", schema.QUALITY, dict.fromkeys(schema.QUALITY.columns, _READ))


@makes(QUALITY)
def measure_identity(warehouse: Warehouse) -> Results:
    """Compare who was found to be one person with who is."""
    persons = warehouse.query(
        "select identifier_id, person_id from identity.person_identifiers where superseded_at is null and owned_until_at is null"
    )
    links = warehouse.query("select * from identity.links where status = 'accepted'")
    truth = warehouse.query("select identifier_id, person_id, valid_from, valid_to from simulation.identifier_owners")
    yield from save(warehouse, {QUALITY: identity_quality(persons, links, truth)})
