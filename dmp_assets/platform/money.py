"""Amounts in words: the platform has one currency, the var ``currency`` of the dbt project."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dmp_assets.platform.settings import get_settings, project_variables

UNUSUAL_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Digits behind the point of a currency's smallest unit by ISO 4217, where they are not two (CLDR, and with it babel, differ)."""


def currency_digits(code: str) -> int:
    """Return how many digits behind the point the smallest unit of a currency has."""
    return UNUSUAL_DIGITS.get(code, 2)


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
    return f"{amount:,.{currency_digits(currency()) if decimals is None else decimals}f} {currency()}"
