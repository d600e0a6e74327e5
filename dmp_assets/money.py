"""Amounts in words: the platform has one currency, the var ``currency`` of the dbt project."""

from __future__ import annotations

from functools import cache

import yaml

from dmp_assets.settings import get_settings


@cache
def currency() -> str:
    """Return the ISO 4217 code of the platform's currency."""
    project = get_settings().dbt_project_dir / "dbt_project.yml"
    return yaml.safe_load(project.read_text(encoding="utf-8"))["vars"]["currency"]


def money(amount: float, decimals: int = 2) -> str:
    """Return an amount with its currency, such as ``1,234.50 USD``."""
    return f"{amount:,.{decimals}f} {currency()}"
