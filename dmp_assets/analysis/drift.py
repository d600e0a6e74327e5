"""Whether rows still look as they did: the population stability index of every column, features or scores.

    PSI = sum over bins of (p - q) * ln(p / q)

with p the share of rows in a bin now and q the share when the bins were made (the symmetrised Kullback-Leibler
divergence). A share of 0 counts as LEAST_SHARE. Common reading: below 0.1 no change, above 0.2 a change to act on. Of n rows drawn
anew from the same ten bins, n times the index is chi-squared with nine degrees of freedom: fewer than LEAST_ROWS are above 0.2 by
chance more often than once in fifty times, and raise no alarm.

Sources: Siddiqi (2006), Credit Risk Scorecards; Yurdakul (2018), Statistical Properties of Population Stability Index.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

BINS = 10
DRIFT_LIMIT = 0.2
LEAST_SHARE = 1e-4
LEAST_ROWS = 100


def feature_bins(features: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return BINS quantile bins of every column, to compare later rows with.

    Args:
        features: the columns (numbers, null where unknown) and as_of_on, the same in every row; at least one row.
        columns: what to bin.

    Returns:
        feature (the column), bin (from 0), upper_bound (inclusive, in the feature's unit; null for the last bin, which has
        none), share (of the rows that have a value, 0 to 1), as_of_on. Equal quantiles make one bin, so that a feature
        without variation has a single one.
    """
    tables = []
    for feature in columns:
        values = _known(features, feature)
        inner = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="higher")) if len(values) else values
        # The largest value as a bound would leave the last bin empty.
        bounds = np.append(inner[inner < values.max(initial=-np.inf)], np.inf)
        tables.append(
            pd.DataFrame(
                {
                    "feature": feature,
                    "bin": np.arange(len(bounds)),
                    "upper_bound": np.where(np.isinf(bounds), np.nan, bounds),
                    "share": _shares(values, bounds),
                }
            )
        )
    table = pd.concat(tables, ignore_index=True).assign(as_of_on=features["as_of_on"].iloc[0])
    return table.astype({"bin": "int64", "as_of_on": "datetime64[us]"})


def feature_drift(features: pd.DataFrame, columns: Sequence[str], reference: pd.DataFrame | None) -> pd.DataFrame:
    """Return how far every column has moved since the bins were made, one row each, in their order.

    Args:
        features: as in `feature_bins`.
        columns: what to compare.
        reference: the `feature_bins` of an earlier date; None if there is none.

    Returns:
        feature, psi, is_drifting (above DRIFT_LIMIT, and LEAST_ROWS rows with a value), as_of_on, reference_as_of_on; psi and
        reference_as_of_on are null, and is_drifting false, for a feature without a reference.
    """
    rows = []
    for feature in columns:
        values = _known(features, feature)
        bins = reference[reference["feature"] == feature].sort_values("bin") if reference is not None else None
        has_reference = bins is not None and len(bins) > 0
        if has_reference:
            bounds = bins["upper_bound"].fillna(np.inf).to_numpy()
            psi = population_stability_index(_shares(values, bounds), bins["share"].to_numpy())
        else:
            psi = np.nan
        rows.append(
            {
                "feature": feature,
                "psi": psi,
                "is_drifting": psi > DRIFT_LIMIT and len(values) >= LEAST_ROWS,
                "as_of_on": features["as_of_on"].iloc[0],
                "reference_as_of_on": bins["as_of_on"].iloc[0] if has_reference else pd.NaT,
            }
        )
    return pd.DataFrame(rows).astype({"as_of_on": "datetime64[us]", "reference_as_of_on": "datetime64[us]"})


def population_stability_index(shares: np.ndarray, reference: np.ndarray) -> float:
    """PSI of two distributions over the same bins, arrays (b,) of shares; 0 is the same distribution.

    >>> round(population_stability_index(np.array([0.5, 0.5]), np.array([0.25, 0.75])), 3)
    0.275
    """
    now, then = np.maximum(shares, LEAST_SHARE), np.maximum(reference, LEAST_SHARE)
    return float(((now - then) * np.log(now / then)).sum())


def _known(features: pd.DataFrame, column: str) -> np.ndarray:
    return features[column].dropna().to_numpy(dtype=float)


def _shares(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Share of `values` in each bin: at most its bound and above the one before; all 0 without values."""
    counts = np.bincount(np.searchsorted(bounds, values, side="left"), minlength=len(bounds))
    return counts / max(len(values), 1)
