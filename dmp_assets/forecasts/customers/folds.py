"""Temporal validation: several test cutoffs, each with what was known before it.

A row's outcome is known on its known_on; a test learns only from rows known by its first day, so that no outcome overlaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dmp_assets.forecasts.customers.targets import Target

TEST_CUTOFFS = 3
SPACING_DAYS = 28


@dataclass(frozen=True)
class Fold:
    """One test cutoff.

    Attributes:
        cutoff_on: the as-of date that is tested.
        past: what is learned from, from the oldest cutoff to the newest.
        test: the rows of the cutoff.
    """

    cutoff_on: pd.Timestamp
    past: pd.DataFrame
    test: pd.DataFrame


def prepared(examples: pd.DataFrame, name: str, target: Target, as_of_on: date) -> pd.DataFrame:
    """Return the examples with known_on, sorted by cutoff, customer and key.

    Args:
        examples: customer_id, as_of_on, the target's key, its outcome; known_on where it is not as_of_on + horizon_days.
        name: of the target, for messages.
        target: what is predicted.
        as_of_on: the present.

    Raises:
        ValueError: if a column is missing, an outcome is missing or lies in the future, or a row is repeated.
    """
    keys = ["as_of_on", "customer_id", *target.key]
    if missing := [column for column in (*keys, target.outcome) if column not in examples]:
        raise ValueError(f"the examples of {name} lack {', '.join(missing)}")
    frame = examples.assign(as_of_on=pd.to_datetime(examples["as_of_on"]).astype("datetime64[us]"))
    if "known_on" not in frame:
        frame["known_on"] = frame["as_of_on"] + pd.Timedelta(days=target.horizon_days)
    frame["known_on"] = pd.to_datetime(frame["known_on"])
    if (is_open := frame["known_on"] > pd.Timestamp(as_of_on)).any():
        cutoff_on = frame.loc[is_open, "as_of_on"].max()
        raise ValueError(
            f"the outcome of {cutoff_on:%Y-%m-%d} for {name} is not complete on {as_of_on:%Y-%m-%d}; leave such rows out"
        )
    if frame[target.outcome].isna().any():
        raise ValueError(f"the examples of {name} have rows without {target.outcome}; leave them out")
    if frame.duplicated(keys).any():
        raise ValueError(f"the examples of {name} have several rows for the same {', '.join(keys)}")
    return frame.sort_values(keys, ignore_index=True)


def newest_cutoffs(examples: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the rows of the newest as-of dates."""
    return examples[examples["as_of_on"].isin(sorted(examples["as_of_on"].unique())[-count:])]


def split_folds(examples: pd.DataFrame, training_cutoffs: int) -> list[Fold]:
    """Return up to TEST_CUTOFFS folds, the newest first, SPACING_DAYS apart; none where nothing was known before.

    Dates with less than half the rows of the largest are learned from but not tested on (a campaign of a dozen members says
    nothing).

    Args:
        examples: from `prepared`.
        training_cutoffs: of how many as-of dates, the newest known, is learned.
    """
    sizes = examples.groupby("as_of_on").size()
    folds: list[Fold] = []
    for cutoff_on in sorted(sizes.index[sizes >= sizes.max() / 2], reverse=True):
        if len(folds) == TEST_CUTOFFS:
            break
        if folds and cutoff_on > folds[-1].cutoff_on - pd.Timedelta(days=SPACING_DAYS):
            continue
        past = newest_cutoffs(examples[examples["known_on"] <= cutoff_on], training_cutoffs)
        if past.empty:
            break
        folds.append(Fold(cutoff_on, past, examples[examples["as_of_on"] == cutoff_on]))
    return folds
