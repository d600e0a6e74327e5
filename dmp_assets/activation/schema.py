"""What the tables of this domain look like; the checks that block a wrong one."""

from typing import get_args

import pandas as pd
import pandera.pandas as pa

from dmp_assets.activation.state import Ending, Fate
from dmp_assets.platform.emptiness import may_be_empty

_TIME = "datetime64[us]"
_COUNT = ("int64", pa.Check.ge(0))
_NOTHING_SENT = may_be_empty("no audience was sent anywhere yet")


def _adds_up(table: pd.DataFrame) -> pd.Series:
    return table["usable_count"] <= table["known_count"]


SYNCS = pa.DataFrameSchema(
    {
        "sync_id": pa.Column(str, unique=True, description="The sync: one audience sent to one destination, once."),
        "sync_number": pa.Column(
            "int64", pa.Check.ge(1), unique=True, description="Its place in the order of syncs, from 1."
        ),
        "audience": pa.Column(str, description="Which audience, as in audiences.audiences."),
        "destination": pa.Column(str, description="Where to, by its name in destinations.yml."),
        "kind": pa.Column(str, description="Which kind of destination, such as webhook."),
        "audience_as_of_on": pa.Column(_TIME, description="As-of date of the audience's members."),
        "started_at": pa.Column(_TIME, description="When its outbox was written, UTC by the sender's clock."),
        "ended_at": pa.Column(
            _TIME, nullable=True, description="When it ended, UTC. Null while it goes on, or if its process died."
        ),
        "state": pa.Column(
            str,
            pa.Check.isin(get_args(Ending)),
            description="done; unfinished: the destination was out of reach or the process died, the next sync goes on; "
            "refused: the destination took nothing; sending: under way, or its process died.",
        ),
        "reason": pa.Column(
            str, nullable=True, description="Why it is not done, cleaned of identifiers. Null if it is."
        ),
        "member_count": pa.Column(*_COUNT, description="Members of the audience."),
        "added_count": pa.Column(*_COUNT, description="Rows that the destination lacked."),
        "changed_count": pa.Column(*_COUNT, description="Rows that it had with other values."),
        "removed_count": pa.Column(*_COUNT, description="Rows that it had and should no longer have."),
        "unchanged_count": pa.Column(
            *_COUNT, description="Rows that it had as they should be; they were not sent again."
        ),
        "left_out_count": pa.Column(*_COUNT, description="Members who were left out; activation.deliveries says why."),
    },
    strict=True,
    ordered=True,
    metadata=_NOTHING_SENT,
    description="Every time an audience was sent. One row per sync.",
)

DELIVERIES = pa.DataFrameSchema(
    {
        "sync_id": pa.Column(str, description="The sync, as in activation.syncs."),
        "delivery_id": pa.Column(
            str, description="The row in its sync; destinations that take one see it with the row."
        ),
        "customer_id": pa.Column(str, description="Whose it is."),
        "action": pa.Column(
            str, pa.Check.isin(["add", "remove", "skip"]), description="add (or change), remove; skip: left out."
        ),
        "state": pa.Column(
            str,
            pa.Check.isin(get_args(Fate)),
            description="sent; rejected by the destination; skipped: left out; sending: on its way, or out of reach, and "
            "settled by the next sync; unknown: nobody knows whether it arrived; replanned: its sync ended before, the next "
            "one has it; planned.",
        ),
        "reason": pa.Column(
            str,
            nullable=True,
            description="Why: the destination's words, cleaned of identifiers, or the platform's. Null if sent.",
        ),
        "decided_at": pa.Column(_TIME, description="When its state was last written, UTC by the sender's clock."),
    },
    unique=["sync_id", "delivery_id"],
    strict=True,
    ordered=True,
    metadata=_NOTHING_SENT,
    description="What became of every row that was sent and every member who was left out. One row per sync and delivery. "
    "A member may have several rows, such as one per address.",
)

MATCH_RATES = pa.DataFrameSchema(
    {
        "sync_id": pa.Column(str, description="The sync, as in activation.syncs."),
        "identifier": pa.Column(str, description="What members are matched by at the destination, such as email."),
        "member_count": pa.Column(*_COUNT, description="Members who might be sent."),
        "known_count": pa.Column(*_COUNT, description="Of them those of whom the vault holds a value."),
        "usable_count": pa.Column(
            *_COUNT, description="Of these those of whom a value has the form that the destination asks for."
        ),
        "repair": pa.Column(
            str, nullable=True, description="What would mend the others, with their number. Null if nothing is wrong."
        ),
    },
    unique=["sync_id", "identifier"],
    checks=pa.Check(_adds_up, error="more usable than known"),
    strict=True,
    ordered=True,
    metadata=_NOTHING_SENT,
    description="How many members could be matched, estimated before sending. One row per sync and identifier.",
)

SUPPRESSIONS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(
            str,
            unique=True,
            description="A customer id, or email:… or phone:… with a pseudonym; an address may have several.",
        ),
        "kind": pa.Column(str, pa.Check.isin(["email", "phone", "customer"]), description="What it is."),
        "reason": pa.Column(str, description="Why, in the words of whoever put it there."),
        "added_at": pa.Column(_TIME, description="When it was put there, UTC."),
        "added_by": pa.Column(str, description="By whom, by the name of the account."),
    },
    strict=True,
    ordered=True,
    metadata=may_be_empty("nobody is on the suppression list"),
    description="Whom nothing is sent to, whatever else holds. One row per form of an identifier.",
)
