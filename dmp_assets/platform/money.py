"""Amounts in words: the platform has one currency, the var ``currency`` of the dbt project."""

from __future__ import annotations

from functools import cache

from dmp_assets.platform.settings import get_settings, project_variables


@cache
def currency() -> str:
    """Return the ISO 4217 code of the platform's currency."""
    return project_variables(get_settings())["currency"]


@cache
def currency_in_words() -> str:
    """Return the currency's name with its code, such as ``Japanese yen (JPY)``; the code alone where it has no name."""
    from babel.numbers import get_currency_name

    name = get_currency_name(currency(), count=2, locale="en")
    return currency() if name == currency() else f"{name} ({currency()})"


def money(amount: float, decimals: int | None = None) -> str:
    """Return an amount with its currency and as many decimals as that has: ``1,234.50 EUR``, ``1,235 JPY``, ``1.500 KWD``.

    Args:
        amount: in the platform's currency.
        decimals: others than the currency's.
    """
    return f"{amount:,.{_decimals() if decimals is None else decimals}f} {currency()}"


@cache
def _decimals() -> int:
    """Return how many decimals the currency has by ISO 4217."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency())
