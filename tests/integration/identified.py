"""Who is who in a warehouse that dbt alone builds: between its staging views and all else."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from dmp_assets.identity.decisions import Decision, standing
from dmp_assets.identity.observed import Staged, observe
from dmp_assets.identity.people import identify
from dmp_assets.identity.rules import FILE, load_rules
from dmp_assets.platform.project import TEMPLATES_DIR

STAGING = "config.schema:staging"
"""What dbt builds before."""

_TOLD = ("events", "customers", "order_lines", "consents")


def identify_people(warehouse: Path, decisions: Sequence[Decision] = ()) -> None:
    """Write the tables of identity, from all staging views that tell of people; nobody is matched by what the vault holds."""
    matches = pd.DataFrame(columns=pd.Index(["identifier_id", "other_identifier_id", "probability"]))
    rules = load_rules(TEMPLATES_DIR / "rules" / FILE)
    with duckdb.connect(str(warehouse)) as connection:
        named = "select view_name from duckdb_views() where schema_name = 'staging' order by 1"
        found = [re.fullmatch(r"stg_(\w+?)__(\w+)", view) for (view,) in connection.execute(named).fetchall()]
        views = [Staged(match[1], match[2]) for match in found if match and match[2] in _TOLD]
        observe(
            connection,
            [each for each in views if each.contract != "consents" or Staged(each.source, "events") not in views],
            rules,
            decisions=standing(list(decisions)),
            matches=matches,
            own=[],
            session_gap_minutes=30,
        )
        identify(connection, rules)
        connection.execute("create schema if not exists identity")
        for table in ("identifiers", "links", "person_identifiers", "merges"):
            connection.execute(f"create or replace table identity.{table} as from found_{table} order by all")
