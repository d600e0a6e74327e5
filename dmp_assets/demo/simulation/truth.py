"""The simulation's truth as tables: who is who, without names, addresses or numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dmp_assets.demo.simulation.people import KINDS


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
