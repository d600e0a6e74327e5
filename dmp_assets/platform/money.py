"""Amounts in words: the platform has one currency, the var ``currency`` of the dbt project."""

from __future__ import annotations

from functools import cache

from dmp_assets.platform.settings import get_settings, project_variables


@cache
def currency() -> str:
    """Return the ISO 4217 code of the platform's currency."""
    return project_variables(get_settings())["currency"]


def money(amount: float, decimals: int = 2) -> str:
    """Return an amount with its currency, such as ``1,234.50 EUR``."""
    return f"{amount:,.{decimals}f} {currency()}"
