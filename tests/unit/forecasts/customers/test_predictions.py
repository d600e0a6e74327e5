from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest

from dmp_assets.bootstrap import resamples
from dmp_assets.forecasts.customers.examples import AMOUNT, CHURN, FEATURES
from dmp_assets.forecasts.customers.plots import plot_prediction_leaderboard, plot_reliability
from dmp_assets.forecasts.customers.predictions import Trained, choose_champion, predict, train
from dmp_assets.forecasts.customers.schema import CUSTOMER_PREDICTIONS, PREDICTION_LEADERBOARD, PREDICTION_MODELS

AS_OF = date(2018, 1, 1)
CUTOFFS = pd.to_datetime(["2017-09-25", "2017-10-09", "2017-11-06", "2017-12-04"])


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
        frame["has_demographics"] = random.random(rows) < 0.5
        score = 3 * np.log1p(frame["recency_days"]) + 8 * frame["department_share_deli"] - 15
        frame[CHURN] = random.random(rows) < 1 / (1 + np.exp(-score))
        frame[AMOUNT] = np.where(frame[CHURN], 0, 0.3 * frame["sales_amount_90d"] * random.random(rows))
        frame["customer_id"] = [f"c{i:03}" for _ in cutoffs for i in range(customers)]
        frame["as_of_on"] = np.repeat(cutoffs.as_unit("us"), customers)
        return frame

    return build


@pytest.fixture(scope="module")
def examples(examples_of) -> pd.DataFrame:
    return examples_of()


@pytest.fixture(scope="module")
def trained(examples) -> Trained:
    return train(examples, AS_OF)


def champion(trained: Trained, target: str) -> str:
    board = trained.leaderboard
    return board.loc[(board["target"] == target) & board["is_champion"], "model"].iloc[0]


def check(trained: Trained, predictions: pd.DataFrame) -> None:
    PREDICTION_LEADERBOARD.validate(trained.leaderboard, lazy=True)
    PREDICTION_MODELS.validate(trained.models, lazy=True)
    CUSTOMER_PREDICTIONS.validate(predictions, lazy=True)


def test_every_model_is_compared_and_the_champion_beats_the_baselines(examples, trained):
    predictions = predict(examples[examples["as_of_on"] == CUTOFFS[-1]], trained.models)
    check(trained, predictions)
    assert trained.leaderboard.groupby("target")["model"].nunique().to_dict() == {CHURN: 4, AMOUNT: 4}
    assert champion(trained, CHURN) == "logistic"
    assert trained.models["training_rows"].tolist() == [1200, 1200]
    assert len(predictions) == 600
    assert predictions["customer_id"].is_monotonic_increasing


def test_the_comparison_learns_only_from_horizons_that_ended_before_the_newest_cutoff(examples, trained):
    late = examples[examples["as_of_on"] == CUTOFFS[1]].assign(as_of_on=CUTOFFS[-1] - pd.Timedelta(days=7))
    late[CHURN] = ~late[CHURN]
    again = train(pd.concat([examples, late]), AS_OF)
    pdt.assert_frame_equal(again.leaderboard, trained.leaderboard)


def test_the_order_of_the_rows_and_a_second_run_do_not_matter(examples, trained):
    again = train(examples.sample(frac=1, random_state=1), AS_OF)
    for name in ("leaderboard", "models", "held_out"):
        pdt.assert_frame_equal(getattr(again, name), getattr(trained, name))


def test_an_outcome_that_is_not_complete_is_refused(examples):
    with pytest.raises(ValueError, match="outcome of 2017-12-04 is not complete on 2017-12-31"):
        train(examples, date(2017, 12, 31))


@pytest.mark.parametrize("missing", ["customer_id", AMOUNT, "recency_days"])
def test_a_missing_column_is_named(examples, missing):
    with pytest.raises(ValueError, match=f"lack {missing}"):
        train(examples.drop(columns=missing), AS_OF)


def test_a_model_of_other_features_is_refused(examples, trained):
    old = trained.models.assign(features=trained.models["features"].str.replace("recency_days", "recency", regex=False))
    with pytest.raises(ValueError, match="model logistic for churn_28d was trained on other features"):
        predict(examples, old[old["target"] == CHURN])
    unknown = trained.models.assign(model="crystal_ball")
    with pytest.raises(ValueError, match="stored model crystal_ball"):
        predict(examples, unknown)


@pytest.mark.parametrize("cutoffs", [CUTOFFS[:0], CUTOFFS[-1:], CUTOFFS[-1:].union([pd.Timestamp("2017-11-13")])])
def test_too_little_history_gives_empty_tables(examples_of, examples, cutoffs):
    trained = train(examples_of(20, cutoffs), AS_OF)
    predictions = predict(examples, trained.models)
    check(trained, predictions)
    assert trained.leaderboard.empty
    assert predictions.empty
    plot_prediction_leaderboard(trained.leaderboard)
    plot_reliability(trained.held_out, CHURN)


@pytest.mark.parametrize("everybody_leaves", [True, False])
def test_with_one_outcome_only_the_baselines_compete(examples_of, everybody_leaves):
    examples = examples_of(50).assign(**{CHURN: everybody_leaves, AMOUNT: 0.0 if everybody_leaves else 12.5})
    trained = train(examples, AS_OF)
    check(trained, predict(examples[examples["as_of_on"] == CUTOFFS[-1]], trained.models))
    board = trained.leaderboard
    assert set(board.loc[board["target"] == CHURN, "model"]) == {"recency", "order_count"}
    assert champion(trained, CHURN) == "recency"
    assert not {"roc_auc", "pr_auc", "r2"} & set(board["metric"])


def test_one_customer_and_unknown_features_give_numbers(examples_of):
    examples = examples_of(1)
    examples[["overdue_ratio", "display_share"]] = np.nan
    trained = train(examples, AS_OF)
    check(trained, predict(examples[-1:], trained.models))


def test_the_simplest_model_within_noise_serves_and_none_that_a_baseline_beats():
    random = np.random.default_rng(2)
    loss = random.random(500)
    draws = resamples(500, 0)
    near = loss - 0.2 + random.normal(0, 0.2, 500)
    noise = random.normal(0, 0.1, 500)
    models = {"baseline": loss, "simple": near, "complex": near + noise - noise.mean() - 0.001}
    assert choose_champion(models, {"baseline"}, draws) == "simple"
    assert choose_champion(models | {"complex": near - 0.01 + noise / 100}, {"baseline"}, draws) == "complex"
    assert choose_champion({"baseline": loss, "simple": loss + 0.01}, {"baseline"}, draws) == "baseline"
    assert choose_champion({"baseline": loss, "simple": loss}, {"baseline"}, draws) == "baseline"


def test_the_leaderboard_has_one_panel_per_target_and_metric_shown(trained):
    panels = plot_prediction_leaderboard(trained.leaderboard).axes
    assert [axes.get_title() for axes in panels] == [CHURN, CHURN, AMOUNT, AMOUNT]
    assert len(panels[0].get_yticks()) == 4


def test_the_reliability_curve_is_the_champions(trained):
    _, curve = plot_reliability(trained.held_out, CHURN).axes[0].lines
    assert curve.get_label() == "logistic"
    assert np.size(curve.get_xdata()) > 5
