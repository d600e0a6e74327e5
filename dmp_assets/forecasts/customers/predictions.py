"""Customer predictions: compare the models on the newest days, train the best for the next; predict with what was trained.

Two steps, because they are due at different times. `train` takes its time and is repeated now and then; `predict` applies
what was trained and is repeated whenever there are new orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.bootstrap import mean_intervals, resamples
from dmp_assets.forecasts.customers.examples import HORIZON_DAYS, feature_table
from dmp_assets.forecasts.customers.metrics import CALIBRATION_ERROR, amount_metrics, losses, probability_metrics
from dmp_assets.forecasts.customers.models import TARGETS, Target

BOARD_COLUMNS = {
    "target": "object",
    "model": "object",
    "metric": "object",
    "value": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "customers": "int64",
    "is_champion": "bool",
    "as_of_on": "datetime64[us]",
}
MODEL_COLUMNS = {
    "target": "object",
    "model": "object",
    "features": "object",
    "parameters": "object",
    "training_rows": "int64",
    "horizon_days": "int64",
    "as_of_on": "datetime64[us]",
}
HELD_OUT_COLUMNS = {
    "target": "object",
    "model": "object",
    "customer_id": "object",
    "prediction": "float64",
    "outcome": "float64",
    "is_champion": "bool",
}
PREDICTION_COLUMNS = {
    "customer_id": "object",
    "target": "object",
    "as_of_on": "datetime64[us]",
    "model": "object",
    "prediction": "float64",
}


@dataclass(frozen=True)
class Trained:
    """What `train` found; without rows where there was too little history to compare on.

    Attributes:
        leaderboard: target, model, metric, value, ci_low, ci_high, customers, is_champion, as_of_on.
        models: the champions, trained on all examples: target, model, features (comma-separated), parameters (text),
            training_rows, horizon_days, as_of_on.
        held_out: what every model predicted for the newest cutoff before it happened: target, model, customer_id,
            prediction, outcome, is_champion.
    """

    leaderboard: pd.DataFrame
    models: pd.DataFrame
    held_out: pd.DataFrame


def train(examples: pd.DataFrame, as_of_on: date, *, targets: Mapping[str, Target] = TARGETS, seed: int = 0) -> Trained:
    """Compare every target's models on the newest cutoff and train the champion on all cutoffs.

    The newest cutoff is the test; the models that are compared learn only from cutoffs whose horizon had ended when it
    began. Where only one outcome of a probability is known to learn from, the baselines compete alone.

    Args:
        examples: customer_id, as_of_on (the cutoff), the features of the targets' models and one column per target with
            the outcome (bool, or an amount in USD); one row per customer and cutoff. See `examples.examples`.
        as_of_on: the present as-of date; every example's horizon must have ended before it.
        targets: what is predicted, by name.
        seed: of the bootstrap.

    Raises:
        ValueError: if a column is missing or an outcome lies in the future.
    """
    from threadpoolctl import threadpool_limits

    if missing := [name for name in ("customer_id", "as_of_on", *targets) if name not in examples]:
        raise ValueError(f"the examples lack {', '.join(missing)}")
    known = examples.assign(as_of_on=pd.to_datetime(examples["as_of_on"]))
    known = known.sort_values(["as_of_on", "customer_id"], ignore_index=True)
    horizon = pd.Timedelta(days=HORIZON_DAYS)
    if len(known) and known["as_of_on"].max() + horizon > pd.Timestamp(as_of_on):
        raise ValueError(
            f"the outcome of {known['as_of_on'].max():%Y-%m-%d} is not complete on {as_of_on}: it takes {HORIZON_DAYS} days"
        )
    is_test = known["as_of_on"] == known["as_of_on"].max()
    past, test = known[known["as_of_on"] + horizon <= known["as_of_on"].max()], known[is_test]
    boards, champions, held_out = [], [], []
    # One thread: the sums of a product do not depend on how many there are.
    with threadpool_limits(1):
        for name, target in targets.items() if len(past) else ():
            board, predictions = _compare(name, target, past, test, seed)
            boards.append(board)
            held_out.append(predictions)
            champions.append(_champion(name, target, board, known))
    return Trained(
        _table(boards, BOARD_COLUMNS, as_of_on=as_of_on),
        _table(champions, MODEL_COLUMNS, as_of_on=as_of_on),
        _table(held_out, HELD_OUT_COLUMNS),
    )


def predict(features: pd.DataFrame, models: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS) -> pd.DataFrame:
    """Return what the champions foresee for every customer.

    Args:
        features: customer_id, as_of_on and the features of the models; one row per active customer.
        models: from `train`, of this as-of date or an earlier one.
        targets: as for `train`.

    Returns:
        customer_id, target, as_of_on, model, prediction (a probability, or an amount in USD), sorted by customer and
        target; no rows where there is no model.

    Raises:
        ValueError: if a model was trained on other features than today's code reads, or they are missing.
    """
    tables = []
    for target, name, names, parameters in models[["target", "model", "features", "parameters"]].itertuples(
        index=False, name=None
    ):
        model = targets[target].models.get(name) if target in targets else None
        if model is None or names != ",".join(model.features):
            raise ValueError(
                f"the stored model {name} for {target} was trained on other features than today's code computes; train it "
                "again with `dmp build`"
            )
        prediction = model.predict(parameters, feature_table(features, model.features))
        tables.append(features[["customer_id", "as_of_on"]].assign(target=target, model=name, prediction=prediction))
    return _table(tables, PREDICTION_COLUMNS).sort_values(["customer_id", "target"], ignore_index=True)


def _compare(
    name: str, target: Target, past: pd.DataFrame, test: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the leaderboard of a target and what each model predicted for the test."""
    outcome, learned = _outcome(test, name, target), _outcome(past, name, target)
    is_constant = target.is_probability and (learned.all() or not learned.any())
    models = {key: model for key, model in target.models.items() if model.is_baseline or not is_constant}
    predictions = {
        key: model.predict(model.fit(feature_table(past, model.features), learned), feature_table(test, model.features))
        for key, model in models.items()
    }
    draws = resamples(len(test), seed)
    champion = choose_champion(
        {
            key: losses(prediction, outcome, is_probability=target.is_probability)
            for key, prediction in predictions.items()
        },
        {key for key, model in models.items() if model.is_baseline},
        draws,
    )
    weights = np.vstack([np.full(len(test), 1 / len(test)), draws])
    measure = probability_metrics if target.is_probability else amount_metrics
    rows = [
        (name, key, metric, *_value_and_interval(metric, values), len(test), key == champion)
        for key, prediction in predictions.items()
        for metric, values in measure(prediction, outcome, weights).items()
        if not np.isnan(values[0])
    ]
    held_out = [
        pd.DataFrame({"customer_id": test["customer_id"], "prediction": prediction, "outcome": outcome}).assign(
            target=name, model=key, is_champion=key == champion
        )
        for key, prediction in predictions.items()
    ]
    columns = [column for column in BOARD_COLUMNS if column != "as_of_on"]
    return pd.DataFrame.from_records(rows, columns=columns), pd.concat(held_out)


def choose_champion(losses_of: Mapping[str, np.ndarray], baselines: set[str], draws: np.ndarray) -> str:
    """Return the simplest model that the best one does not beat beyond noise, and that no baseline beats.

    Args:
        losses_of: by model, from the simplest on, each customer's loss.
        baselines: the names of the baselines.
        draws: the weights of the customers in each bootstrap draw, draws x customers.

    Returns:
        Of the models whose mean loss is at most every baseline's, the first one for which the 95 % interval of the paired
        difference to the smallest mean loss holds 0.
    """
    means = {name: float(values.mean()) for name, values in losses_of.items()}
    best = min(means, key=means.__getitem__)
    to_beat = min(means[name] for name in baselines)
    return next(
        name
        for name, values in losses_of.items()
        if means[name] <= to_beat and mean_intervals((values - losses_of[best])[:, None], draws)[0][0] <= 0
    )


def _champion(name: str, target: Target, board: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the champion trained on all that is known, as one row."""
    champion = str(board.loc[board["is_champion"], "model"].iloc[0])
    model = target.models[champion]
    return pd.DataFrame(
        {
            "target": [name],
            "model": champion,
            "features": ",".join(model.features),
            "parameters": model.fit(feature_table(known, model.features), _outcome(known, name, target)),
            "training_rows": len(known),
            "horizon_days": HORIZON_DAYS,
        }
    )


def _outcome(examples: pd.DataFrame, name: str, target: Target) -> np.ndarray:
    return examples[name].to_numpy(dtype=bool if target.is_probability else float)


def _value_and_interval(metric: str, values: np.ndarray) -> tuple[float, float, float]:
    """Return the value and its interval from the value followed by those of the draws."""
    if metric == CALIBRATION_ERROR:
        return float(values[0]), np.nan, np.nan
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(low), float(high)


def _table(parts: list[pd.DataFrame], columns: Mapping[str, str], **constants: object) -> pd.DataFrame:
    """Return the parts as one frame of these columns and types, also where there are none."""
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=pd.Index(columns))
    return table.assign(**{name: [value] * len(table) for name, value in constants.items()})[list(columns)].astype(
        columns
    )
