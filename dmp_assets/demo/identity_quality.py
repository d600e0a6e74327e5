"""How well identity was resolved, against what is true of the simulated people: the demo alone knows the truth."""

import pandas as pd

from dmp_assets.identity import schema
from dmp_assets.identity.quality import attribution_quality, identity_quality
from dmp_assets.platform.tables import Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse

_READ = [
    "identity.person_identifiers.identifier_id",
    "identity.person_identifiers.person_id",
    "identity.links.identifier_id",
    "identity.links.other_identifier_id",
    "simulation.identifier_owners.identifier_id",
    "simulation.identifier_owners.person_id",
    *(
        f"marts.{fact}.{column}"
        for fact in ("fct_sessions", "fct_touches")
        for column in ("anonymous_id", "customer_id")
    ),
]
_ATTRIBUTED = """
    with told as (
        select 'sessions' as subject, anonymous_id, customer_id, started_at as at from marts.fct_sessions where not is_bot
        union all
        select 'touches', anonymous_id, customer_id, touched_at from marts.fct_touches
    )
    select told.subject, count(*) as attributed_count, count(*) filter (where owned.person_id = found.person_id) as right_count
    from told
    inner join simulation.identifier_owners as owned
        on 'device:' || told.anonymous_id = owned.identifier_id
            and (owned.valid_from is null or owned.valid_from <= told.at)
            and (owned.valid_to is null or owned.valid_to > told.at)
    inner join simulation.identifier_owners as found
        on told.customer_id = found.identifier_id
            and (found.valid_from is null or found.valid_from <= told.at)
            and (found.valid_to is null or found.valid_to > told.at)
    group by told.subject
    order by told.subject
"""
"""Of what happened on a device whose owner is known, how much has the right customer."""
QUALITY = Table("identity", "quality", schema.QUALITY, dict.fromkeys(schema.QUALITY.columns, _READ))


@makes(QUALITY)
def measure_identity(warehouse: Warehouse) -> Results:
    """Compare who was found to be one person with who is."""
    persons = warehouse.query(
        "select identifier_id, person_id from identity.person_identifiers where superseded_at is null and owned_until_at is null"
    )
    links = warehouse.query("select * from identity.links where status = 'accepted'")
    truth = warehouse.query("select identifier_id, person_id, valid_from, valid_to from simulation.identifier_owners")
    attributed = attribution_quality(warehouse.query(_ATTRIBUTED))
    yield from save(
        warehouse, {QUALITY: pd.concat([identity_quality(persons, links, truth), attributed], ignore_index=True)}
    )
