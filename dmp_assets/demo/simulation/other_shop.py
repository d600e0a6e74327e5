"""Another web shop with customer numbers of its own: some of its customers are households' first persons, others strangers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pandas as pd

from dmp_assets.demo.simulation.people import (
    DOMAINS,
    FIRST_DAY,
    FIRST_NAMES,
    LAST_NAMES,
    YEAR,
    addresses,
    birthdays,
    phone_numbers,
)
from dmp_assets.demo.simulation.rates import Rates, bits, uniform

SOURCE, NAMESPACE = "simulated_shop", "shop"
STRANGER = 5
"""Number of a customer who is no household's person; in each household at most one."""


def simulate_accounts(persons: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return one row per customer or guest of the other shop.

    Args:
        persons: from ``simulate_persons``.
        rates: what to draw with.

    Returns:
        household, person (1, or `STRANGER`), person_id, account (the customer's number there; "" for a guest), anonymous_id ("" but
        for a guest), at (µs since 1970, UTC), first_name, last_name, email, phone, birthday, street, postcode ("" where not given).
    """
    first = persons[persons["person"] == 1].reset_index(drop=True)
    keys = (first["household"].to_numpy(),)

    def draw(stream: str, *more: np.ndarray) -> np.ndarray:
        return uniform(rates.seed, f"other shop {stream}", *keys, *more)

    known = first.assign(at=FIRST_DAY + (draw("at") * YEAR).astype(np.int64), anonymous_id="")
    known["account"] = [f"w{number >> 16:012x}" for number in bits(rates.seed, "account", *keys).tolist()]
    known["email"] = contact_at(known, "email")
    known["phone"] = contact_at(known, "phone")
    guests = known.assign(
        account="",
        anonymous_id=[f"{number:016x}" for number in bits(rates.seed, "guest id", *keys).tolist()],
        phone=known["phone"].where(draw("guest phone") < rates.other_shop_phone, ""),
        birthday="",
        street="",
        postcode="",
    )
    other = known["last_name"].str.lower() + known["household"].astype(str) + "5@" + DOMAINS[keys[0] % len(DOMAINS)]
    known["email"] = known["email"].mask(draw("email") < rates.other_shop_email, other)
    strangers = _strangers(known, rates)
    given = [known[draw("customer") < rates.other_shop], strangers[draw("stranger") < rates.other_shop]]
    accounts = pd.concat(given, ignore_index=True)
    keys = (accounts["household"].to_numpy(), accounts["person"].to_numpy())
    for column in ("first_name", "last_name"):
        accounts[column] = _with_typos(accounts[column], draw(f"{column} typo"), rates)
    accounts["phone"] = accounts["phone"].where(draw("phone") < rates.other_shop_phone, "")
    accounts["birthday"] = accounts["birthday"].where(draw("birthday") < rates.other_shop_profile, "")
    moved = addresses(keys[0] + 1_000_000, rates)
    for column in ("street", "postcode"):
        accounts[column] = accounts[column].where(draw("moved") >= rates.moved, pd.Series(moved[column]))
        accounts[column] = accounts[column].where(draw("street") < rates.other_shop_profile, "")
    keys = (first["household"].to_numpy(),)
    columns = [
        "household", "person", "person_id", "account", "anonymous_id", "at", "first_name", "last_name", "email", "phone",
        "birthday", "street", "postcode",
    ]  # fmt: skip
    return pd.concat([accounts, guests[draw("guest") < rates.guest]], ignore_index=True)[columns]


def contact_at(rows: pd.DataFrame, kind: str) -> pd.Series:
    """Return the e-mail address or phone number that a person has at the time ``at`` of a row; "" without."""
    has_new = (rows[kind] != "") & (rows["at"] >= rows[f"{kind}_changed_at"])
    return rows[kind].mask(has_new, rows[f"new_{kind}"])


def account_lines(accounts: pd.DataFrame, rates: Rates) -> Iterable[tuple[str, bytes]]:
    """Yield the time of receipt and the line of a collector's segment of each: a customer's registration, or a guest's checkout."""
    keys = (accounts["household"].to_numpy(), accounts["person"].to_numpy(), (accounts["account"] == "").to_numpy())
    ids = [f"{number:016x}" for number in bits(rates.seed, "account line", *keys).tolist()]
    times = np.datetime_as_string(accounts["at"].to_numpy(np.int64).view("datetime64[us]"), unit="us")
    rows: list[Any] = list(accounts.itertuples(index=False))
    for row, message_id, time in zip(rows, ids, times, strict=True):
        at = f"{time}Z"
        names = {"firstName": row.first_name, "lastName": row.last_name, "email": row.email, "phone": row.phone}
        traits: dict = {name: value for name, value in (*names.items(), ("birthday", row.birthday)) if value}
        if row.street:
            traits["address"] = {"street": row.street, "postalCode": row.postcode}
        event: dict = {"messageId": message_id, "originalTimestamp": at, "sentAt": at}
        library = {"library": {"name": "dmp-simulator", "version": "1"}}
        if row.account:
            event |= {"type": "identify", "userId": row.account, "traits": traits, "context": library}
        else:
            event |= {"type": "track", "event": "Checkout Step Completed", "properties": {"step": 1}}
            event |= {"anonymousId": row.anonymous_id, "context": {**library, "traits": traits}}
        yield at, orjson.dumps({"source": SOURCE, "namespace": NAMESPACE, "received_at": at, "event": event})


def _strangers(known: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    household = known["household"].to_numpy()
    person = np.full_like(household, STRANGER)
    keys = (household, person)
    first = FIRST_NAMES[(uniform(rates.seed, "first name", *keys) * len(FIRST_NAMES)).astype(int)]
    last = LAST_NAMES[(uniform(rates.seed, "last name", *keys) * len(LAST_NAMES)).astype(int)]
    return pd.DataFrame(
        {
            "household": household,
            "person": person,
            "person_id": [f"shop:{number}" for number in household],
            "account": [f"w{number >> 16:012x}" for number in bits(rates.seed, "account", *keys).tolist()],
            "anonymous_id": "",
            "at": FIRST_DAY + (uniform(rates.seed, "other shop at", *keys) * YEAR).astype(np.int64),
            "first_name": first,
            "last_name": last,
            "email": [f"{f}{s}{h}9@example.org".lower() for f, s, h in zip(first, last, household, strict=True)],
            "phone": phone_numbers(household + 250_000, person),
            "birthday": birthdays(household, person, rates),
            **addresses(household + 2_000_000, rates),
        }
    )


def _with_typos(names: pd.Series, chance: np.ndarray, rates: Rates) -> pd.Series:
    """Return names of which some lack a letter, and some have two exchanged."""
    half = rates.other_shop_typo / 2
    swapped = names.str[0] + names.str[2:3] + names.str[1:2] + names.str[3:]
    return names.mask(chance < half, names.str[:-1]).mask((chance >= half) & (chance < 2 * half), swapped)
