"""Customer predictions: apply what was trained.

Two steps, because they are due at different times. `training.train` takes its time and is repeated now and then; `predict`
applies what was trained and is repeated whenever there are new orders. Both work on any frame of features and a label:

    from dmp_assets.forecasts.customers.predictions import predict
    from dmp_assets.forecasts.customers.targets import Target, probability_models
    from dmp_assets.forecasts.customers.training import train

    targets = {"bought": Target("probability", probability_models(["visits", "age"], ["visits"]), "bought", horizon_days=14)}
    trained = train({"bought": examples}, date(2024, 6, 1), targets=targets)  # customer_id, as_of_on, visits, age, bought
    scores = predict({"bought": today}, trained.models, targets=targets)  # customer_id, as_of_on, visits, age
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.categories import CATEGORY_28D
from dmp_assets.forecasts.customers.champions import CHAMPION
from dmp_assets.forecasts.customers.examples import feature_table
from dmp_assets.forecasts.customers.frames import table
from dmp_assets.forecasts.customers.lifetime_value import lifetime_parts
from dmp_assets.forecasts.customers.schema import CATEGORY_PROPENSITY, CUSTOMER_PREDICTIONS, LIFETIME_VALUES
from dmp_assets.forecasts.customers.targets import COMPLEMENTS, TARGETS, Target

YEAR_DAYS = 364


def predict(
    features: Mapping[str, pd.DataFrame], models: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS
) -> pd.DataFrame:
    """Return what the champions foresee for every customer.

    Args:
        features: by target: customer_id, as_of_on and the features of its models; one row per customer.
        models: from `training.train`, of this as-of date or an earlier one.
        targets: as for `training.train`.

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
    return table(tables, CUSTOMER_PREDICTIONS).sort_values(["customer_id", "target"], ignore_index=True)


def propensity(
    candidates: pd.DataFrame, models: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS
) -> pd.DataFrame:
    """Return who buys in which category.

    Args:
        candidates: from `categories.category_candidates`.
        models: from `training.train`.
        targets: as for `training.train`.

    Returns:
        customer_id, rank, product_category, probability, order_days_90d, model, as_of_on, sorted by customer and rank; no rows
        where there is no model.
    """
    found = score(candidates, CATEGORY_28D, models, targets=targets)
    if found is None:
        return table([], CATEGORY_PROPENSITY)
    ranked = candidates.assign(
        model=found[0], probability=found[1], order_days_90d=candidates["category_order_days_90d"]
    ).sort_values(["customer_id", "probability", "product_category"], ascending=[True, False, True])
    return table([ranked.assign(rank=ranked.groupby("customer_id").cumcount() + 1)], CATEGORY_PROPENSITY)


def lifetime_values(customers: pd.DataFrame, served: pd.DataFrame, parameters: str | None, days: int) -> pd.DataFrame:
    """Return what each customer is worth, and what that is made of.

    The value of a year is the served value of `days`, stretched by how many more orders BG/NBD expects in a year: with one
    year of data nothing can learn it, or check it.

    Args:
        customers: customer_id, as_of_on and BG_NBD_FEATURES.
        served: customer_id, model, prediction (sales of the next `days`, currency) for the same customers.
        parameters: from `fit_bg_nbd`; None where no model could be trained.
        days: of the served value.

    Returns:
        customer_id, as_of_on, probability_alive, expected_orders, expected_order_amount, bg_nbd_value, model, value, value_364d;
        one row per customer, sorted; none without parameters.
    """
    if parameters is None:
        return table([], LIFETIME_VALUES)
    parts = lifetime_parts(parameters, customers, days)
    year = lifetime_parts(parameters, customers, YEAR_DAYS)["expected_orders"]
    values = customers[["customer_id", "as_of_on"]].join(parts)
    values["bg_nbd_value"] = parts["expected_orders"] * parts["expected_order_amount"]
    # Whoever has left for certain has no orders to stretch: at most a year of the days served.
    values["stretch"] = (year / parts["expected_orders"].where(parts["expected_orders"] > 0)).fillna(1.0)
    values = values.merge(served[["customer_id", "model", "prediction"]], on="customer_id", validate="one_to_one")
    values["value_364d"] = values["prediction"] * values.pop("stretch")
    values = values.rename(columns={"prediction": "value"})
    return table([values], LIFETIME_VALUES).sort_values("customer_id", ignore_index=True)


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
        models: from `training.train`.
        targets: as for `training.train`.
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
