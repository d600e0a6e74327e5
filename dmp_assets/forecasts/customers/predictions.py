"""Customer predictions: compare the models on the newest days, train the best for the next; predict with what was trained.

Two steps, because they are due at different times. `train` takes its time and is repeated now and then; `predict` applies
what was trained and is repeated whenever there are new orders. Both work on any frame of features and a label:

    from dmp_assets.forecasts.customers.predictions import predict, train
    from dmp_assets.forecasts.customers.targets import Target, probability_models

    targets = {"bought": Target("probability", probability_models(["visits", "age"], ["visits"]), "bought", horizon_days=14)}
    trained = train({"bought": examples}, date(2024, 6, 1), targets=targets)  # customer_id, as_of_on, visits, age, bought
    scores = predict({"bought": today}, trained.models, targets=targets)  # customer_id, as_of_on, visits, age
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from dmp_assets.bootstrap import resamples
from dmp_assets.drift import feature_bins
from dmp_assets.forecasts.customers.calibration import best_threshold, gains, reliability
from dmp_assets.forecasts.customers.categories import CATEGORY_28D
from dmp_assets.forecasts.customers.champions import (
    BASELINE,
    CHAMPION,
    REFERENCE,
    challenge,
    choose_champion,
    incumbents,
)
from dmp_assets.forecasts.customers.examples import feature_table
from dmp_assets.forecasts.customers.families.ensemble import joined
from dmp_assets.forecasts.customers.folds import Fold, newest_cutoffs, prepared, split_folds
from dmp_assets.forecasts.customers.importance import FEATURES_SHOWN, partial_dependence, permutation_importance
from dmp_assets.forecasts.customers.metrics import CALIBRATION_ERROR, losses, metrics
from dmp_assets.forecasts.customers.targets import COMPLEMENTS, TARGETS, Target

METRIC_DRAWS = 400
"""Bootstrap draws of the metrics' intervals; the champion is chosen with all of `bootstrap.DRAWS`."""

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


@dataclass(frozen=True)
class Trained:
    """What `train` found; columns as in COLUMNS, units and grain in `schema`; no rows where there was too little history.

    Attributes:
        leaderboard: every model's metrics on every test cutoff.
        models: the champions, each target's best baseline and its references, trained on the newest examples.
        reliability: what happened where the models of probabilities said so, on every test cutoff.
        gains: what the customers with the highest predictions hold, on the newest cutoff.
        importance: how much the champions lean on each feature.
        dependence: in which direction, for the most important ones.
        bins: how inputs and scores were distributed, to see later whether they drift.
    """

    leaderboard: pd.DataFrame
    models: pd.DataFrame
    reliability: pd.DataFrame
    gains: pd.DataFrame
    importance: pd.DataFrame
    dependence: pd.DataFrame
    bins: pd.DataFrame


@dataclass(frozen=True)
class _Held:
    """What one model, fitted before a test cutoff, said of it."""

    parameters: str
    prediction: np.ndarray


def train(
    examples: Mapping[str, pd.DataFrame],
    as_of_on: date,
    *,
    targets: Mapping[str, Target] = TARGETS,
    served: pd.DataFrame | None = None,
    seed: int = 0,
    n_jobs: int = 2,
) -> Trained:
    """Compare every target's models on several cutoffs and train the champion of the newest on the newest examples.

    See `folds` for the cutoffs and `champions` for the choice. Where only one outcome of a probability is known to learn
    from, the baselines compete alone.

    Args:
        examples: by target: customer_id, as_of_on (the cutoff), the target's key, the features of its models and its
            outcome (bool, or a number); known_on (from when the outcome is known) where that is not as_of_on +
            horizon_days. One row per customer, key and cutoff.
        as_of_on: the present as-of date; every outcome must be known by then.
        targets: what is predicted, by name.
        served: the models of an earlier run, whose champions stay where no challenger is better.
        seed: of the bootstrap and of shuffling.
        n_jobs: threads. Does not change the result.

    Raises:
        ValueError: if a column is missing, a row repeated or an outcome not known yet.
    """
    from threadpoolctl import threadpool_limits

    known = {name: prepared(examples[name], name, target, as_of_on) for name, target in targets.items()}
    folds = {name: split_folds(known[name], target.training_cutoffs) for name, target in targets.items()}
    before = incumbents(served, as_of_on)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    # One thread per model: the sums of a product then do not depend on how many there are.
    with threadpool_limits(1), ThreadPoolExecutor(n_jobs) as pool:
        held = _hold_out(pool, targets, folds)
        results = pool.map(
            lambda name: _target_tables(
                name, targets[name], known[name], folds[name], held[name], before.get(name), seed
            ),
            [name for name in targets if folds[name]],
        )
        for tables in results:
            for table, frame in tables.items():
                parts[table].append(frame)
    inputs_of = next((name for name in targets if folds[name] and not targets[name].key), None)
    if inputs_of is not None:
        columns = list(dict.fromkeys(f for model in targets[inputs_of].models.values() for f in model.features))
        learned = newest_cutoffs(known[inputs_of], targets[inputs_of].training_cutoffs)
        parts["bins"].insert(0, feature_bins(learned, columns).assign(kind=INPUT))
    return Trained(**{name: _table(frames, COLUMNS[name], as_of_on=as_of_on) for name, frames in parts.items()})


def predict(
    features: Mapping[str, pd.DataFrame], models: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS
) -> pd.DataFrame:
    """Return what the champions foresee for every customer.

    Args:
        features: by target: customer_id, as_of_on and the features of its models; one row per customer.
        models: from `train`, of this as-of date or an earlier one.
        targets: as for `train`.

    Returns:
        customer_id, target, as_of_on, model, prediction (a probability or a number in the target's unit), sorted by customer
        and target, with the targets of COMPLEMENTS; no rows where there is no model.

    Raises:
        ValueError: if a model was trained on other features than today's code reads, or they are missing.
    """
    tables = []
    for name, frame in features.items():
        found = score(frame, name, models, targets=targets)
        if found is None:
            continue
        model, prediction = found
        served = frame[["customer_id", "as_of_on"]].assign(target=name, model=model, prediction=prediction)
        tables.append(served)
        tables.extend(
            served.assign(target=other, prediction=1 - prediction) for other, of in COMPLEMENTS.items() if of == name
        )
    return _table(tables, PREDICTION_COLUMNS).sort_values(["customer_id", "target"], ignore_index=True)


def propensity(
    candidates: pd.DataFrame, models: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS
) -> pd.DataFrame:
    """Return who buys in which category.

    Args:
        candidates: from `categories.category_candidates`.
        models: from `train`.
        targets: as for `train`.

    Returns:
        customer_id, rank, product_category, probability, order_days_90d, model, as_of_on, sorted by customer and rank; no rows
        where there is no model.
    """
    found = score(candidates, CATEGORY_28D, models, targets=targets)
    if found is None:
        return _table([], PROPENSITY_COLUMNS)
    table = candidates.assign(
        model=found[0], probability=found[1], order_days_90d=candidates["category_order_days_90d"]
    ).sort_values(["customer_id", "probability", "product_category"], ascending=[True, False, True])
    return _table([table.assign(rank=table.groupby("customer_id").cumcount() + 1)], PROPENSITY_COLUMNS)


def score(
    features: pd.DataFrame,
    name: str,
    models: pd.DataFrame,
    *,
    targets: Mapping[str, Target] = TARGETS,
    role: str = CHAMPION,
) -> tuple[str, np.ndarray] | None:
    """Return the name of a target's model and its prediction for every row; None where there is no model.

    Args:
        features: the features of the model, one row per thing to predict.
        name: the target.
        models: from `train`.
        targets: as for `train`.
        role: of the model.

    Raises:
        ValueError: if the model was trained on other features than today's code reads, or they are missing.
    """
    if missing := [column for column in ("target", "role", "model", "features", "parameters") if column not in models]:
        raise ValueError(
            f"the stored models are of an older version and lack {', '.join(missing)}; train with `dmp build`"
        )
    rows = models[(models["target"] == name) & (models["role"] == role)]
    if rows.empty:
        return None
    model_name, names, parameters = rows[["model", "features", "parameters"]].iloc[0]
    model = targets[name].models.get(model_name) if name in targets else None
    if model is None or names != ",".join(model.features):
        raise ValueError(
            f"the stored model {model_name} for {name} was trained on other features than today's code computes; train it "
            "again with `dmp build`"
        )
    if features.empty:
        return model_name, np.zeros(0)
    return model_name, model.predict(parameters, feature_table(features, model.features))


def _hold_out(
    pool: ThreadPoolExecutor, targets: Mapping[str, Target], folds: Mapping[str, list[Fold]]
) -> dict[str, list[dict[str, _Held]]]:
    """Return, by target, fold and model, what was fitted before the cutoff and said of it."""
    jobs = [
        (name, number, key)
        for name, target in targets.items()
        for number, fold in enumerate(folds[name])
        for key in _competing(target, fold)
        if not target.models[key].members
    ]

    def hold(job: tuple[str, int, str]) -> _Held:
        name, number, key = job
        fold, model = folds[name][number], targets[name].models[key]
        parameters = model.fit(feature_table(fold.past, model.features), _outcome(fold.past, targets[name]))
        return _Held(parameters, model.predict(parameters, feature_table(fold.test, model.features)))

    held: dict[str, list[dict[str, _Held]]] = {name: [{} for _ in folds[name]] for name in targets}
    for (name, number, key), found in zip(jobs, pool.map(hold, jobs), strict=True):
        held[name][number][key] = found
    for name, target in targets.items():
        for number, fold in enumerate(folds[name]):
            held[name][number] = {
                key: _mean_of(held[name][number], target.models[key].members)
                if target.models[key].members
                else held[name][number][key]
                for key in _competing(target, fold)
            }
    return held


def _mean_of(held: Mapping[str, _Held], members: tuple[str, ...]) -> _Held:
    """Return the mean of models without fitting them again."""
    return _Held(
        joined({name: held[name].parameters for name in members}),
        np.mean([held[name].prediction for name in members], axis=0),
    )


def _competing(target: Target, fold: Fold) -> list[str]:
    learned = _outcome(fold.past, target)
    is_constant = target.kind == "probability" and (learned.all() or not learned.any())
    return [key for key, model in target.models.items() if model.is_baseline or not is_constant]


def _target_tables(
    name: str,
    target: Target,
    known: pd.DataFrame,
    folds: list[Fold],
    held: list[dict[str, _Held]],
    incumbent: str | None,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return every table's rows of one target."""
    newest, outcome = folds[0], _outcome(folds[0].test, target)
    champion, reason = _choose(target, folds, held, incumbent, seed)
    thresholds = [_thresholds(target, folds, held, number) for number in range(-1, len(folds))]
    board = pd.concat(
        [_board(target, fold, held[number], thresholds[number + 1], seed) for number, fold in enumerate(folds)]
    ).assign(target=name, is_champion=lambda rows: rows["model"] == champion)
    board["is_newest"] = board["cutoff_on"] == newest.cutoff_on
    tables = {"leaderboard": board}
    if target.kind == "probability":
        tables["reliability"] = pd.concat(
            [
                reliability(one.prediction, _outcome(fold.test, target)).assign(cutoff_on=fold.cutoff_on, model=key)
                for fold, models in zip(folds, held, strict=True)
                for key, one in models.items()
            ]
        ).assign(target=name)
    about = {"target": name, "cutoff_on": newest.cutoff_on}
    tables["gains"] = pd.concat(
        [gains(one.prediction, outcome).assign(model=key, **about) for key, one in held[0].items()]
    )
    model, parameters = target.models[champion], held[0][champion].parameters
    tested = feature_table(newest.test, model.features)
    importance = permutation_importance(lambda rows: model.predict(parameters, rows), tested, target.kind, seed=seed)
    shown = importance.loc[importance["importance"] > 0, "feature"].tolist()[:FEATURES_SHOWN]
    dependence = partial_dependence(lambda rows: model.predict(parameters, rows), tested, shown, seed=seed)
    tables["importance"] = importance.assign(model=champion, **about)
    tables["dependence"] = dependence.assign(model=champion, target=name)

    learned = newest_cutoffs(known, target.training_cutoffs)
    roles = {CHAMPION: champion, BASELINE: _best_baseline(target, board, newest)}
    fitted = [
        _fitted(target, role, key, learned).assign(
            threshold=thresholds[0].get(key, np.nan), metrics=_metrics_text(board, key)
        )
        for role, key in [*roles.items(), *((REFERENCE, key) for key in target.references)]
    ]
    tables["models"] = pd.concat(fitted).assign(
        target=name, previous_model=incumbent, horizon_days=target.horizon_days, code_version=code_version()
    )
    tables["models"]["reason"] = tables["models"]["role"].map(
        {CHAMPION: reason, BASELINE: "best of the baselines", REFERENCE: "kept beside the champion for its parts"}
    )
    scores = pd.DataFrame(
        {
            name: model.predict(tables["models"]["parameters"].iloc[0], feature_table(learned, model.features)),
            "as_of_on": known["as_of_on"].max(),
        }
    )
    tables["bins"] = feature_bins(scores, [name]).assign(kind=SCORE)
    return tables


def _choose(
    target: Target, folds: list[Fold], held: list[dict[str, _Held]], incumbent: str | None, seed: int
) -> tuple[str, str]:
    """Return the champion and why: the incumbent by the newest cutoff, otherwise the best of all cutoffs together."""
    why_not = ""
    if incumbent is not None:
        newest, draws = _losses(target, folds[:1], held[:1], seed)
        stays, why = challenge(incumbent, newest, target.baselines, draws)
        if stays:
            return incumbent, why
        why_not = f"; {why}"
    everything, draws = _losses(target, folds, held, seed)
    champion, reason = choose_champion(everything, target.baselines, draws)
    return champion, reason + why_not


def _losses(
    target: Target, folds: list[Fold], held: list[dict[str, _Held]], seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return, by model that competed on all these cutoffs, the mean loss of each customer, and the bootstrap's draws."""
    customers = np.concatenate([fold.test["customer_id"].to_numpy(dtype=object) for fold in folds])
    found = {
        key: _by_customer(
            customers,
            np.concatenate(
                [
                    losses(target.kind, models[key].prediction, _outcome(fold.test, target))
                    for fold, models in zip(folds, held, strict=True)
                ]
            ),
        )
        for key in held[0]
        if all(key in models for models in held)
    }
    return found, resamples(len(np.unique(customers.astype(str))), seed)


def _thresholds(target: Target, folds: list[Fold], held: list[dict[str, _Held]], number: int) -> dict[str, float]:
    """Return each model's threshold for a test cutoff, from the cutoffs whose outcomes were known by then.

    Number -1 is the present, for which all are known.
    """
    if target.kind != "probability":
        return {}
    earlier = [
        place
        for place, fold in enumerate(folds)
        if number < 0 or (fold.test["known_on"] <= folds[number].cutoff_on).all()
    ]
    found = {}
    for key in held[max(number, 0)]:
        parts = [(held[p][key].prediction, _outcome(folds[p].test, target)) for p in earlier if key in held[p]]
        if parts:
            predictions, outcomes = (np.concatenate(values) for values in zip(*parts, strict=True))
            if (threshold := best_threshold(predictions, outcomes)) is not None:
                found[key] = threshold
    return found


def _board(
    target: Target, fold: Fold, held: Mapping[str, _Held], thresholds: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """Return the metrics of every model on one test cutoff with their bootstrap intervals over customers."""
    outcome = _outcome(fold.test, target)
    codes, customers = pd.factorize(fold.test["customer_id"])
    counts = np.bincount(codes)
    draws = resamples(len(customers), seed, METRIC_DRAWS)
    weights = np.vstack([np.full(len(outcome), 1 / len(outcome)), _rows_of(draws, codes, counts)])
    rows = [
        (fold.cutoff_on, key, metric, *_value_and_interval(metric, values), len(outcome))
        for key, one in held.items()
        for metric, values in metrics(target.kind, one.prediction, outcome, weights, thresholds.get(key)).items()
        if not np.isnan(values[0])
    ]
    return pd.DataFrame.from_records(
        rows, columns=["cutoff_on", "model", "metric", "value", "ci_low", "ci_high", "examples"]
    )


def _rows_of(draws: np.ndarray, codes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the weights of rows from those of customers: a customer's rows are drawn together."""
    if (counts == 1).all():
        return draws[:, codes]
    weights = draws[:, codes]
    return weights / weights.sum(axis=1, keepdims=True)


def _by_customer(customers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of each customer's rows."""
    return pd.Series(values).groupby(customers).mean().to_numpy()


def _best_baseline(target: Target, board: pd.DataFrame, newest: Fold) -> str:
    deciding = board[(board["cutoff_on"] == newest.cutoff_on) & board["model"].isin(target.baselines)]
    by_metric = deciding.pivot_table(index="model", columns="metric", values="value", sort=False)
    order = {"probability": ("log_loss", True), "mean": ("r2", False), "median": ("mae", True)}
    metric, ascending = order[target.kind]
    if metric not in by_metric:
        return str(by_metric.index[0])
    return str(by_metric[metric].sort_values(ascending=ascending, kind="stable").index[0])


def _fitted(target: Target, role: str, key: str, learned: pd.DataFrame) -> pd.DataFrame:
    model = target.models[key]
    features, outcome = feature_table(learned, model.features), _outcome(learned, target)
    return pd.DataFrame(
        {
            "role": [role],
            "model": key,
            "features": ",".join(model.features),
            "parameters": model.fit(features, outcome),
            "training_rows": len(learned),
            "first_cutoff_on": learned["as_of_on"].min(),
            "last_cutoff_on": learned["as_of_on"].max(),
            "data_version": _data_version(features.assign(outcome=outcome)),
        }
    )


def _data_version(frame: pd.DataFrame) -> str:
    return hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()).hexdigest()[:12]


@cache
def code_version() -> str:
    """Return a hash of the code that trains: it changes with every file of this folder."""
    folder = Path(__file__).parent
    files = sorted(folder.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _metrics_text(board: pd.DataFrame, key: str) -> str:
    rows = board[(board["model"] == key) & board["is_newest"]]
    return json.dumps({metric: round(value, 6) for metric, value in zip(rows["metric"], rows["value"], strict=True)})


def _outcome(examples: pd.DataFrame, target: Target) -> np.ndarray:
    return examples[target.outcome].to_numpy(dtype=bool if target.kind == "probability" else float)


def _value_and_interval(metric: str, values: np.ndarray) -> tuple[float, float, float]:
    """Return the value and its interval from the value followed by those of the draws."""
    known = values[1:][~np.isnan(values[1:])]
    if metric == CALIBRATION_ERROR or not len(known):
        return float(values[0]), np.nan, np.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(values[0]), float(low), float(high)


def _table(parts: list[pd.DataFrame], columns: Mapping[str, str], **constants: object) -> pd.DataFrame:
    """Return the parts as one frame of these columns and types, also where there are none."""
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=pd.Index(columns))
    return table.assign(**{name: [value] * len(table) for name, value in constants.items()})[list(columns)].astype(
        columns
    )
