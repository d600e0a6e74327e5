"""Compare every target's models on the newest days, and train the best for the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from dmp_assets.analysis.drift import feature_bins
from dmp_assets.forecasts.customers import schema
from dmp_assets.forecasts.customers.calibration import gains, reliability
from dmp_assets.forecasts.customers.champions import BASELINE, CHAMPION, REFERENCE, incumbents
from dmp_assets.forecasts.customers.comparison import (
    Held,
    Tests,
    best_baseline,
    board_of,
    choose,
    outcome_of,
    thresholds_of,
)
from dmp_assets.forecasts.customers.examples import feature_table
from dmp_assets.forecasts.customers.families.ensemble import joined
from dmp_assets.forecasts.customers.folds import Fold, newest_cutoffs, prepared, split_folds
from dmp_assets.forecasts.customers.frames import INPUT, SCORE, table
from dmp_assets.forecasts.customers.importance import FEATURES_SHOWN, partial_dependence, permutation_importance
from dmp_assets.forecasts.customers.targets import TARGETS, Target

_SCHEMAS = {
    "leaderboard": schema.PREDICTION_LEADERBOARD,
    "models": schema.PREDICTION_MODELS,
    "reliability": schema.PREDICTION_RELIABILITY,
    "gains": schema.PREDICTION_GAINS,
    "importance": schema.PREDICTION_IMPORTANCE,
    "dependence": schema.PREDICTION_DEPENDENCE,
    "bins": schema.PREDICTION_BINS,
}


UNFIT = (ValueError, ArithmeticError)
"""What is raised where a model cannot be fitted to the rows there are: too few, all alike, without a solution."""


@dataclass(frozen=True)
class Trained:
    """What `train` found; columns, units and grain as in `schema`; no rows where there was too little history.

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
    from, the baselines compete alone; a model that cannot be fitted to what a shop has does not compete, and the champion's reason
    says so.

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
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in _SCHEMAS}
    # One thread per model: the sums of a product then do not depend on how many there are.
    with threadpool_limits(1), ThreadPoolExecutor(n_jobs) as pool:
        tests = _hold_out(pool, targets, folds)
        results = pool.map(
            lambda name: _target_tables(name, targets[name], known[name], tests[name], before.get(name), seed),
            [name for name in targets if folds[name]],
        )
        for tables in results:
            for kind, frame in tables.items():
                parts[kind].append(frame)
    inputs_of = next((name for name in targets if folds[name] and not targets[name].key), None)
    if inputs_of is not None:
        columns = list(dict.fromkeys(f for model in targets[inputs_of].models.values() for f in model.features))
        learned = newest_cutoffs(known[inputs_of], targets[inputs_of].training_cutoffs)
        parts["bins"].insert(0, feature_bins(learned, columns).assign(kind=INPUT))
    return Trained(**{name: table(frames, _SCHEMAS[name], as_of_on=as_of_on) for name, frames in parts.items()})


def _hold_out(
    pool: ThreadPoolExecutor, targets: Mapping[str, Target], folds: Mapping[str, list[Fold]]
) -> dict[str, Tests]:
    """Return by target how its models, fitted before each test cutoff, did on it."""
    jobs = [
        (name, number, key)
        for name, target in targets.items()
        for number, fold in enumerate(folds[name])
        for key in _competing(target, fold)
        if not target.models[key].members
    ]

    def hold(job: tuple[str, int, str]) -> Held | str:
        name, number, key = job
        fold, model = folds[name][number], targets[name].models[key]
        features, outcome = feature_table(fold.past, model.features), outcome_of(fold.past, targets[name])
        try:
            parameters = model.fit(features, outcome)
            prediction = model.predict(parameters, feature_table(fold.test, model.features))
        except UNFIT as error:
            return str(error)
        return Held(parameters, prediction) if np.isfinite(prediction).all() else "its predictions are no numbers"

    held: dict[str, list[dict[str, Held]]] = {name: [{} for _ in folds[name]] for name in targets}
    dropped: dict[str, dict[str, str]] = {name: {} for name in targets}
    for (name, number, key), found in zip(jobs, pool.map(hold, jobs), strict=True):
        if isinstance(found, Held):
            held[name][number][key] = found
        else:
            dropped[name].setdefault(key, found)
    for name, target in targets.items():
        for number, fold in enumerate(folds[name]):
            own = held[name][number]
            held[name][number] = {
                key: _mean_of(own, target.models[key].members) if target.models[key].members else own[key]
                for key in _competing(target, fold)
                if own.keys() >= set(target.models[key].members or [key])
            }
    return {name: Tests(folds[name], held[name], dropped[name]) for name in targets}


def _mean_of(held: Mapping[str, Held], members: tuple[str, ...]) -> Held:
    """Return the mean of models without fitting them again."""
    return Held(
        joined({name: held[name].parameters for name in members}),
        np.mean([held[name].prediction for name in members], axis=0),
    )


def _competing(target: Target, fold: Fold) -> list[str]:
    learned = outcome_of(fold.past, target)
    is_constant = target.kind == "probability" and (learned.all() or not learned.any())
    return [key for key, model in target.models.items() if model.is_baseline or not is_constant]


def _target_tables(
    name: str,
    target: Target,
    known: pd.DataFrame,
    tests: Tests,
    incumbent: str | None,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return every table's rows of one target."""
    folds, held = tests.folds, tests.held
    newest, outcome = folds[0], outcome_of(folds[0].test, target)
    learned = newest_cutoffs(known, target.training_cutoffs)
    fitted, reason = _champion(target, tests, learned, incumbent, seed)
    champion = str(fitted["model"].iloc[0])
    thresholds = [thresholds_of(target, folds, held, number) for number in range(-1, len(folds))]
    board = pd.concat(
        [board_of(target, fold, held[number], thresholds[number + 1], seed) for number, fold in enumerate(folds)]
    ).assign(target=name, is_champion=lambda rows: rows["model"] == champion)
    board["is_newest"] = board["cutoff_on"] == newest.cutoff_on
    tables = {"leaderboard": board}
    if target.kind == "probability":
        tables["reliability"] = pd.concat(
            [
                reliability(one.prediction, outcome_of(fold.test, target)).assign(cutoff_on=fold.cutoff_on, model=key)
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

    tables["models"] = pd.concat(
        [
            fitted,
            _fitted(target, BASELINE, best_baseline(target, board, newest), learned),
            *_references(target, held[0], learned),
        ]
    ).assign(target=name, previous_model=incumbent, horizon_days=target.horizon_days, code_version=code_version())
    keys = tables["models"]["model"]
    tables["models"]["threshold"] = [thresholds[0].get(key, np.nan) for key in keys]
    tables["models"]["metrics"] = [_metrics_text(board, key) for key in keys]
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


def _champion(
    target: Target, tests: Tests, learned: pd.DataFrame, incumbent: str | None, seed: int
) -> tuple[pd.DataFrame, str]:
    """Return the champion fitted to the newest examples, and why it serves; one that cannot be fitted to them makes way."""
    while True:
        champion, reason = choose(target, tests.folds, tests.held, incumbent, seed)
        try:
            fitted = _fitted(target, CHAMPION, champion, learned)
        except UNFIT as error:
            tests = tests.without(champion, str(error))
            continue
        return fitted, "; ".join([reason, *(f"{key} could not be fitted: {why}" for key, why in tests.dropped.items())])


def _references(target: Target, held: Mapping[str, Held], learned: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the references that can be fitted; why one cannot is in the champion's reason."""
    for key in target.references:
        if key in held:
            with suppress(*UNFIT):
                yield _fitted(target, REFERENCE, key, learned)


def _fitted(target: Target, role: str, key: str, learned: pd.DataFrame) -> pd.DataFrame:
    model = target.models[key]
    features, outcome = feature_table(learned, model.features), outcome_of(learned, target)
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
