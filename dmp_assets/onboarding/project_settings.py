"""What a source changes in the project's settings: the list of sources, currency, rates, time zones, digits of amounts."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.mapping import Origin
from dmp_assets.onboarding.plan import Plan, columns_of_kinds
from dmp_assets.onboarding.questions import Ask, Question, chosen
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.money import currency_digits


def read_rates(given: Sequence[str]) -> tuple[float | None, dict[tuple[str, str], float]]:
    """Return the rate without a currency among those of ``--exchange-rate``, and those by currency and first date.

    Raises:
        UserError: one is no rate.
    """
    alone, rates = None, {}
    for text in given:
        form = re.fullmatch(r"(?:([A-Za-z]{3})=)?(?:(\d{4}-\d{2}-\d{2}):)?([^:=]+)", text.strip())
        if form is None or (form[2] and not form[1]):
            raise UserError(f"--exchange-rate: {text} is none of the forms 1.10, JPY=0.0065 and EUR=2025-07-01:1.20.")
        if form[1]:
            rates[form[1].upper(), form[2] or "1970-01-01"] = _number(form[3])
        else:
            alone = _number(form[3])
    return alone, rates


def set_rates(project: ProjectFile, rates: Mapping[tuple[str, str], float]) -> list[str]:
    """Set what currencies are worth from a date on; return what changed, in words."""
    for (currency, from_date), rate in rates.items():
        project.set_rate(currency, rate, from_date)
    return [
        f"exchange_rates: one {currency} is {rate} from {from_date} on" for (currency, from_date), rate in rates.items()
    ]


def change_project(project: ProjectFile, plan: Plan, exchange_rate: float | None, ask: Ask | None) -> list[str]:
    """List a plan's table in the dbt project, with what its currency and time zone need; return what changed, in words.

    The first source of orders gives the platform its currency and time zone.

    Raises:
        UserError: the currency needs an exchange rate and nobody can be asked.
    """
    others = [name for name, tables in project.sources.items() if "order_lines" in tables and name != plan.source]
    project.list_table(plan.source, plan.contract)
    changes = [f"sources: {plan.source} has {plan.contract}"]
    if plan.contract != "order_lines":
        return changes
    zones, unknown_zones = _zones(plan)
    if others:
        for zone in zones:
            project.add_time_zone(zone)
        changes += [f"time_zones: {', '.join(zones)} among them"] if zones else []
    elif zones:
        project.set_time_zones(*zones)
        changes.append(f"time_zones: {', '.join(zones)}; event_time_zone: {zones[0]}")
    if unknown_zones:
        changes.append(
            f"time_zones: {', '.join(unknown_zones)} is none; such rows will be rejected (unknown_time_zone)"
        )
    if plan.currency:
        changes += _one_currency(project, plan.currency, exchange_rate, ask, is_first=not others)
    else:
        changes += _currencies_of_column(project, plan, exchange_rate, ask, is_first=not others)
    digits = _amount_digits(plan)
    if project.set_amount_digits(digits):
        changes.append(f"amount_type: amounts keep {digits} digits behind the point, as here")
    return changes


def _zones(plan: Plan) -> tuple[list[str], list[str]]:
    """Return the time zones of a plan's rows: known ones, that of the flag first, and texts that are none."""
    given = [plan.time_zone] if plan.time_zone else []
    origin = plan.mapping.get("time_zone")
    if origin:
        given += (
            [origin.value]
            if origin.value
            else [value for each in origin.columns for value in plan.columns[each].values]
        )
    known = zoneinfo.available_timezones()
    return (
        list(dict.fromkeys(zone for zone in given if zone in known)),
        [zone for zone in given if zone and zone not in known],
    )


def _one_currency(
    project: ProjectFile, currency: str, exchange_rate: float | None, ask: Ask | None, *, is_first: bool
) -> list[str]:
    if is_first:
        project.set_currency(currency)
        return [f"currency: {currency}"]
    if project.has_rate(currency):
        return []
    question = Question(f"How many {project.currency} is one {currency} worth?", "--exchange-rate")
    rate = _number(chosen(str(exchange_rate) if exchange_rate is not None else None, (), question, ask))
    project.set_rate(currency, rate)
    return [f"exchange_rates: one {currency} is {rate} {project.currency}"]


def _currencies_of_column(
    project: ProjectFile, plan: Plan, exchange_rate: float | None, ask: Ask | None, *, is_first: bool
) -> list[str]:
    """Settle the currencies that a column names: of the first source of orders one is the platform's."""
    found = column_currencies(plan.mapping["currency"], plan.columns)
    if len(found) == 1:
        return _one_currency(project, found[0], exchange_rate, ask, is_first=is_first)
    if is_first and plan.base_currency:
        project.set_currency(plan.base_currency)
    elif is_first and found and project.currency not in found:
        question = Question(f"Amounts are in {', '.join(found)}. Which is the platform's currency?", "--currency")
        project.set_currency(chosen(None, found, question, ask))
    changes = [f"currency: {project.currency}"]
    missing = [code for code in found if not project.has_rate(code)]
    for code in missing if ask else ():
        changes += _one_currency(project, code, None, ask, is_first=False)
    if missing and not ask:
        changes.append(
            f"exchange_rates: there is none for {', '.join(missing)}; such rows will be rejected (unknown_currency) until you add "
            'it, such as EUR: {"2025-01-01": 1.10}'
        )
    return changes


def column_currencies(origin: Origin, columns: Mapping[str, Column]) -> list[str]:
    """Return the currency codes that a field's columns have, or its constant."""
    values = [origin.value] if origin.value else [value for each in origin.columns for value in columns[each].values]
    return sorted({value.upper() for value in values if re.fullmatch("[A-Za-z]{3}", value)})


def _amount_digits(plan: Plan) -> int:
    """Return how many digits behind the point a plan's amounts have."""
    if plan.declared.minor_units:
        codes = (
            column_currencies(plan.mapping["currency"], plan.columns) if "currency" in plan.mapping else [plan.currency]
        )
        return max(2, *(currency_digits(code) for code in codes if code))
    return max(
        (plan.columns[each].digits for each in columns_of_kinds(plan.contract, plan.declared, "amount")), default=0
    )


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise UserError(f"--exchange-rate: {text} is no number above 0.")
    return number
