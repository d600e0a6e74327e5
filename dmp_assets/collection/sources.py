"""Which sources the platform unites, and which contract tables each has: the var ``sources`` of the dbt project."""

from __future__ import annotations

import yaml

from dmp_assets.settings import DBT_PROJECT_DIR


def listed_sources() -> dict[str, list[str]]:
    """Return the contract tables of each source that ``dbt_project.yml`` lists."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())
    return project["vars"]["sources"]
