"""Which sources the platform unites, and which contract tables each has: the var ``sources`` of the dbt project."""

from __future__ import annotations

import yaml

from dmp_assets.settings import get_settings


def listed_sources() -> dict[str, list[str]]:
    """Return the contract tables of each source that ``dbt_project.yml`` lists."""
    project = yaml.safe_load((get_settings().dbt_project_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["sources"]
