"""Customer predictions as assets: read, compute, store, record."""

from collections.abc import Iterator
from dataclasses import replace

import pandera.pandas as pa

from dmp_assets.analysis import inputs
from dmp_assets.forecasts.customers import monitoring, schema
from dmp_assets.forecasts.customers.campaigns import RESPONSE, campaign_candidates, campaign_examples
from dmp_assets.forecasts.customers.categories import CATEGORY_28D, category_candidates, category_examples
from dmp_assets.forecasts.customers.champions import REFERENCE
from dmp_assets.forecasts.customers.examples import (
    FEATURES,
    VALUE,
    VALUE_DAYS,
    active_customers,
    all_customers,
    examples,
    value_examples,
)
from dmp_assets.forecasts.customers.plots import (
    plot_dependence,
    plot_drift,
    plot_gains,
    plot_importance,
    plot_lifetime_values,
    plot_prediction_leaderboard,
    plot_reliability,
)
from dmp_assets.forecasts.customers.predictions import lifetime_values, predict, propensity
from dmp_assets.forecasts.customers.sections import SECTIONS
from dmp_assets.forecasts.customers.targets import KEPT_DAYS, TARGETS
from dmp_assets.forecasts.customers.training import train
from dmp_assets.platform.automation import Cadence
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.history import History, stored
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Alarm, Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse

SOURCE = "marts.customer_features"
_FEATURES = [f"{SOURCE}.{feature}" for feature in FEATURES]
_PERSONS = [f"marts.customer_identifiers.{column}" for column in ("identifier_id", "customer_id", "owner_number")]
_VERSIONS = [
    f"marts.customer_versions.{column}"
    for column in ("identifier_id", "customer_id", "from_on", "until_on", "owned_from_at", "owned_until_at")
]
_ORDERS = [
    *(f"marts.fct_orders.{column}" for column in ("customer_id", "order_on", "has_sale", "sales_amount")),
    *_PERSONS,
]
_CAMPAIGNS = [
    *(
        f"marts.dim_campaigns.{column}"
        for column in ("campaign_id", "campaign_type", "start_on", "end_on", "duration_days")
    ),
    *(f"marts.dim_campaigns.{column}" for column in ("coupon_count", "product_count", "member_count")),
]
_TOUCHES = [
    f"marts.fct_touches.{column}" for column in ("source_customer_id", "campaign_id", "touch_type", "touched_on")
]
_CATEGORIES = [
    *(
        f"marts.fct_order_lines.{column}"
        for column in ("identifier_id", "product_id", "ordered_at", "order_on", "line_type", "sales_amount")
    ),
    *_VERSIONS,
    *(f"marts.dim_products.{column}" for column in ("product_id", "product_category", "is_recommendable")),
]
_LEARNED_FROM = [*_FEATURES, *_ORDERS, *_CAMPAIGNS, *_TOUCHES, *_CATEGORIES]


def _predictions_table(
    name: str,
    contract: pa.DataFrameSchema,
    sources: dict[str, list[str]],
    rest: list[str],
    cadence: Cadence = "daily",
    history: History | None = None,
) -> Table:
    """Every column comes from `rest`, unless `sources` or the features' own column says otherwise."""
    own = {"customer_id", "as_of_on"}
    derived = {**dict.fromkeys(set(contract.columns) - own, rest), **sources}
    return Table("forecasts", name, contract, lineage(contract, source=SOURCE, derived=derived), cadence, history)


def _trained(name: str, contract: pa.DataFrameSchema) -> Table:
    return _predictions_table(name, contract, {}, _LEARNED_FROM, "weekly")


BOARD = _trained("prediction_leaderboard", schema.PREDICTION_LEADERBOARD)
MODELS = _trained("prediction_models", schema.PREDICTION_MODELS)
RELIABILITY = _trained("prediction_reliability", schema.PREDICTION_RELIABILITY)
GAINS = _trained("prediction_gains", schema.PREDICTION_GAINS)
IMPORTANCE = _trained("prediction_importance", schema.PREDICTION_IMPORTANCE)
DEPENDENCE = _trained("prediction_dependence", schema.PREDICTION_DEPENDENCE)
BINS = _trained("prediction_bins", schema.PREDICTION_BINS)
TRAINED = (BOARD, MODELS, RELIABILITY, GAINS, IMPORTANCE, DEPENDENCE, BINS)

_SCORED = [f"{MODELS.full_name}.parameters", *_FEATURES]
_MODEL = {"target": [f"{MODELS.full_name}.target"], "model": [f"{MODELS.full_name}.model"]}

PREDICTIONS = _predictions_table("customer_predictions", schema.CUSTOMER_PREDICTIONS, _MODEL, [*_SCORED, *_CAMPAIGNS])
CATEGORIES = _predictions_table(
    "category_propensity",
    schema.CATEGORY_PROPENSITY,
    {
        "model": _MODEL["model"],
        "product_category": ["marts.dim_products.product_category"],
        "order_days_90d": _CATEGORIES,
    },
    [*_SCORED, *_CATEGORIES],
)
LIFETIME_VALUES = _predictions_table("lifetime_values", schema.LIFETIME_VALUES, {"model": _MODEL["model"]}, _SCORED)
HISTORY = _predictions_table(
    "prediction_history",
    schema.PREDICTION_HISTORY,
    {
        **_MODEL,
        "baseline_model": _MODEL["model"],
        "known_on": [f"{SOURCE}.as_of_on", f"{MODELS.full_name}.horizon_days"],
    },
    _SCORED,
    history=History(days=KEPT_DAYS),
)


def _worse_than_baseline(warehouse: Warehouse) -> Iterator[str]:
    """Yield the served models that turned out worse than the simple answer."""
    worse = warehouse.query(
        f"""
        select target, model, metric, value, baseline_value, as_of_on
        from {OUTCOMES.full_name} as outcomes
        where is_worse and as_of_on = (
            select max(other.as_of_on) from {OUTCOMES.full_name} as other
            where other.target = outcomes.target and other.as_of_on < {inputs.AS_OF}
        )
        order by target
        """
    )
    for target, model, metric, value, baseline, as_of_on in worse.itertuples(index=False, name=None):
        yield f"{target} of {as_of_on:%Y-%m-%d}: {metric} of {model} {value:.4g}, of the baseline {baseline:.4g}"


OUTCOMES = replace(
    _predictions_table(
        "prediction_outcomes",
        schema.PREDICTION_OUTCOMES,
        {column: [f"{HISTORY.full_name}.{column}"] for column in ("as_of_on", "target", "model")},
        [f"{HISTORY.full_name}.prediction", f"{HISTORY.full_name}.baseline_prediction", f"{SOURCE}.as_of_on", *_ORDERS],
        history=History(by=("as_of_on", "target")),
    ),
    alarm=Alarm(
        "better_than_baseline",
        "On the newest day whose outcome is known, no served model was worse than the baseline by the deciding metric.",
        _worse_than_baseline,
    ),
)


def _drifting(warehouse: Warehouse) -> Iterator[str]:
    """Yield how the customers of today are no longer like those that the models learned from."""
    drifting = warehouse.query(
        f"""
        select kind, feature, psi from {DRIFT.full_name}
        where is_drifting and as_of_on = {inputs.AS_OF}
        order by psi desc, feature
        """
    )
    alarming = drifting[~drifting["feature"].isin(monitoring.GROWING)]
    for kind, feature, psi in alarming.itertuples(index=False, name=None):
        yield f"{kind} {feature} has drifted: {psi:.2f}"


DRIFT = replace(
    _predictions_table(
        "prediction_drift",
        schema.PREDICTION_DRIFT,
        {"reference_as_of_on": [f"{BINS.full_name}.as_of_on"]},
        [f"{BINS.full_name}.{column}" for column in ("kind", "feature", "upper_bound", "share")] + _SCORED,
        history=History(),
    ),
    alarm=Alarm(
        "no_drift",
        "No score, and no input but those that grow with time, has drifted from the training data (population stability index at "
        "most 0.2).",
        _drifting,
    ),
)
SERVED = (PREDICTIONS, CATEGORIES, LIFETIME_VALUES, HISTORY, DRIFT)


@makes(*TRAINED)
def train_predictions(warehouse: Warehouse) -> Results:
    """Compare the models of every target on the newest cutoffs and train the champions for the next days."""
    of_customers = warehouse.query(examples(inputs.AS_OF))
    others = {
        VALUE: warehouse.query(value_examples(inputs.AS_OF)),
        RESPONSE: warehouse.query(campaign_examples(inputs.AS_OF)),
        CATEGORY_28D: warehouse.query(category_examples(inputs.AS_OF)),
    }
    trained = train(
        {target: others.get(target, of_customers) for target in TARGETS},
        inputs.as_of(warehouse),
        served=stored(warehouse, MODELS.full_name),
    )
    frames = {
        BOARD: trained.leaderboard,
        MODELS: trained.models,
        RELIABILITY: trained.reliability,
        GAINS: trained.gains,
        IMPORTANCE: trained.importance,
        DEPENDENCE: trained.dependence,
        BINS: trained.bins,
    }
    plots = {
        BOARD: {"leaderboard": plot_prediction_leaderboard(trained.leaderboard)},
        RELIABILITY: {"reliability": plot_reliability(trained.reliability, trained.leaderboard)},
        GAINS: {"gains": plot_gains(trained.gains, trained.leaderboard)},
        IMPORTANCE: {"importance": plot_importance(trained.importance)},
        DEPENDENCE: {"dependence": plot_dependence(trained.dependence)},
    }
    yield from save(warehouse, frames, plots=plots)


@makes(*SERVED)
def predict_customers(warehouse: Warehouse) -> Results:
    """Predict every target for every customer by its champion, and measure drift against the training data."""
    active = warehouse.query(active_customers(inputs.AS_OF))
    everyone = warehouse.query(all_customers(inputs.AS_OF))
    models = inputs.trained(warehouse, MODELS.full_name)
    features = {target: active for target, about in TARGETS.items() if not about.key and target != VALUE} | {
        VALUE: everyone,
        RESPONSE: warehouse.query(campaign_candidates(inputs.AS_OF)),
    }
    predictions = predict(features, models)
    references = models.loc[(models["target"] == VALUE) & (models["role"] == REFERENCE), "parameters"]
    values = predictions[predictions["target"] == VALUE]
    frames = {
        PREDICTIONS: predictions,
        CATEGORIES: propensity(warehouse.query(category_candidates(inputs.AS_OF)), models),
        LIFETIME_VALUES: lifetime_values(everyone, values, references.iloc[0] if len(references) else None, VALUE_DAYS),
        HISTORY: monitoring.served_today(predictions, features, models),
        DRIFT: monitoring.drift(active, predictions, inputs.trained(warehouse, BINS.full_name)),
    }
    plots = {
        LIFETIME_VALUES: {"lifetime_values": plot_lifetime_values(frames[LIFETIME_VALUES])},
        DRIFT: {"drift": plot_drift(frames[DRIFT])},
    }
    yield from save(warehouse, frames, plots=plots)


@makes(OUTCOMES)
def realise_predictions(warehouse: Warehouse) -> Results:
    """Compare earlier predictions with what happened since."""
    found = monitoring.realised(
        warehouse.query(f"select * from {HISTORY.full_name}"),
        warehouse.query(monitoring.outcomes_query(HISTORY.full_name, inputs.AS_OF)),
    )
    yield from save(warehouse, {OUTCOMES: found})


def domain(_: Settings) -> Domain:
    """Return the customer predictions: trained models, served scores, what came of earlier ones."""
    return Domain(
        tables=(*TRAINED, *SERVED, OUTCOMES),
        assets=(train_predictions, predict_customers, realise_predictions),
        sections=SECTIONS,
    )
