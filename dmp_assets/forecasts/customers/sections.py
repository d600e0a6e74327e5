"""What the predictions offer to the report: how good the models are, what they lean on, what came of earlier predictions."""

from __future__ import annotations

import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.forecasts.customers import plots, schema
from dmp_assets.forecasts.customers.metrics import LOG_LOSS
from dmp_assets.forecasts.customers.targets import TARGETS
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.money import currency
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, Frames, Section, page_table


def _predictions(frames: Frames) -> Content:
    board = frames["prediction_board"]
    champions = frames["prediction_models"].drop(columns="role")
    without = [name for name in TARGETS if name not in set(champions["target"])]
    realised = frames["prediction_outcomes"][
        ["as_of_on", "target", "model", "metric", "value", "baseline_value", "customers"]
    ]
    return Content(
        "Churn, spend, days to the next order, what a customer is worth, who answers a campaign, who buys in which category. Every "
        "model foresaw three earlier dates from what was known before them; orange serves. A model is replaced only by one that is "
        "better beyond noise. The value of 84 days is shown beside that of BG/NBD with Gamma-Gamma. A change of customers since "
        "the training shows as drift." + (f" Without enough to learn from: {', '.join(without)}." if without else ""),
        [
            embed(plots.plot_prediction_leaderboard(board)),
            embed(plots.plot_dependence(frames["prediction_dependence"])),
            embed(plots.plot_reliability(frames["prediction_reliability"], board)),
            embed(plots.plot_gains(frames["prediction_gains"], board)),
            embed(plots.plot_importance(frames["prediction_importance"])),
            embed(plots.plot_lifetime_values(frames["lifetime_values"])),
            embed(plots.plot_drift(frames["prediction_drift"])),
        ],
        [
            page_table(
                "Served models",
                champions,
                {"training_rows": ",.0f", "threshold": ".2f"},
                empty_because(schema.PREDICTION_MODELS),
            ),
            *(
                page_table(
                    f"How good the served models are on the newest date that is known, beside the naive answers: {kind}",
                    rows.dropna(axis=1, how="all").reset_index(),
                    dict.fromkeys(rows.columns, ".3f"),
                    empty_because(schema.PREDICTION_LEADERBOARD),
                )
                for kind, rows in _quality(board).items()
            ),
            page_table(
                "What came of earlier predictions",
                realised.assign(as_of_on=realised["as_of_on"].dt.strftime("%Y-%m-%d")),
                {"value": ".3f", "baseline_value": ".3f", "customers": ",.0f"},
                empty_because(schema.PREDICTION_OUTCOMES),
            ),
        ],
    )


def _quality(board: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the metrics of the champions and the naive answers on the newest known date, by what is predicted."""
    baselines = [(name, model) for name, target in TARGETS.items() for model in target.baselines]
    is_baseline = pd.MultiIndex.from_frame(board[["target", "model"]]).isin(baselines)
    newest = board[board["is_newest"] & (board["is_champion"] | is_baseline)]
    newest = newest.assign(serves=newest["is_champion"].map({True: "yes", False: ""})).pivot_table(
        index=["target", "model", "serves"], columns="metric", values="value"
    )
    is_probability = newest.reindex(columns=[LOG_LOSS])[LOG_LOSS].notna()
    return {
        "probabilities": newest[is_probability],
        f"amounts ({currency()}) and days": newest[~is_probability],
    }


SECTIONS = (
    Section(
        "What customers will do",
        70,
        {
            "prediction_board": "select * from forecasts.prediction_leaderboard order by target, cutoff_on, model, metric",
            "prediction_models": """
                select target, role, model, reason, training_rows, threshold
                from forecasts.prediction_models where role = 'champion' order by target
            """,
            "prediction_reliability": (
                "select * from forecasts.prediction_reliability order by target, cutoff_on, model, bin"
            ),
            "prediction_gains": "select * from forecasts.prediction_gains order by target, model, taken_share",
            "prediction_importance": "select * from forecasts.prediction_importance order by target, rank",
            "prediction_dependence": """
                select dependence.*
                from forecasts.prediction_dependence as dependence
                inner join forecasts.prediction_importance as importance
                    on dependence.target = importance.target and dependence.feature = importance.feature
                order by dependence.target, importance.rank, dependence.value
            """,
            "prediction_drift": f"""
                select * from forecasts.prediction_drift where as_of_on = {inputs.AS_OF} order by kind, feature
            """,
            "prediction_outcomes": """
                select * from forecasts.prediction_outcomes
                where as_of_on > (select max(as_of_on) - interval 28 day from forecasts.prediction_outcomes)
                order by as_of_on desc, target, metric
            """,
            "lifetime_values": "select * from forecasts.lifetime_values order by customer_id",
        },
        _predictions,
    ),
)
