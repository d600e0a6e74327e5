from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest

from dmp_assets.forecasts.customers import schema
from dmp_assets.forecasts.customers.examples import AMOUNT, CHURN, FEATURES, PURCHASE
from dmp_assets.forecasts.customers.plots import (
    plot_dependence,
    plot_gains,
    plot_importance,
    plot_prediction_leaderboard,
    plot_reliability,
)
from dmp_assets.forecasts.customers.predictions import predict, propensity, score
from dmp_assets.forecasts.customers.targets import TARGETS, Model, Target, probability_models
from dmp_assets.forecasts.customers.training import Trained, train

AS_OF = date(2018, 1, 1)
CUTOFFS = pd.to_datetime(["2017-08-14", "2017-09-11", "2017-10-09", "2017-11-06", "2017-12-04"])
TESTED = {name: TARGETS[name] for name in (CHURN, AMOUNT)}
CONTRACTS = {
    "leaderboard": schema.PREDICTION_LEADERBOARD,
    "models": schema.PREDICTION_MODELS,
    "reliability": schema.PREDICTION_RELIABILITY,
    "gains": schema.PREDICTION_GAINS,
    "importance": schema.PREDICTION_IMPORTANCE,
    "dependence": schema.PREDICTION_DEPENDENCE,
    "bins": schema.PREDICTION_BINS,
}

pytestmark = pytest.mark.usefixtures("only_linear_families")


@pytest.fixture(scope="module")
def examples_of() -> Callable[..., pd.DataFrame]:
    """Return a builder of examples: customers whose churn depends on recency and on their deli share, which no baseline sees."""

    def build(customers: int = 300, cutoffs: pd.DatetimeIndex = CUTOFFS) -> pd.DataFrame:
        random = np.random.default_rng(5)
        rows = customers * len(cutoffs)
        frame = pd.DataFrame(random.random((rows, len(FEATURES))), columns=pd.Index(FEATURES))
        frame["recency_days"] = random.integers(1, 90, rows)
        frame["sales_amount_90d"] = 90 * random.gamma(2, 2, rows)
        frame["sales_amount_28d"] = 0.3 * frame["sales_amount_90d"] * random.random(rows)
        score = 3 * np.log1p(frame["recency_days"]) + 8 * frame["private_label_share"] - 15
        frame[CHURN] = random.random(rows) < 1 / (1 + np.exp(-score))
        frame[AMOUNT] = np.where(frame[CHURN], 0, 0.3 * frame["sales_amount_90d"] * random.random(rows))
        frame["customer_id"] = [f"c{i:03}" for _ in cutoffs for i in range(customers)]
        frame["as_of_on"] = np.repeat(cutoffs.as_unit("us"), customers)
        return frame

    return build


@pytest.fixture
def examples(examples_of) -> pd.DataFrame:
    return examples_of()


def trained_on(examples: pd.DataFrame, **options) -> Trained:
    return train(dict.fromkeys(TESTED, examples), AS_OF, targets=TESTED, **options)


def predicted(examples: pd.DataFrame, trained: Trained) -> pd.DataFrame:
    return predict(dict.fromkeys(TESTED, examples), trained.models, targets=TESTED)


@pytest.fixture
def trained(examples) -> Trained:
    return trained_on(examples)


def champion(trained: Trained, target: str) -> str:
    board = trained.leaderboard
    return board.loc[(board["target"] == target) & board["is_champion"], "model"].iloc[0]


def check(trained: Trained, predictions: pd.DataFrame) -> None:
    for name, contract in CONTRACTS.items():
        contract.validate(getattr(trained, name), lazy=True)
    schema.CUSTOMER_PREDICTIONS.validate(predictions, lazy=True)


def test_every_model_is_compared_on_three_cutoffs_and_the_champion_beats_the_baselines(examples, trained):
    predictions = predicted(examples[examples["as_of_on"] == CUTOFFS[-1]], trained)
    check(trained, predictions)
    board = trained.leaderboard
    assert board.groupby("target")["cutoff_on"].unique().map(len).to_dict() == {CHURN: 3, AMOUNT: 3}
    assert board.groupby("target")["model"].nunique().to_dict() == {CHURN: 3, AMOUNT: 3}
    assert champion(trained, CHURN) == "logistic"
    assert trained.models["role"].tolist() == ["champion", "baseline"] * 2
    assert trained.models["training_rows"].tolist() == [1500] * 4
    assert len(predictions) == 900
    assert predictions["customer_id"].is_monotonic_increasing


def test_a_purchase_is_one_less_churn_by_the_same_model(examples, trained):
    wide = predicted(examples[:300], trained).pivot_table(index="customer_id", columns="target", values="prediction")
    assert (wide[CHURN] + wide[PURCHASE]).tolist() == pytest.approx([1] * 300)


def test_thresholds_are_chosen_on_earlier_cutoffs_only(examples, trained):
    board = trained.leaderboard
    with_f1 = board.loc[board["metric"] == "f1", "cutoff_on"].unique()
    assert sorted(with_f1) == sorted(CUTOFFS[-2:])
    changed = examples.copy()
    changed.loc[changed["as_of_on"] == CUTOFFS[-1], CHURN] = True
    rows = trained_on(changed).leaderboard
    on_earlier = (board["cutoff_on"] < CUTOFFS[-1]) & (board["target"] == CHURN)
    pdt.assert_frame_equal(
        rows[(rows["cutoff_on"] < CUTOFFS[-1]) & (rows["target"] == CHURN)]
        .drop(columns="is_champion")
        .reset_index(drop=True),
        board[on_earlier].drop(columns="is_champion").reset_index(drop=True),
    )


def test_the_comparison_learns_only_from_horizons_that_ended_before_the_cutoff(examples, trained):
    late = examples[examples["as_of_on"] == CUTOFFS[1]][:100].assign(as_of_on=CUTOFFS[-1] - pd.Timedelta(days=7))
    late[CHURN] = ~late[CHURN]
    again = trained_on(pd.concat([examples, late]))
    pdt.assert_frame_equal(again.leaderboard, trained.leaderboard)


def test_the_order_of_the_rows_threads_and_a_second_run_do_not_matter(examples, trained):
    again = trained_on(examples.sample(frac=1, random_state=1), n_jobs=1)
    for name in CONTRACTS:
        pdt.assert_frame_equal(getattr(again, name), getattr(trained, name))


def test_a_model_that_serves_stays_while_no_challenger_is_better(examples, trained):
    old = trained.models.assign(as_of_on=pd.Timestamp("2017-12-25"))
    again = trained_on(examples, served=old)
    row = again.models[again.models["role"] == "champion"].set_index("target").loc[CHURN]
    assert (row["model"], row["previous_model"]) == ("logistic", "logistic")
    assert row["reason"].startswith("served before")
    old.loc[old["target"] == CHURN, "model"] = "recency"
    again = trained_on(examples, served=old)
    row = again.models[again.models["role"] == "champion"].set_index("target").loc[CHURN]
    assert (row["model"], row["previous_model"]) == ("logistic", "recency")
    assert "recency, which served before, is behind" in row["reason"]
    rerun = trained_on(examples, served=again.models)
    pdt.assert_frame_equal(rerun.models, again.models)


def test_a_model_of_other_features_is_refused(examples, trained):
    old = trained.models.assign(features=trained.models["features"].str.replace("recency_days", "recency", regex=False))
    with pytest.raises(ValueError, match=r"model logistic for churn_28d was trained on other features.*dmp build"):
        score(examples, CHURN, old)
    with pytest.raises(ValueError, match="stored model crystal_ball"):
        score(examples, CHURN, trained.models.assign(model="crystal_ball"))
    with pytest.raises(ValueError, match="older version and lack role; train with `dmp build`"):
        score(examples, CHURN, trained.models.drop(columns="role"))
    with pytest.raises(ValueError, match="lack recency_days"):
        score(examples.drop(columns="recency_days"), CHURN, trained.models)


@pytest.mark.parametrize("cutoffs", [CUTOFFS[:0], CUTOFFS[-1:], CUTOFFS[-1:].union([pd.Timestamp("2017-11-13")])])
def test_too_little_history_gives_empty_tables(examples_of, examples, cutoffs):
    trained = trained_on(examples_of(20, cutoffs))
    predictions = predicted(examples, trained)
    check(trained, predictions)
    assert trained.leaderboard.empty
    assert predictions.empty
    assert propensity(examples, trained.models).empty
    plot_prediction_leaderboard(trained.leaderboard)
    plot_reliability(trained.reliability, trained.leaderboard)
    plot_gains(trained.gains, trained.leaderboard)
    plot_importance(trained.importance)
    plot_dependence(trained.dependence)


@pytest.mark.parametrize("everybody_leaves", [True, False])
def test_with_one_outcome_only_the_baselines_compete(examples_of, everybody_leaves):
    examples = examples_of(50).assign(**{CHURN: everybody_leaves, AMOUNT: 0.0 if everybody_leaves else 12.5})
    trained = trained_on(examples)
    check(trained, predicted(examples[examples["as_of_on"] == CUTOFFS[-1]], trained))
    board = trained.leaderboard
    assert set(board.loc[board["target"] == CHURN, "model"]) == {"recency", "order_count"}
    assert champion(trained, CHURN) == "recency"
    assert not {"roc_auc", "pr_auc", "r2"} & set(board["metric"])


def test_a_model_that_cannot_be_fitted_does_not_compete_and_the_reason_is_told(examples):
    def refuse(features: pd.DataFrame, outcome: np.ndarray) -> str:
        raise ValueError(f"needs {len(features.columns) + len(outcome)} wonders")

    def fit(features: pd.DataFrame, outcome: np.ndarray) -> str:
        # Fits before the test cutoffs, and not to the newest examples.
        return refuse(features, outcome) if len(features) == len(examples) else "{}"

    names = ("recency_days",)
    never = Model(names, refuse, lambda *_: np.zeros(0))
    nonsense = Model(names, lambda *_: "{}", lambda _, rows: np.full(len(rows), np.nan))
    at_first = Model(names, fit, lambda _, rows: examples.loc[rows.index, CHURN].to_numpy(float))
    models = {
        **{name: TARGETS[CHURN].models[name] for name in ("recency", "logistic")},
        "never": never,
        "nonsense": nonsense,
        "both": Model(names, refuse, never.predict, members=("never", "logistic")),
        "at_first": at_first,
    }
    target = Target("probability", models, CHURN, references=("never", "at_first"))
    trained = train({CHURN: examples}, AS_OF, targets={CHURN: target})
    assert set(trained.leaderboard["model"]) == {"recency", "logistic", "at_first"}
    served = trained.models.set_index("role")
    assert served["model"].to_dict() == {"champion": "logistic", "baseline": "recency"}
    assert "never could not be fitted: needs " in served.loc["champion", "reason"]
    assert "nonsense could not be fitted: its predictions are no numbers" in served.loc["champion", "reason"]
    assert "at_first could not be fitted: needs 1501 wonders" in served.loc["champion", "reason"]


def test_one_customer_and_unknown_and_constant_features_give_numbers(examples_of):
    examples = examples_of(1)
    examples[["overdue_ratio", "display_share"]] = np.nan
    examples["frequency"] = 1.0
    trained = trained_on(examples)
    check(trained, predicted(examples[-1:], trained))


def test_a_customer_without_history_is_predicted(examples, trained):
    newcomer = examples[:1].assign(**dict.fromkeys(FEATURES, np.nan))
    check(trained, predicted(newcomer, trained))


def test_any_frame_of_features_and_a_label_is_enough():
    random = np.random.default_rng(1)
    cutoffs = pd.date_range("2024-01-01", periods=6, freq="14D")
    examples = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for _ in cutoffs for n in range(100)],
            "as_of_on": np.repeat(cutoffs, 100),
            "visits": random.poisson(3, 600),
            "age": random.integers(18, 80, 600),
        }
    )
    examples["bought"] = random.random(600) < examples["visits"] / 10
    targets = {"bought": Target("probability", probability_models(["visits", "age"], ["visits"]), "bought", 14)}
    trained = train({"bought": examples}, date(2024, 6, 1), targets=targets)
    scores = predict({"bought": examples[-100:]}, trained.models, targets=targets)
    assert trained.leaderboard["model"].nunique() == 8
    assert np.corrcoef(scores["prediction"], examples[-100:].sort_values("customer_id")["visits"])[0, 1] > 0.5


def test_rows_of_one_customer_are_drawn_together(examples):
    model = Model(("recency_days",), TARGETS[AMOUNT].models["ridge"].fit, TARGETS[AMOUNT].models["ridge"].predict, True)
    target = {AMOUNT: Target("mean", {"ridge": model}, AMOUNT, key=("shop",))}
    once = train({AMOUNT: examples.assign(shop="a")}, AS_OF, targets=target).leaderboard
    twice = pd.concat([examples.assign(shop=shop) for shop in "ab"])
    again = train({AMOUNT: twice}, AS_OF, targets=target).leaderboard
    mae = [board[board["metric"] == "mae"].set_index("cutoff_on") for board in (once, again)]
    pdt.assert_series_equal(mae[0]["ci_low"], mae[1]["ci_low"], rtol=1e-3)


def test_the_pictures_show_every_target(trained):
    panels = plot_prediction_leaderboard(trained.leaderboard).axes
    assert [axes.get_title().split(",")[0] for axes in panels] == [CHURN, CHURN, AMOUNT, AMOUNT]
    assert plot_reliability(trained.reliability, trained.leaderboard).axes[0].get_title() == f"{CHURN}: logistic"
    assert [axes.get_title() for axes in plot_gains(trained.gains, trained.leaderboard).axes] == [CHURN, AMOUNT]
    assert len(plot_importance(trained.importance).axes) == 2
    assert len(plot_dependence(trained.dependence).axes) == 6
