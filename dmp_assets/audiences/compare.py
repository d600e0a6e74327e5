"""How audiences compare: which members they share, and what sets the members of each apart; one pass over blocks of customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from dmp_assets.audiences.members import FLAGS
from dmp_assets.platform.warehouse import quoted

RARE = 0.05
"""Share that a value must have among members or others to be told as a trait."""
FEW = 10
"""Customers below which an average tells of single people rather than of a group: on either side there is none."""
_VECTORS = 24
"""Of 2,048 rows, that make a block."""


@dataclass(frozen=True)
class Traits:
    """What customers are compared by.

    Attributes:
        query: customer_id, and a column for each trait.
        numbers: columns of numbers, compared by their mean.
        values: columns of texts with the values that are compared by their share.
    """

    query: str
    numbers: Sequence[str]
    values: Mapping[str, Sequence[str]]

    @property
    def names(self) -> list[str]:
        """The traits, numbers first."""
        return [*self.numbers, *(f"{column}: {value}" for column, values in self.values.items() for value in values)]

    def matrix(self, block: pd.DataFrame) -> np.ndarray:
        """Return customers × traits, NaN where nothing is known."""
        parts = [block[list(self.numbers)].to_numpy(dtype=float, na_value=np.nan)]
        for column, values in self.values.items():
            texts = block[column].astype(object)
            shares = np.column_stack([texts.eq(value).to_numpy(dtype=float) for value in values])
            shares[texts.isna().to_numpy()] = np.nan
            parts.append(shares)
        return np.concatenate(parts, axis=1)


def compare(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], by: Traits, as_of_on: dt.date, *, most: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how audiences overlap, and what sets the members of each apart from all others who are judged.

    Args:
        connection: with `members.FLAGS`.
        names: the audiences.
        by: what is compared.
        as_of_on: now.
        most: how many traits of each audience.

    Returns:
        Of every ordered pair that shares a member audience, other_audience, as_of_on, shared_members, share, jaccard; and audience,
        rank, as_of_on, trait, is_share, members_average, others_average, difference (in standard deviations of all), the greatest
        first.
    """
    shared = np.zeros((len(names), len(names)))
    inside = np.zeros((2, len(names), len(by.names)))
    overall = np.zeros((3, len(by.names)))
    for flags, traits in _blocks(connection, names, by):
        weights, known = flags.astype(np.float64), ~np.isnan(traits)
        values = np.where(known, traits, 0.0)
        shared += weights.T @ weights
        inside += np.stack([weights.T @ values, weights.T @ known])
        overall += np.stack([values.sum(axis=0), known.sum(axis=0), np.square(values).sum(axis=0)])
    return _overlaps(shared, names, as_of_on), _traits(inside, overall, names, by, as_of_on, most)


def _blocks(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], by: Traits
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield customers × audiences (bool) and customers × traits, block by block in the order of the customers."""
    flags = [f"flags.{quoted(f'is_in_{name}')} as flag_{number}" for number, name in enumerate(names)]
    rows = connection.execute(
        f"select {', '.join(flags)}, traits.* from {FLAGS} as flags left join ({by.query}) as traits "
        "on flags.customer_id = traits.customer_id order by flags.customer_id"
    )
    while not (block := rows.fetch_df_chunk(_VECTORS)).empty:
        yield block.iloc[:, : len(names)].to_numpy(dtype=bool), by.matrix(block)


def _overlaps(shared: np.ndarray, names: Sequence[str], as_of_on: dt.date) -> pd.DataFrame:
    first, second = np.nonzero(shared * ~np.eye(len(names), dtype=bool))
    both, members = shared[first, second], np.diag(shared)
    frame = pd.DataFrame(
        {
            "audience": np.array(names, dtype=object)[first],
            "other_audience": np.array(names, dtype=object)[second],
            "shared_members": both.astype(np.int64),
            "share": both / members[first],
            "jaccard": both / (members[first] + members[second] - both),
        }
    ).assign(as_of_on=pd.to_datetime(as_of_on))
    return frame.sort_values(["audience", "other_audience"], ignore_index=True)


def _traits(
    inside: np.ndarray, overall: np.ndarray, names: Sequence[str], by: Traits, as_of_on: dt.date, most: int
) -> pd.DataFrame:
    (sums, counts), (total, known, squares) = inside, overall
    traits, numbers = np.array(by.names, dtype=object), len(by.numbers)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(np.clip(squares / known - np.square(total / known), 0, None))
        members, others = sums / counts, (total - sums) / (known - counts)
        difference = (members - others) / deviation
    # What hardly anybody of either side has says nothing, however rare it is with the other.
    is_rare = np.fmax(members, others) < RARE
    is_rare[:, :numbers] = False
    are_few = np.minimum(counts, known - counts) < FEW
    difference[is_rare | are_few | ~np.isfinite(difference)] = 0.0
    rows = []
    for number, name in enumerate(names):
        order = np.lexsort((traits, -np.abs(difference[number].round(9))))
        best = [place for place in order[:most] if round(difference[number, place], 9)]
        rows += [
            (
                name,
                rank,
                traits[place],
                place >= numbers,
                members[number, place],
                others[number, place],
                difference[number, place],
            )
            for rank, place in enumerate(best, start=1)
        ]
    columns = ["audience", "rank", "trait", "is_share", "members_average", "others_average", "difference"]
    return pd.DataFrame(rows, columns=pd.Index(columns)).assign(as_of_on=pd.to_datetime(as_of_on))
