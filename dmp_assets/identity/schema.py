"""What the tables of this domain look like; the checks that block a wrong one."""

import pandas as pd
import pandera.pandas as pa

from dmp_assets.identity.rules import KINDS
from dmp_assets.platform.emptiness import may_be_empty

CAUSES = ("login", "identify", "alias", "order", "customer_file", "household_file", "probabilistic", "decision")
STATUSES = ("accepted", "demoted", "rejected", "undone")

_TIME = "datetime64[us]"
_IDENTIFIER = (
    "A customer id as in every other table (shop:42), or the kind before the pseudonym or the id: email:…, phone:…, "
    "loyalty_card:shop:…, device:shop:…, household:shop:…. Never a plain address or number."
)
_KIND = pa.Column(str, pa.Check.isin(KINDS), description=f"What it is: {', '.join(KINDS)}.")
_NAMESPACE = pa.Column(
    str,
    description="Whose numbering it is of, such as shop; empty for e-mail addresses and phone numbers, which are the "
    "same everywhere.",
)


def _is_later(earlier: str, later: str) -> pa.Check:
    def in_order(table: pd.DataFrame) -> pd.Series:
        return table[later].isna() | (table[later] > table[earlier])

    return pa.Check(in_order, error=f"{later} is after {earlier}")


def _is_pair(table: pd.DataFrame) -> pd.Series:
    return table["identifier_id"] < table["other_identifier_id"]


IDENTIFIERS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(str, unique=True, description=_IDENTIFIER),
        "kind": _KIND,
        "namespace": _NAMESPACE,
        "first_seen_at": pa.Column(
            _TIME,
            description="When it was first seen, UTC. What a file says without a date counts from the first dated row "
            "of its customer on; 1970-01-01 where there is none.",
        ),
        "last_seen_at": pa.Column(_TIME, description="When it was last seen, UTC, dated like first_seen_at."),
        "is_simulated": pa.Column(
            bool, description="Whether nobody real is behind it: every row that it was seen in is simulated."
        ),
        "blocked_because": pa.Column(
            str,
            nullable=True,
            description="Why it is nobody's: by the rules, by a decision, or by evidence, which is more neighbours of "
            "one kind than any person has. It links nobody and belongs to nobody. Null if it is somebody's.",
        ),
    },
    strict=True,
    ordered=True,
    metadata=may_be_empty("no listed source names people"),
    description="Every identifier of people that was seen in events, customers, order lines or consents. One row per identifier.",
)

LINKS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(str, description="One of the two identifiers, the first in the order of text."),
        "other_identifier_id": pa.Column(str, description="The other one."),
        "cause": pa.Column(
            str,
            pa.Check.isin(CAUSES),
            description="What says that they belong together: login (on one event), identify, alias (an event that "
            "says what somebody was called before), order, customer_file, household_file, probabilistic (they "
            "resemble each other), or a person's decision.",
        ),
        "source": pa.Column(str, description="The source that says it; of a decision, who decided."),
        "first_seen_at": pa.Column(_TIME, description="When it was first said, UTC; its place in the order of links."),
        "last_seen_at": pa.Column(_TIME, description="When it was last said, UTC."),
        "sighting_count": pa.Column("int64", pa.Check.ge(1), description="Rows that say it: events or order lines."),
        "probability": pa.Column(
            "float64",
            pa.Check.in_range(0, 1),
            nullable=True,
            description="Of a probabilistic link, that both are one person's, 0 to 1. Null for all others.",
        ),
        "status": pa.Column(
            str,
            pa.Check.isin(STATUSES),
            description="accepted; demoted: it would breach a limit, so it joins nobody; rejected: an end of it is "
            "nobody's; undone: people decided that these are two persons.",
        ),
        "reason": pa.Column(
            str, nullable=True, description="Why it is not accepted, or what was said for a decision. Null otherwise."
        ),
    },
    unique=["identifier_id", "other_identifier_id", "cause", "source"],
    checks=pa.Check(_is_pair, error="a link to itself, or not in order"),
    strict=True,
    ordered=True,
    metadata=may_be_empty("no two identifiers were seen together"),
    description="Identifiers that were seen together. One row per pair, cause and source.",
)

PERSON_IDENTIFIERS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(str, description=_IDENTIFIER),
        "kind": _KIND,
        "namespace": _NAMESPACE,
        "person_id": pa.Column(
            str,
            description="Whose it is. A person is called by the customer id that was first seen; by another "
            "identifier as long as there is no customer id.",
        ),
        "effective_at": pa.Column(_TIME, description="Since when this is known, UTC."),
        "superseded_at": pa.Column(
            _TIME, nullable=True, description="From when on something else is known, UTC. Null while it stands."
        ),
        "owned_from_at": pa.Column(
            _TIME,
            description="Rows with the identifier from this time on are the person's, UTC. Later than its first row "
            "only for what moves, such as a device.",
        ),
        "owned_until_at": pa.Column(
            _TIME,
            nullable=True,
            description="Rows from this time on are another person's, UTC. Null where there is none.",
        ),
    },
    unique=["identifier_id", "effective_at", "owned_from_at"],
    checks=[_is_later("effective_at", "superseded_at"), _is_later("owned_from_at", "owned_until_at")],
    strict=True,
    ordered=True,
    metadata=may_be_empty("no listed source names people"),
    description="Which identifier was whose, as known at any time. A row of another table at time t, with identifier "
    "i, read as of d, is that person's whose row has identifier_id = i, effective_at <= d < superseded_at and "
    "owned_from_at <= t < owned_until_at; nobody's if there is none. One row per identifier, time of knowledge and "
    "time of ownership.",
)

HOUSEHOLDS = pa.DataFrameSchema(
    {
        "household_id": pa.Column(
            str,
            description="household:… with the namespace and id that the data has, or household:address:… with the pseudonym of a "
            "postal address.",
        ),
        "identifier_id": pa.Column(
            str,
            description="Customer id of a member; whose it is says identity.person_identifiers as of the same date.",
        ),
        "evidence": pa.Column(
            str,
            pa.Check.isin(["household_id", "postal_address"]),
            description="What says so: a household id in a file, or a postal address that the vault holds of several customers.",
        ),
        "effective_at": pa.Column(
            _TIME,
            description="Since when this is known, UTC; of an address since the second of its customers was first seen.",
        ),
        "superseded_at": pa.Column(
            _TIME,
            nullable=True,
            description="From when on the customer has another household id, UTC. Null while it stands.",
        ),
    },
    unique=["household_id", "identifier_id", "evidence", "effective_at"],
    checks=_is_later("effective_at", "superseded_at"),
    strict=True,
    ordered=True,
    metadata=may_be_empty(
        "no customer has a household id, and no two have one postal address in the vault; a shared device makes no household"
    ),
    description="Who lives together, as known at any time: effective_at <= d < superseded_at. A household joins nobody into one "
    "person. One row per household, customer id, evidence and time.",
)

MATCHES = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(str, description="One of the two customer ids, the first in the order of text."),
        "other_identifier_id": pa.Column(str, description="The other one, of another namespace."),
        "match_weight": pa.Column(
            "float64",
            description="How much speaks for one person: the logarithm to base 2 of the odds; the sum of the steps.",
        ),
        "probability": pa.Column("float64", pa.Check.in_range(0, 1), description="That both are one person, 0.5 to 1."),
        "is_accepted": pa.Column(bool, description="Whether it is probable enough for a link; see docs/identity.md."),
    },
    unique=["identifier_id", "other_identifier_id"],
    checks=pa.Check(_is_pair, error="a match with itself, or not in order"),
    strict=True,
    ordered=True,
    metadata=may_be_empty(
        "customers of one source only have names, or too few share an address or number to learn from"
    ),
    description="Customers of two namespaces who resemble each other in what the vault holds of them: names, e-mail "
    "address, phone number, birthday, postal address. One row per pair, each customer at most once per other "
    "namespace.",
)

MATCH_STEPS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(str, description="As in identity.matches."),
        "other_identifier_id": pa.Column(str, description="As in identity.matches."),
        "comparison": pa.Column(str, description="What was compared; prior is what is known before anything is."),
        "level": pa.Column(str, description="How far the two agree in it, in words, without the values."),
        "match_weight": pa.Column(
            "float64", description="What that adds to the pair's weight; below zero it speaks against."
        ),
    },
    unique=["identifier_id", "other_identifier_id", "comparison"],
    strict=True,
    ordered=True,
    metadata=may_be_empty("nobody resembles anybody"),
    description="Why two customers are probably one person, step by step (waterfall). One row per pair and comparison.",
)

QUALITY = pa.DataFrameSchema(
    {
        "subject": pa.Column(
            str,
            description="What is measured: persons, for how identifiers were put together; sessions and touches, for whose they "
            "are taken for; else the cause of a kind of links.",
        ),
        "measure": pa.Column(
            str,
            description="precision, recall and f1 of pairs of identifiers and their b_cubed forms, averaged over "
            "identifiers; of links the precision of those that were accepted, of sessions and touches the share of those with "
            "a customer whose customer is the true one.",
        ),
        "value": pa.Column(
            "float64", pa.Check.in_range(0, 1), nullable=True, description="From 0 to 1; null without any pair."
        ),
        "low": pa.Column("float64", nullable=True, description="Lower bound of the interval of 95 %."),
        "high": pa.Column("float64", nullable=True, description="Upper bound of the interval of 95 %."),
        "row_count": pa.Column("int64", pa.Check.ge(0), description="Identifiers, or links, that were measured."),
    },
    unique=["subject", "measure"],
    strict=True,
    ordered=True,
    description="How well identity was resolved, against the simulation's truth at the end of the data. One row per "
    "subject and measure.",
)

MERGES = pa.DataFrameSchema(
    {
        "changed_at": pa.Column(_TIME, description="When the evidence was seen or the decision taken, UTC."),
        "change": pa.Column(
            str,
            pa.Check.isin(["merge", "split"]),
            description="merge: two persons became one; split: people keep them apart.",
        ),
        "person_id": pa.Column(str, description="The person that keeps its id; of a split, the first person."),
        "other_person_id": pa.Column(str, description="The person that gave up its id; of a split, the second person."),
        "identifier_id": pa.Column(str, description="One end of the link that is the evidence, or of the decision."),
        "other_identifier_id": pa.Column(str, description="Its other end."),
        "cause": pa.Column(str, pa.Check.isin(CAUSES), description="As in identity.links."),
        "source": pa.Column(str, description="As in identity.links."),
        "reason": pa.Column(str, nullable=True, description="What was said for a decision. Null for all others."),
    },
    unique=["changed_at", "change", "identifier_id", "other_identifier_id", "person_id", "other_person_id"],
    strict=True,
    ordered=True,
    metadata=may_be_empty("no two persons who had been seen before became one, and nobody decided to keep two apart"),
    description="Persons that became one, and persons whom people keep apart. One row per change.",
)
