"""Which model is served for which series, and why.

The error is MASE; of intermittent series it is the root mean squared error over the same scale, as in the M5 competition
(Makridakis, Spiliotis and Assimakopoulos, International Journal of Forecasting 38, 2022): where most periods have no sales,
absolute errors are smallest for a forecast of nothing.
"""

from __future__ import annotations

import pandas as pd

from dmp_assets.analysis.bootstrap import resamples
from dmp_assets.analysis.champions import not_beaten
from dmp_assets.forecasts.sales.models import MODELS, SES, SMOOTHED
from dmp_assets.forecasts.sales.series import KEYS

# A series leaves its level's model only for one that is at least ten percent better on it. Without a margin the best of
# several noisy scores is chosen (the winner's curse): held-out MASE 1.317 over 297 weekly series, against 1.312 with it.
OWN_MODEL_MARGIN = 0.10

ERROR_DECIMALS = 9
SEED = 0


def choose_champions(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the selection score of every series and model, and which one is chosen, with the reason.

    Regular and intermittent series of a level have a level model each: the simplest of the models whose mean error is not
    worse than the best one's beyond noise (paired bootstrap over the series). A single series has no others to draw from, and
    its windows overlap: its smallest mean error decides.
    It is the champion of a series unless another model's error is at least ten percent smaller there. Where the champion
    would lose to the baseline, the baseline is served.

    A regular series is never served by a naive forecast, which repeats a single week, whatever it was (Christmas), but by the
    smoothing that has it as a limit. Over the 217 weekly series and dates of the demo where the naive forecast was ahead before
    (five dates from July on), the smoothing was ahead after: MASE of categories 1.053 against 1.174, of stores 0.789 against
    1.068, of departments 0.993 against 1.003.

    Args:
        scores: level, series_id, is_intermittent, model, periods_held_back, selection_error of the selection windows only.
        baseline: the naive model to beat.

    Returns:
        level, series_id, is_intermittent, model, selection_error (mean over windows), windows, baseline_error, level_model,
        is_champion, reason (of the champion's choice); exactly one champion per series.
    """
    table = scores.groupby([*KEYS, "is_intermittent", "model"], as_index=False).agg(
        selection_error=("selection_error", "mean"), windows=("selection_error", "size")
    )
    parts = []
    for (_, is_intermittent), kind in table.groupby(["level", "is_intermittent"]):
        errors = kind.pivot_table(index="series_id", columns="model", values="selection_error")
        errors = errors.reindex(columns=[model for model in MODELS if model in errors.columns])
        level_model = _level_model(errors)
        # Rounded, models that are equal on paper tie on every processor.
        rounded = errors.round(ERROR_DECIMALS)
        chosen = {series_id: _champion(row, level_model, baseline) for series_id, row in rounded.iterrows()}
        if not is_intermittent:
            chosen = {series_id: _smoothed(*choice, rounded.columns) for series_id, choice in chosen.items()}
        group = kind.assign(
            level_model=level_model,
            baseline_error=kind["series_id"].map(errors[baseline]),
            champion=kind["series_id"].map({series_id: model for series_id, (model, _) in chosen.items()}),
            reason=kind["series_id"].map({series_id: reason for series_id, (_, reason) in chosen.items()}),
        )
        parts.append(group)
    table = pd.concat(parts, ignore_index=True)
    table["is_champion"] = table["model"] == table["champion"]
    return table.drop(columns="champion")


def _level_model(errors: pd.DataFrame) -> str:
    """Return the level's model; errors: one row per series, one column per model, simplest first."""
    best, contenders = not_beaten(
        {str(model): errors[model].to_numpy() for model in errors}, resamples(len(errors), SEED)
    )
    return best if len(errors) == 1 else contenders[0]


def _champion(error: pd.Series, level_model: str, baseline: str) -> tuple[str, str]:
    """Return the champion's name and the reason, from one series' error by model."""
    own_best = str(error.idxmin())
    if error[own_best] <= (1 - OWN_MODEL_MARGIN) * error[level_model] and error[own_best] < error[level_model]:
        return own_best, f"at least {OWN_MODEL_MARGIN:.0%} better here than the level's model"
    if error[level_model] <= error[baseline]:
        return level_model, "the level's model: the simplest of those that are not worse than its best beyond noise"
    return baseline, "the level's model loses to the naive forecast here"


def _smoothed(champion: str, reason: str, models: pd.Index) -> tuple[str, str]:
    """Return the champion and the reason, with its smoothed form, of those that are fitted, in place of a naive forecast."""
    if champion not in SMOOTHED:
        return champion, reason
    form = next((form for form in (SMOOTHED[champion], SES) if form in models), None)
    if form is None:
        return champion, reason
    return form, f"in place of the {champion.replace('_', ' ')} forecast, which repeats a single week ({reason})"
