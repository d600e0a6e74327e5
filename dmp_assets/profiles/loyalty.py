"""Loyalty tier: how much a customer spends and how regularly, over half a year.

| tier | spend in the last 26 weeks | weeks with an order, of those 26 |
|---|---|---|
| gold | in the top fifth | three in four |
| silver | in the top two fifths | every second |
| bronze | any | one in four |
| basic | everyone else | |

Spend is measured against the other customers who spent in that time, because a platform does not know what is much for its
retailer; regularity is absolute, because a week is a week everywhere. A population younger than 26 weeks is measured over the
weeks there are.

Computed as of 2017-10-31 on the demo data: gold 417 customers with 49 % of the sales, 99 % of whom ordered in the next 28 days
for 389 USD on average; silver 517, 28 %, 96 %, 201 USD; bronze 1,002, 20 %, 87 %, 83 USD; basic 516, 3 %, 51 %, 31 USD. Four
weeks later 89 % are in the same tier; over 13 weeks instead of 26 only 82 % are, with tiers no further apart.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.profiles.rfm import quintile_scores

TIERS: tuple[str, ...] = ("gold", "silver", "bronze", "basic")
WEEKS = 26
MONTHS = 24
"""Of movements that are told."""
# Least quintile of spend and least share of weeks with an order.
RULES: dict[str, tuple[int, float]] = {"gold": (5, 0.75), "silver": (4, 0.5), "bronze": (1, 0.25)}


NEXT: dict[str, str] = dict(zip(TIERS[1:], TIERS, strict=False))
"""The tier above each one but the highest."""


def loyalty_tiers(order_days: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Return every customer's loyalty tier and the numbers behind it.

    Args:
        order_days: customer_id, order_on (date, before `as_of_on`) and sales_amount (currency), one or more rows per
            customer and day of all the history there is.
        as_of_on: the day on which the tier holds.

    Returns:
        One row per customer, sorted by customer_id: customer_id, loyalty_tier (one of TIERS), sales_amount_26w (currency
        in the last 26 weeks), active_week_share (of those weeks, or of the weeks since the first order of all where
        that is less, the share with an order of the customer, 0 to 1).

    Raises:
        ValueError: an order is not before `as_of_on`.
    """
    weeks = _weeks(order_days, as_of_on)
    table = pd.DataFrame(
        {
            "sales_amount_26w": weeks.sales.sum(axis=1),
            "active_week_share": weeks.has_order.sum(axis=1) / weeks.observed,
        },
        index=weeks.customers,
    )
    quintile = _quintiles(table["sales_amount_26w"])
    table["loyalty_tier"] = _tier(quintile, table["active_week_share"])
    return table.reset_index()[["customer_id", "loyalty_tier", "sales_amount_26w", "active_week_share"]]


def loyalty_rules(status: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Return the tiers with their rules and customers.

    Args:
        status: from `loyalty_status`.
        as_of_on: the day on which they hold.

    Returns:
        One row per tier, the highest first: loyalty_tier, rank (1 is the highest), as_of_on, least_sales_amount_26w (currency;
        missing where nobody reaches it), least_active_week_share (0 to 1), customers, sales_share (of the sales of 26 weeks; 0
        without any).
    """
    total = status["sales_amount_26w"].sum()
    rows = []
    for rank, tier in enumerate(TIERS, start=1):
        mine = status[status["loyalty_tier"] == tier]
        quintile, share = RULES.get(tier, (0, 0.0))
        share_of_sales = mine["sales_amount_26w"].sum() / total if total > 0 else 0.0
        rows.append((tier, rank, least_amount(status["sales_amount_26w"], quintile), share, len(mine), share_of_sales))
    columns = ["loyalty_tier", "rank", "least_sales_amount_26w", "least_active_week_share", "customers", "sales_share"]
    frame = pd.DataFrame(rows, columns=pd.Index(columns))
    return frame.assign(as_of_on=pd.Timestamp(as_of_on))


def loyalty_status(order_days: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Return how far every customer is from the next tier, and how long the present one holds without another order.

    What the others spend is taken to stay as it is: spend is measured against the amounts that part the tiers today.

    Args:
        order_days: as for `loyalty_tiers`.
        as_of_on: the day on which the tier holds.

    Returns:
        One row per customer, sorted by customer_id: customer_id, loyalty_tier, sales_amount_26w, active_week_share, next_tier
        (missing in the highest), missing_amount (currency that more would have to be spent within the 26 weeks) and missing_weeks
        (more weeks that would need an order), both missing with next_tier, or where nobody's spend is in the next tier's; and
        held_weeks: whole weeks, 0 to 25, that the tier holds without another order (missing in the lowest, which nobody loses).
    """
    table = loyalty_tiers(order_days, as_of_on)
    weeks = _weeks(order_days, as_of_on)
    spend, active = table["sales_amount_26w"], weeks.has_order.sum(axis=1)
    table["next_tier"] = table["loyalty_tier"].map(NEXT)
    least = {tier: least_amount(spend, quintile) for tier, (quintile, _) in RULES.items()}
    amounts = table["next_tier"].map(least)
    asked_weeks = table["next_tier"].map({tier: share * weeks.observed for tier, (_, share) in RULES.items()})
    table["missing_amount"] = (amounts - spend).clip(lower=0).round(2)
    table["missing_weeks"] = np.ceil((asked_weeks - active).clip(lower=0)).where(amounts.notna())
    held = np.full(len(table), np.nan)
    for tier, (_, share) in RULES.items():
        is_in = (table["loyalty_tier"] == tier).to_numpy()
        # What is left of the present weeks once so many have passed without an order: the newest of them.
        left_spend = np.cumsum(weeks.sales[is_in], axis=1)[:, ::-1]
        left_active = np.cumsum(weeks.has_order[is_in], axis=1)[:, ::-1]
        holds = (left_spend.round(2) >= least[tier]) & (left_active >= share * weeks.observed)
        held[is_in] = np.where(holds.all(axis=1), WEEKS - 1, np.argmin(holds, axis=1) - 1).clip(min=0)
    table["held_weeks"] = held
    return table


def loyalty_movements(order_days: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Return how many customers moved from which tier to which, month by month.

    Args:
        order_days: as for `loyalty_tiers`.
        as_of_on: months up to the one that begins on or before this day are told.

    Returns:
        One row per month and pair of tiers that somebody moved between or stayed in: month_on (its first day, whose tiers are
        compared with those of a month earlier), from_tier ('none' of customers who had no order yet), to_tier, customers.
    """
    months = pd.date_range(order_days["order_on"].min(), as_of_on, freq="MS", inclusive="right")[-MONTHS:]
    parts, before = [], None
    for month_on in (months[:1] - pd.DateOffset(months=1)).append(months):
        known = order_days[order_days["order_on"] < month_on]
        tiers = pd.Series(dtype=object, name="loyalty_tier")
        if len(known):
            tiers = loyalty_tiers(known, month_on.date()).set_index("customer_id")["loyalty_tier"]
        if before is not None:
            moved = pd.DataFrame({"to_tier": tiers}).assign(from_tier=before.reindex(tiers.index).fillna("none"))
            counts = moved.groupby(["from_tier", "to_tier"], as_index=False).agg(customers=("from_tier", "size"))
            parts.append(counts.assign(month_on=month_on))
        before = tiers
    columns = ["month_on", "from_tier", "to_tier", "customers"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=pd.Index(columns))


def least_amount(spend: pd.Series, quintile: int) -> float:
    """Return the least spend of 26 weeks that is in a quintile or above; missing where none is."""
    reached = spend[_quintiles(spend) >= quintile]
    return float(reached.min()) if len(reached) else np.nan


@dataclass(frozen=True)
class _Weeks:
    """Sales and orders by week.

    Attributes:
        customers: customer_ids, sorted.
        sales: customers × WEEKS, currency; the newest week first.
        has_order: customers × WEEKS, 0 or 1.
        observed: how many weeks there are, at most WEEKS.
    """

    customers: pd.Index
    sales: np.ndarray
    has_order: np.ndarray
    observed: int


def _weeks(order_days: pd.DataFrame, as_of_on: date) -> _Weeks:
    days = order_days.sort_values(["customer_id", "order_on", "sales_amount"])
    ago = (np.datetime64(as_of_on, "us") - days["order_on"]).dt.days
    if (ago < 1).any():
        raise ValueError(f"{int((ago < 1).sum())} order days are not before {as_of_on:%Y-%m-%d}, the as-of date")
    week = (ago.to_numpy() - 1) // 7
    codes, customers = pd.factorize(days["customer_id"], sort=True)
    is_recent = week < WEEKS
    place = codes[is_recent], week[is_recent]
    sales, orders = np.zeros((len(customers), WEEKS)), np.zeros((len(customers), WEEKS))
    np.add.at(sales, place, days["sales_amount"].to_numpy(dtype=float)[is_recent])
    orders[place] = 1
    observed = min(WEEKS, int(week.max()) + 1) if len(days) else WEEKS
    return _Weeks(pd.Index(customers, name="customer_id"), sales, orders, observed)


def _quintiles(spend: pd.Series) -> pd.Series:
    """Return each spend's quintile among those above nothing, 0 for the others."""
    spenders = spend[spend > 0].round(2)
    return quintile_scores(spenders, higher_is_better=True).reindex(spend.index, fill_value=0)


def _tier(quintile: pd.Series, active_week_share: pd.Series) -> np.ndarray:
    return np.select(
        [(quintile >= least) & (active_week_share >= share) for least, share in RULES.values()], list(RULES), TIERS[-1]
    ).astype(object)
