"""What people decided about identity: kept in the home, one line each, never changed, and read by every build.

The file ``identity_decisions.jsonl`` holds pseudonyms only, as every other file but the vault.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.locks import short_lock

FILE = "identity_decisions.jsonl"
Action = Literal["split", "join", "block", "take_back"]
State = Literal["holds", "replaced", "taken back", "takes back"]


class Decision(BaseModel):
    """One decision.

    Attributes:
        decided_at: UTC, without a time zone.
        decided_by: who, by the name of the account.
        action: two identifiers are not one person's, or are, or a value is nobody's, or what holds of these is taken back.
        identifier_id: the identifier.
        other_identifier_id: the other one; None for a value that is blocked or no longer is.
        reason: in the words of who decided.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decided_at: dt.datetime
    decided_by: str
    action: Action
    identifier_id: str
    other_identifier_id: str | None = None
    reason: str

    @model_validator(mode="after")
    def _names_whom_it_is_about(self) -> Decision:
        if self.action != "take_back" and (self.action == "block") != (self.other_identifier_id is None):
            raise ValueError("split and join need two identifiers, block one")
        return self

    @property
    def subject(self) -> frozenset[str]:
        """What it is about: one value, or two identifiers in any order."""
        return frozenset(filter(None, (self.identifier_id, self.other_identifier_id)))


def read_decisions(home: Path) -> list[Decision]:
    """Return every decision, in the order in which they were taken.

    Raises:
        UserError: a line is none.
    """
    file = home / FILE
    decisions = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines() if file.exists() else [], start=1):
        try:
            decisions.append(Decision.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            raise UserError(
                f"{file}, line {number}: no decision of `dmp identity` ({str(error).splitlines()[0]}): put the file back from a "
                "backup, or take the line out."
            ) from None
    return decisions


def add_decision(home: Path, decision: Decision) -> None:
    """Add a decision to those that there are."""
    file = home / FILE
    with short_lock(home, "identity"):
        present = file.read_text(encoding="utf-8") if file.exists() else ""
        write_atomically(file, f"{present}{decision.model_dump_json()}\n", mode=0o600)


def states(decisions: Sequence[Decision]) -> list[State]:
    """Return what became of each decision, in their order.

    Of those about one value or pair the last one holds. One that is taken back is as if it had never been taken: what held before
    it holds again. A decision that only says again what holds takes its place.
    """
    became: list[State] = []
    held: dict[frozenset[str], list[int]] = {}
    for place, decision in enumerate(decisions):
        of_subject = held.setdefault(decision.subject, [])
        if decision.action == "take_back":
            became.append("takes back")
            if of_subject:
                became[of_subject.pop()] = "taken back"
        else:
            became.append("holds")
            if of_subject:
                became[of_subject[-1]] = "replaced"
                if decisions[of_subject[-1]].action == decision.action:
                    of_subject.pop()
            of_subject.append(place)
        if of_subject:
            became[of_subject[-1]] = "holds"
    return became


def standing(decisions: Sequence[Decision]) -> pd.DataFrame:
    """Return the decisions that hold, see `states`.

    Returns:
        decided_at, decided_by, action, identifier_id, other_identifier_id, reason; a row per decision.
    """
    became = zip(decisions, states(decisions), strict=True)
    rows = [decision.model_dump() for decision, state in became if state == "holds"]
    frame = pd.DataFrame(rows, columns=pd.Index(Decision.model_fields)).astype(object)
    return frame.assign(decided_at=pd.to_datetime(frame["decided_at"]).astype("datetime64[us]"))
