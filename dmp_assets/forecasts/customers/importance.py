"""Which features a model leans on, and in which direction, for every family in the same way.

Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019): how much the deciding loss grows when one feature is
shuffled among the customers of a test cutoff. Of features that say nearly the same, each alone looks less important than they
are together. Partial dependence (Friedman 2001): the mean prediction when a feature has one value for everybody.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.metrics import losses

REPEATS = 2
CUSTOMERS = 600
FEATURES_SHOWN = 6
POINTS = 9

Predict = Callable[[pd.DataFrame], np.ndarray]


def permutation_importance(
    predict: Predict, features: pd.DataFrame, outcome: np.ndarray, kind: str, *, seed: int = 0
) -> pd.DataFrame:
    """Return how much worse the predictions are without each feature.

    Args:
        predict: the model.
        features: float64, rows that the model did not learn from; at most CUSTOMERS of them, drawn, are read.
        outcome: one per row.
        kind: of the target, see `metrics.METRICS`.
        seed: of drawing and shuffling.

    Returns:
        feature, importance (growth of the mean loss, in its unit; mean of REPEATS shuffles), importance_sd (over the
        shuffles), rank (1 is the most important); in the order of rank.
    """
    random = np.random.default_rng(seed)
    taken = np.sort(random.permutation(len(features))[:CUSTOMERS])
    values, truth = features.to_numpy(dtype=float)[taken], outcome[taken]
    names = pd.Index(list(features.columns))
    loss = float(losses(kind, predict(features.iloc[taken]), truth).mean())
    growth = np.zeros((REPEATS, features.shape[1]))
    for repeat in range(REPEATS):
        shuffled = values[random.permutation(len(values))]
        # All features at once: one call with many rows is several times faster than many calls.
        rows = np.tile(values, (values.shape[1], 1, 1))
        places = np.arange(values.shape[1])
        rows[places, :, places] = shuffled.T
        prediction = predict(pd.DataFrame(rows.reshape(-1, values.shape[1])).set_axis(names, axis=1))
        found = losses(kind, prediction, np.tile(truth, values.shape[1])).reshape(values.shape[1], -1)
        growth[repeat] = found.mean(axis=1) - loss
    table = pd.DataFrame(
        {"feature": features.columns, "importance": growth.mean(axis=0), "importance_sd": growth.std(axis=0)}
    )
    table = table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
    return table.assign(rank=np.arange(1, len(table) + 1))


def partial_dependence(predict: Predict, features: pd.DataFrame, names: list[str], *, seed: int = 0) -> pd.DataFrame:
    """Return the mean prediction over the customers at up to POINTS values of each named feature.

    Args:
        predict: the model.
        features: float64; at most CUSTOMERS rows, drawn, are read.
        names: which features to vary.
        seed: of drawing.

    Returns:
        feature, value (a quantile from 5 to 95 % of the known values, in the feature's unit), mean_prediction. No rows for
        a feature that is unknown everywhere.
    """
    taken = np.sort(np.random.default_rng(seed).permutation(len(features))[:CUSTOMERS])
    frame = features.iloc[taken]
    points = _grid(features, names)
    if not points:
        return pd.DataFrame({"feature": pd.Series(dtype=object), "value": [], "mean_prediction": []})
    rows = pd.concat([frame.assign(**{name: value}) for name, value in points], ignore_index=True)
    means = predict(rows).reshape(len(points), -1).mean(axis=1)
    table = pd.DataFrame(points, columns=["feature", "value"])
    return table.assign(mean_prediction=means)


def _grid(features: pd.DataFrame, names: list[str]) -> list[tuple[str, float]]:
    grid = []
    for name in names:
        known = features[name].dropna().to_numpy(dtype=float)
        values = np.unique(np.quantile(known, np.linspace(0.05, 0.95, POINTS))) if len(known) else []
        grid.extend((name, float(value)) for value in values)
    return grid
