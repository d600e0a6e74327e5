"""How alike two customers are, comparison by comparison (the waterfall of their match weight): in words, without any value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from dmp_assets.identity.explain import records
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import has_table

_BAR = 24
_PAIR = "identifier_id = ? and other_identifier_id = ?"
_LIKELIER = """
    select identifier_id, other_identifier_id, probability from identity.matches
    where (list_contains($pair, identifier_id) or list_contains($pair, other_identifier_id))
        and list_sort([split_part(identifier_id, ':', 1), split_part(other_identifier_id, ':', 1)]) = $namespaces
    order by all
"""


@dataclass(frozen=True)
class Match:
    """What is known of the likeness of two customers.

    Attributes:
        identifier_id, other_identifier_id: the two, in the order of text.
        probability: that they are one person; None where they were found to be no pair.
        match_weight: log2 of the odds, the sum of the steps; None as the probability.
        steps: comparison, level (how far they agree), match_weight (what that adds) and total (the sum so far), in order.
        link: the link that came of it, with status and reason; None if none did.
        likelier: pairs of one of the two with a customer of the other's namespace, with their probability, where these are no pair.
    """

    identifier_id: str
    other_identifier_id: str
    probability: float | None = None
    match_weight: float | None = None
    steps: Sequence[dict] = ()
    link: dict | None = None
    likelier: Sequence[dict] = field(default_factory=list)

    def in_words(self) -> Iterator[str]:
        """Yield the answer, line by line; each step has a bar, to the right if it speaks for one person."""
        pair = f"{self.identifier_id} and {self.other_identifier_id}"
        if self.probability is None:
            yield (
                f"{pair} are no pair: too little of them is in the vault, more speaks against one person than for it, or one of "
                "them resembles somebody else more."
            )
            for each in self.likelier:
                yield f"{each['identifier_id']} resembles {each['other_identifier_id']}: probability {each['probability']:.4f}."
            return
        yield f"{pair} are one person with probability {self.probability:.4f}: match weight {self.match_weight:+.2f}."
        widest = max(abs(step["match_weight"]) for step in self.steps) or 1
        for step in self.steps:
            weight = step["match_weight"]
            bar = ("█" if weight > 0 else "░") * round(_BAR * abs(weight) / widest)
            name = step["comparison"].replace("_", " ")
            yield f"{name:<11} {weight:+7.2f}  {step['total']:+7.2f}  {bar:<{_BAR}}  {step['level']}"
        if self.link is None:
            yield "No link came of it: it is not probable enough, or one of them shares a value with another customer."
        else:
            why = f": {self.link['reason']}" if self.link["reason"] else ""
            yield f"The link that came of it is {self.link['status']}{why}."


def match(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> Match:
    """Return how alike two known customers are.

    Raises:
        UserError: an identifier is no customer's id, both are of one namespace, or nobody was compared yet.
    """
    if not has_table(connection, "identity.match_steps"):
        raise UserError("Nobody was compared yet: run `dmp build`.")
    kinds = "select identifier_id, kind, namespace from identity.identifiers where identifier_id in (?, ?) order by all"
    known = connection.execute(kinds, [one, other]).fetchall()
    for name, kind, _ in known:
        if kind != "customer":
            raise UserError(f"{name} is of kind {kind}; customers are compared with each other: name two customer ids.")
    namespaces = {namespace for _, _, namespace in known}
    if len(namespaces) < 2:
        raise UserError(f"{one} and {other} are of one namespace; customers of two are compared with each other.")
    first, second = pair = sorted((one, other))
    found = records(connection.execute(f"select * from identity.matches where {_PAIR}", pair).df())
    if not found:
        likelier = connection.execute(_LIKELIER, {"pair": pair, "namespaces": sorted(namespaces)}).df()
        return Match(first, second, likelier=records(likelier))
    steps = records(
        connection.execute(
            # As they were stored: the prior first, then one comparison after the other.
            f"select comparison, level, match_weight, sum(match_weight) over (order by rowid) as total "
            f"from identity.match_steps where {_PAIR} order by rowid",
            pair,
        ).df()
    )
    links = records(
        connection.execute(
            f"select status, reason, first_seen_at from identity.links where {_PAIR} and cause = 'probabilistic'", pair
        ).df()
    )
    return Match(first, second, found[0]["probability"], found[0]["match_weight"], steps, links[0] if links else None)
