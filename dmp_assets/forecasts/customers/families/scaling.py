"""Standardised features, remembered so that later rows are scaled as the training rows were.

A scaling is a table, one row per feature in their order: feature, is_log (log(1 + x) is taken first), fill (what stands for an
unknown value, in the unit after the log), mean, scale.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def fit_scaling(features: pd.DataFrame, *, log: bool) -> pd.DataFrame:
    """Return how to standardise features.

    Args:
        features: float64, NaN where unknown; one row per customer.
        log: whether every feature but shares is taken as log(1 + x).
    """
    is_log = np.array([log and not str(name).endswith("_share") for name in features.columns], dtype=bool)
    values = pd.DataFrame(_log(features, is_log))
    fill = values.dropna(axis="columns", how="all").median().reindex(values.columns).fillna(0)
    filled = values.fillna(fill)
    spread = filled.std(ddof=0).to_numpy()
    return pd.DataFrame(
        {
            "feature": features.columns.to_numpy(dtype=object),
            "is_log": is_log,
            "fill": fill.to_numpy(),
            "mean": filled.mean().to_numpy(),
            "scale": np.where(spread > 1e-12, spread, 1.0),
        }
    )


def scale(features: pd.DataFrame, scaling: pd.DataFrame) -> np.ndarray:
    """Return the features of a scaling as points: rows x features, mean 0 and standard deviation 1 where it was fitted."""
    values = _log(features[scaling["feature"].tolist()], scaling["is_log"].to_numpy(dtype=bool))
    filled = np.where(np.isnan(values), scaling["fill"].to_numpy(), values)
    return (filled - scaling["mean"].to_numpy()) / scaling["scale"].to_numpy()


def _log(features: pd.DataFrame, is_log: np.ndarray) -> np.ndarray:
    values = features.to_numpy(dtype=float)
    return np.where(is_log, np.log1p(np.maximum(values, 0)), values)
