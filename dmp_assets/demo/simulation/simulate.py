"""The whole simulation: persons, devices and the lines of one segment, and the name by which it is written exactly once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dmp_assets.collector.segments import SEALED_SUFFIX, SIMULATED
from dmp_assets.demo.simulation.events import Purchases, simulate_events
from dmp_assets.demo.simulation.lines import arrivals, segment_lines
from dmp_assets.demo.simulation.other_shop import account_lines, simulate_accounts
from dmp_assets.demo.simulation.people import simulate_devices, simulate_persons
from dmp_assets.demo.simulation.rates import Rates
from dmp_assets.platform.errors import UserError

# Every segment's name begins with a time; the simulated clock's, so that it sorts before what is really collected.
NAME_START = f"20180101T000000000000Z{SIMULATED.removesuffix('-')}"


@dataclass(frozen=True)
class Simulation:
    """The truth (`simulate_persons`, `simulate_devices`, `simulate_accounts`) and the segment's lines in the order of arrival."""

    persons: pd.DataFrame
    devices: pd.DataFrame
    accounts: pd.DataFrame
    lines: list[bytes]


def simulate(purchases: Purchases, rates: Rates) -> Simulation:
    """Return what happens on the channels around the purchases; the same for the same purchases and rates."""
    households = purchases.households
    persons = simulate_persons(households["household"].to_numpy(), households["size"].to_numpy(), rates)
    devices = simulate_devices(persons, rates)
    events = simulate_events(purchases, persons, devices, rates)
    arrived = arrivals(events, devices, rates)
    lines = segment_lines(arrived, purchases, persons, devices, rates)
    accounts = simulate_accounts(persons, rates)
    others = sorted(account_lines(accounts, rates))
    received = arrived["received_at"].to_numpy(np.int64)
    places = received.searchsorted([np.datetime64(at.removesuffix("Z"), "us").astype(np.int64) for at, _ in others])
    for place, (_, line) in reversed(list(zip(places, others, strict=True))):
        lines.insert(place, line)
    return Simulation(persons, devices, accounts, lines)


def segment_name(load_ids: Sequence[str], rates: Rates) -> str:
    """Return the name of the segment simulated from these loads of the demo's tables at these rates."""
    digest = hashlib.sha256(repr((sorted(load_ids), rates)).encode())
    return f"{NAME_START}-{digest.hexdigest()[:16]}"


def is_written(folder: Path, name: str) -> bool:
    """Return whether the collector's folder holds the segment.

    Raises:
        UserError: it holds a segment simulated from other data or at other rates, and the two would mix.
    """
    found = {path.name.removesuffix(SEALED_SUFFIX) for path in folder.glob(f"*/{NAME_START}-*{SEALED_SUFFIX}")}
    if other := found - {name}:
        raise UserError(
            f"{folder} holds events simulated from other purchases, another seed or other rates "
            f"({min(other)}), and simulating again would mix the two. Use another DMP_HOME, or `dmp clean` first."
        )
    return name in found
