"""The simulation's truth as tables: who is who, without names, addresses or numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dmp_assets.demo.simulation.other_shop import NAMESPACE, STRANGER
from dmp_assets.demo.simulation.people import KINDS, NEVER


def persons_table(persons: pd.DataFrame) -> pd.DataFrame:
    """Return one row per person, with the columns of ``schema.PERSONS``."""
    return pd.DataFrame(
        {
            "person_id": persons["person_id"],
            "customer_id": "cj:" + persons["household"].astype(str),
            "person_number": persons["person"],
            "has_email": persons["email"] != "",
            "has_phone": persons["phone"] != "",
        }
    )


def devices_table(devices: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Return one row per anonymous id and person who uses it, with the columns of ``schema.DEVICES``."""
    used = devices.merge(persons[["household", "person", "person_id"]], on="household", suffixes=("", "_using"))
    used = used[used["is_shared"] | (used["person"] == used["person_using"])].reset_index(drop=True)
    return pd.DataFrame(
        {
            "anonymous_id": used["anonymous_id"],
            "person_id": used["person_id"],
            "customer_id": "cj:" + used["household"].astype(str),
            "device_kind": KINDS[used["kind"].to_numpy()].astype(object),
            "is_shared": used["is_shared"].astype(bool),
            "is_after_reset": used["reset"] == 1,
        }
    )


def identifiers_table(persons: pd.DataFrame, token: Callable[[str, str], str]) -> pd.DataFrame:
    """Return one row per person and identifier, with the columns of ``schema.PERSON_IDENTIFIERS``.

    Args:
        persons: from ``simulate_persons``.
        token: the pseudonym of a kind ("email" or "phone") and a value.
    """
    parts = [
        pd.DataFrame(
            {"person_id": known["person_id"], "kind": kind, "token": [token(kind, value) for value in known[kind]]}
        )
        for kind in ("email", "phone")
        for known in [persons[persons[kind] != ""]]
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.iloc[np.lexsort((table["kind"], table["person_id"]))].reset_index(drop=True)


def owners_table(
    persons: pd.DataFrame, devices: pd.DataFrame, accounts: pd.DataFrame, token: Callable[[str, str], str]
) -> pd.DataFrame:
    """Return which identifier is whose from when to when, with the columns of ``schema.IDENTIFIER_OWNERS``.

    Whose means which household's, because the demo's customers are households, or which stranger's of the other shop.

    Args:
        persons: from ``simulate_persons``.
        devices: from ``simulate_devices``.
        accounts: from ``simulate_accounts``.
        token: the pseudonym of a kind ("email" or "phone") and a value.
    """
    household = "cj:" + persons["household"].astype(str)
    parts = [_owned("customer", "cj", household, household)]
    for kind in ("email", "phone"):
        has_new = (persons[kind] != "") & (persons[f"{kind}_changed_at"] < NEVER)
        # An old e-mail address stays its owner's, an old phone number becomes another's.
        ends = persons[f"{kind}_changed_at"] if kind == "phone" else NEVER
        parts.append(_contacts(kind, household, persons[kind], to_at=ends, token=token))
        new = _contacts(kind, household, persons[f"new_{kind}"], from_at=persons[f"{kind}_changed_at"], token=token)
        parts.append(new[has_new[new.index]])
    is_second = devices["reset"] == 1
    is_handed_on = devices["is_handed_on"]
    parts.append(
        _owned(
            "device",
            "cj",
            "device:cj:" + devices["anonymous_id"],
            "cj:" + devices["household"].astype(str),
            from_at=devices["reset_at"].where(is_handed_on & is_second, 0),
            to_at=devices["reset_at"].where(is_handed_on & ~is_second, NEVER),
        )
    )
    is_stranger = accounts["person"] == STRANGER
    owner = ("shop:" + accounts["household"].astype(str)).where(is_stranger, "cj:" + accounts["household"].astype(str))
    is_guest = accounts["account"] == ""
    parts.append(_owned("customer", NAMESPACE, f"{NAMESPACE}:" + accounts["account"], owner)[~is_guest])
    parts.append(_owned("device", NAMESPACE, f"device:{NAMESPACE}:" + accounts["anonymous_id"], owner)[is_guest])
    parts.append(_contacts("email", owner, accounts["email"], token=token))
    # What a household's person has as a phone number is above, with its time.
    parts.append(_contacts("phone", owner[is_stranger], accounts["phone"][is_stranger], token=token))
    table = pd.concat(parts, ignore_index=True).drop_duplicates(["identifier_id", "person_id"])
    for column in ("valid_from", "valid_to"):
        never = table[column].isin([0, NEVER])
        table[column] = pd.to_datetime(table[column].where(~never), unit="us")
    return table.sort_values(["identifier_id", "person_id"], ignore_index=True)


def _contacts(
    kind: str,
    owner: pd.Series,
    values: pd.Series,
    *,
    from_at: pd.Series | int = 0,
    to_at: pd.Series | int = NEVER,
    token: Callable[[str, str], str],
) -> pd.DataFrame:
    ids = pd.Series([f"{kind}:{token(kind, value)}" if value else "" for value in values], index=values.index)
    return _owned(kind, "", ids, owner, from_at=from_at, to_at=to_at)[values != ""]


def _owned(
    kind: str,
    namespace: str,
    ids: pd.Series,
    owner: pd.Series,
    *,
    from_at: pd.Series | int = 0,
    to_at: pd.Series | int = NEVER,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "identifier_id": ids,
            "kind": kind,
            "namespace": namespace,
            "person_id": owner,
            "valid_from": from_at,
            "valid_to": to_at,
        }
    )
