"""What a sync has to do: the difference between what the destination shall hold and what was sent to it; a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from dmp_assets.activation.records import Record


@dataclass(frozen=True)
class Present:
    """A row that the destination has.

    Attributes:
        key, content, customer_id: as `Record`; content is empty where it is not known what arrived.
    """

    key: str
    content: str
    customer_id: str


@dataclass(frozen=True)
class Plan:
    """What has to be done.

    Attributes:
        adds: rows that the destination lacks.
        changes: rows that it has with another content.
        removes: rows that it has and shall not have.
        unchanged: how many it has as they shall be.
    """

    adds: list[Record]
    changes: list[Record]
    removes: list[Present]
    unchanged: int


def plan(records: Mapping[str, Record], present: Mapping[str, Present], *, waiting: Set[str], is_once: bool) -> Plan:
    """Return the difference, in the order of the customers and their rows' keys.

    Args:
        records: what the destination shall hold, by key.
        present: what it has, by key.
        waiting: customers of whom a decision has not been loaded yet: what the destination has of them stays as it is until it has.
        is_once: whether what was sent is sent for good, as a mail.
    """
    customers = {key: row.customer_id for key, row in {**present, **records}.items()}

    def ordered(keys: Set[str]) -> list[str]:
        return sorted(keys, key=lambda key: (customers[key], key))

    adds = [records[key] for key in ordered(records.keys() - present.keys())]
    both = ordered(records.keys() & present.keys())
    changes = [] if is_once else [records[key] for key in both if records[key].content != present[key].content]
    gone = [] if is_once else ordered(present.keys() - records.keys())
    removes = [present[key] for key in gone if present[key].customer_id not in waiting]
    return Plan(adds, changes, removes, len(both) - len(changes))
