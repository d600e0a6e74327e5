"""Which model serves: champion and challenger.

The first champion is chosen on all test cutoffs together: on the newest alone a single tree ties with boosting for churn (log loss
0.312 against 0.305), on three it does not. From then on the newest cutoff decides whether it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.analysis.champions import EQUAL, not_beaten

CHAMPION, BASELINE, REFERENCE = "champion", "baseline", "reference"


def choose_champion(losses_of: Mapping[str, np.ndarray], baselines: set[str], draws: np.ndarray) -> tuple[str, str]:
    """Return the simplest model that the best one does not beat beyond noise, and that no baseline beats; and why.

    Args:
        losses_of: by model, from the simplest on, each customer's loss; all models learned from the same rows.
        baselines: the names of the baselines.
        draws: the weights of the customers in each bootstrap draw, draws x customers.
    """
    best, eligible = _contenders(losses_of, baselines, draws)
    if eligible[0] == best:
        return best, "best, and no simpler one ties"
    return eligible[0], f"simplest that {best} does not beat beyond noise"


def challenge(
    incumbent: str, losses_of: Mapping[str, np.ndarray], baselines: set[str], draws: np.ndarray
) -> tuple[bool, str]:
    """Return whether the model that serves stays, and why.

    It stays unless on the newest cutoff a challenger is better beyond noise, or a baseline is better.

    Args:
        incumbent: the model that serves today.
        losses_of: as for `choose_champion`, on the newest cutoff.
        baselines: the names of the baselines.
        draws: as for `choose_champion`.
    """
    if incumbent not in losses_of:
        return False, f"{incumbent}, which served before, does not compete any more"
    best, eligible = _contenders(losses_of, baselines, draws)
    if incumbent in eligible:
        return (
            True,
            f"served before, and no challenger is better beyond noise on the newest cutoff (best there: {best})",
        )
    return (
        False,
        f"{incumbent}, which served before, is behind {best} beyond noise or behind a baseline on the newest cutoff",
    )


def _contenders(losses_of: Mapping[str, np.ndarray], baselines: set[str], draws: np.ndarray) -> tuple[str, list[str]]:
    """Return the best model, and all that it does not beat beyond noise and no baseline beats."""
    best, others = not_beaten(losses_of, draws)
    to_beat = min(losses_of[name].mean() for name in baselines) * (1 + EQUAL)
    return best, [name for name in others if losses_of[name].mean() <= to_beat]


def incumbents(served: pd.DataFrame | None, as_of_on: date) -> dict[str, str]:
    """Return which model served each target before an as-of date.

    A rerun at the date of the stored models reads what they replaced, so that it decides as the first run did.

    Args:
        served: forecasts.prediction_models as stored; None before the first training.
        as_of_on: the date that is trained for.
    """
    # A table of an older version, without roles, names no champion to defend.
    if served is None or served.empty or not {"role", "previous_model"} <= set(served):
        return {}
    if (served["as_of_on"] > pd.Timestamp(as_of_on)).any():
        return {}
    champions = served[served["role"] == CHAMPION]
    is_rerun = champions["as_of_on"] == pd.Timestamp(as_of_on)
    names = champions["previous_model"].where(is_rerun, champions["model"])
    return {target: name for target, name in zip(champions["target"], names, strict=True) if pd.notna(name)}
