"""How well identifiers were put together, measured against who they truly belong to.

Pairwise precision, recall and F1: of the pairs of identifiers that are one person's in the result, the share that truly is; of
those that truly are, the share found. B-cubed (Bagga and Baldwin 1998): the same for each identifier's own person, averaged over
all, so that one large person counts no more than its identifiers. Intervals by a bootstrap over true persons.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.analysis.bootstrap import LEVEL, resamples

MEASURES = ("precision", "recall", "f1", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1")
_DRAWS = 500
_SEED = 20170101


def as_of(rows: pd.DataFrame, at: pd.Timestamp, start: str, end: str) -> pd.DataFrame:
    """Return identifier_id and person_id of the rows that hold at a time, one per identifier.

    Args:
        rows: identifier_id, person_id and two columns of timestamps, null where open.
        at: the time, UTC without time zone.
        start: column of the time from which a row holds.
        end: column of the time at which it ceases to.
    """
    holds = (rows[start].isna() | (rows[start] <= at)) & (rows[end].isna() | (rows[end] > at))
    return rows.loc[holds, ["identifier_id", "person_id"]].drop_duplicates("identifier_id").reset_index(drop=True)


def identity_quality(persons: pd.DataFrame, links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return how well identity was resolved, with the columns of ``schema.QUALITY``.

    Args:
        persons: identifier_id, person_id as known at the end, one row per identifier.
        links: the accepted ones, as `link_quality` wants them.
        truth: identifier_id, person_id, valid_from, valid_to.
    """
    at_the_end = as_of(truth, pd.Timestamp.max, "valid_from", "valid_to")
    persons_quality = clustering_quality(persons, at_the_end).rename(columns={"identifier_count": "row_count"})
    per_cause = link_quality(links, truth).rename(
        columns={"cause": "subject", "precision": "value", "link_count": "row_count"}
    )
    columns = ["subject", "measure", "value", "low", "high", "row_count"]
    parts = [persons_quality.assign(subject="persons"), per_cause.assign(measure="precision")]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def attribution_quality(counts: pd.DataFrame) -> pd.DataFrame:
    """Return how much of what has a customer is truly theirs, with the columns of ``schema.QUALITY``.

    Args:
        counts: subject, attributed_count (with a customer), right_count (whose customer is the true one).
    """
    counts = counts[counts["attributed_count"] > 0]
    total, right = counts["attributed_count"].to_numpy(float), counts["right_count"].to_numpy(float)
    low, high = wilson_interval(right, total)
    rows = counts[["subject"]].assign(measure="precision", value=right / total, low=low, high=high)
    return rows.assign(row_count=counts["attributed_count"].astype("int64")).reset_index(drop=True)


def clustering_quality(assigned: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return how well identifiers were put together.

    Args:
        assigned: identifier_id and person_id, one row per identifier.
        truth: the same as it truly is. Identifiers that only one of the two has are left out.

    Returns:
        One row per measure of `MEASURES`: measure, value, low and high (interval of 95 %; NaN where there is no pair),
        identifier_count, person_count (true persons).
    """
    both = truth.merge(assigned, on="identifier_id", suffixes=("_true", "_found"))
    cells, sizes_true, sizes_found = _cells(both)
    persons = int(cells["true"].max()) + 1 if len(cells) else 0
    weights = resamples(persons, _SEED, _DRAWS) if persons else []
    point = _measures(cells, sizes_true, sizes_found, np.ones(persons))
    drawn = np.array([_measures(cells, sizes_true, sizes_found, weight) for weight in weights]).reshape(
        -1, len(MEASURES)
    )
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    # A draw without any pair says nothing of a share of pairs.
    finite = [values[np.isfinite(values)] for values in drawn.T]
    low, high = np.array([np.quantile(values, tails) if len(values) else [np.nan, np.nan] for values in finite]).T
    return pd.DataFrame(
        {
            "measure": MEASURES,
            "value": point,
            "low": low,
            "high": high,
            "identifier_count": len(both),
            "person_count": persons,
        }
    )


def link_quality(links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return how many links of each kind join identifiers of one person.

    Args:
        links: identifier_id, other_identifier_id, cause, first_seen_at (UTC); one row per link and cause.
        truth: identifier_id, person_id, valid_from, valid_to, null where open. A link counts by who both are when it was first
            seen; one with an identifier whose owner then is not known is left out.

    Returns:
        One row per cause: cause, link_count, right_count, precision with low and high (interval of 95 % by Wilson 1927).
    """
    joined = links[["identifier_id", "other_identifier_id", "cause", "first_seen_at"]].reset_index(names="link")
    for side in ("identifier_id", "other_identifier_id"):
        owners = truth[["identifier_id", "person_id", "valid_from", "valid_to"]]
        joined = joined.merge(owners.rename(columns={"identifier_id": side, "person_id": f"{side}_owner"}), on=side)
        holds = (joined["valid_from"].isna() | (joined["valid_from"] <= joined["first_seen_at"])) & (
            joined["valid_to"].isna() | (joined["valid_to"] > joined["first_seen_at"])
        )
        joined = joined[holds].drop(columns=["valid_from", "valid_to"])
    joined = joined.drop_duplicates("link")
    joined["is_right"] = joined["identifier_id_owner"] == joined["other_identifier_id_owner"]
    counts = joined.groupby("cause")["is_right"].agg(link_count="size", right_count="sum").reset_index()
    total, right = counts["link_count"].to_numpy(float), counts["right_count"].to_numpy(float)
    low, high = wilson_interval(right, total)
    return counts.assign(right_count=counts["right_count"].astype("int64"), precision=right / total, low=low, high=high)


def wilson_interval(right: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 95 % interval of shares (Wilson 1927), each of the shape of the counts; the counts are 1 or more."""
    z = 1.959964
    share = right / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return middle - half, middle + half


def _cells(both: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return how many identifiers each true and found person share (true, found, size), and the sizes of both kinds of persons."""
    true, _ = pd.factorize(both["person_id_true"], sort=True)
    found, _ = pd.factorize(both["person_id_found"], sort=True)
    cells = pd.DataFrame({"true": true, "found": found}).value_counts(sort=False).rename("size").reset_index()
    return cells, np.bincount(true), np.bincount(found)


def _measures(cells: pd.DataFrame, sizes_true: np.ndarray, sizes_found: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the value of each of `MEASURES`, in which each true person counts with its weight.

    A found pair counts with the weights of those whose identifiers it joins, half each.
    """
    true, size = cells["true"].to_numpy(), cells["size"].to_numpy(float)
    found_size, true_size = sizes_found[cells["found"]], sizes_true[true]
    of_cell = weight[true]
    right = (of_cell * size * (size - 1)).sum()
    found_pairs = (of_cell * size * (found_size - 1)).sum()
    true_pairs = (weight * sizes_true * (sizes_true - 1.0)).sum()
    identifiers = (weight * sizes_true).sum()
    precision, recall = _share(right, found_pairs), _share(right, true_pairs)
    b_precision = _share((of_cell * size * size / found_size).sum(), identifiers)
    b_recall = _share((of_cell * size * size / true_size).sum(), identifiers)
    return np.array([precision, recall, _f1(precision, recall), b_precision, b_recall, _f1(b_precision, b_recall)])


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _f1(precision: float, recall: float) -> float:
    return 0.0 if precision == recall == 0 else _share(2 * precision * recall, precision + recall)
