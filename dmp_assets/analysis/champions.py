"""Which of several models is good enough to serve: the simplest that the best one does not beat beyond noise.

A small lead on a sample is often the luck of the sample (the winner's curse); a paired bootstrap over the cases tells how often. Of
models that it cannot tell apart the simplest is cheapest to run and to explain, and changes least from one training to the next.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dmp_assets.analysis.bootstrap import mean_intervals

EQUAL = 1e-9
"""Mean losses nearer than this part of the best one are equal: the last bits of a sum depend on the processor."""


def not_beaten(losses_of: Mapping[str, np.ndarray], draws: np.ndarray) -> tuple[str, list[str]]:
    """Return the best model, the simpler one of equals, and all that it does not beat beyond noise, itself among them.

    Args:
        losses_of: by model, from the simplest on: the loss of each case, the same cases for all, float64.
        draws: the weights of the cases in each bootstrap draw, draws x cases, from `bootstrap.resamples`.

    Returns:
        The names, in the order of `losses_of`. A model is beaten if the 95 % interval of the mean of its losses less the best
        one's lies above 0.
    """
    means = {name: float(losses.mean()) for name, losses in losses_of.items()}
    slack = EQUAL * abs(min(means.values()))
    best = next(name for name, mean in means.items() if mean <= min(means.values()) + slack)
    behind = np.column_stack([losses - losses_of[best] for losses in losses_of.values()])
    low, _ = mean_intervals(behind, draws)
    return best, [name for name, lower in zip(losses_of, low, strict=True) if lower <= slack]
