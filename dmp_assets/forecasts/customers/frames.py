"""The columns of every table that customer predictions make, and how parts become such a table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

COLUMNS = {
    "leaderboard": {
        "target": "object",
        "cutoff_on": "datetime64[us]",
        "model": "object",
        "metric": "object",
        "value": "float64",
        "ci_low": "float64",
        "ci_high": "float64",
        "examples": "int64",
        "is_newest": "bool",
        "is_champion": "bool",
        "as_of_on": "datetime64[us]",
    },
    "models": {
        "target": "object",
        "role": "object",
        "model": "object",
        "previous_model": "object",
        "reason": "object",
        "features": "object",
        "parameters": "object",
        "training_rows": "int64",
        "first_cutoff_on": "datetime64[us]",
        "last_cutoff_on": "datetime64[us]",
        "horizon_days": "int64",
        "threshold": "float64",
        "metrics": "object",
        "data_version": "object",
        "code_version": "object",
        "as_of_on": "datetime64[us]",
    },
    "reliability": {
        "target": "object",
        "cutoff_on": "datetime64[us]",
        "model": "object",
        "bin": "int64",
        "lower": "float64",
        "upper": "float64",
        "mean_prediction": "float64",
        "share": "float64",
        "examples": "int64",
        "as_of_on": "datetime64[us]",
    },
    "gains": {
        "target": "object",
        "cutoff_on": "datetime64[us]",
        "model": "object",
        "taken_share": "float64",
        "gain": "float64",
        "lift": "float64",
        "as_of_on": "datetime64[us]",
    },
    "importance": {
        "target": "object",
        "cutoff_on": "datetime64[us]",
        "model": "object",
        "feature": "object",
        "importance": "float64",
        "importance_sd": "float64",
        "rank": "int64",
        "as_of_on": "datetime64[us]",
    },
    "dependence": {
        "target": "object",
        "model": "object",
        "feature": "object",
        "value": "float64",
        "mean_prediction": "float64",
        "as_of_on": "datetime64[us]",
    },
    "bins": {
        "kind": "object",
        "feature": "object",
        "bin": "int64",
        "upper_bound": "float64",
        "share": "float64",
        "as_of_on": "datetime64[us]",
    },
}
PREDICTION_COLUMNS = {
    "customer_id": "object",
    "target": "object",
    "as_of_on": "datetime64[us]",
    "model": "object",
    "prediction": "float64",
}
PROPENSITY_COLUMNS = {
    "customer_id": "object",
    "rank": "int64",
    "product_category": "object",
    "probability": "float64",
    "order_days_90d": "int64",
    "model": "object",
    "as_of_on": "datetime64[us]",
}
INPUT, SCORE = "input", "score"


def table(parts: list[pd.DataFrame], columns: Mapping[str, str], **constants: object) -> pd.DataFrame:
    """Return the parts as one frame of these columns and types, also where there are none."""
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=pd.Index(columns))
    return whole.assign(**{name: [value] * len(whole) for name, value in constants.items()})[list(columns)].astype(
        columns
    )
