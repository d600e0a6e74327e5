import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from dmp_assets.forecasts.sales.plots import (
    plot_accuracy,
    plot_champions,
    plot_coverage,
    plot_forecasts,
    plot_realised,
)


def test_the_total_and_categories_are_drawn_with_history_backtest_forecast_and_both_intervals(shop, trained, served):
    panels = [axes for axes in plot_forecasts(shop, served, trained.backtest, "weekly").axes if axes.get_visible()]
    assert [axes.get_title().split(" ")[0] for axes in panels] == ["total", "D", "C", "B", "A"]
    history, backtest, forecast = panels[0].lines
    assert np.size(history.get_xdata()) == 30
    assert np.size(backtest.get_xdata()) == np.size(forecast.get_xdata()) == 8
    assert len(panels[0].collections) == 4


def test_without_a_total_or_a_category_there_is_nothing_to_draw(shop, trained, served):
    figure = plot_forecasts(shop, served[served["level"] == "store"], trained.backtest, "weekly")
    assert "no total and no category" in figure.texts[0].get_text()


def test_without_a_long_series_the_pictures_say_so(trained):
    assert "is long enough" in plot_accuracy(trained.accuracy, "daily").texts[0].get_text()
    for draw, table in ((plot_champions, trained.models), (plot_coverage, trained.accuracy)):
        assert "every series is too short" in draw(table.head(0)).texts[0].get_text()


def test_accuracy_has_one_panel_per_level(trained):
    panels = plot_accuracy(trained.accuracy, "weekly").axes
    assert [axes.get_title() for axes in panels] == ["total", "department", "category", "store"]


def test_champion_shares_add_up_to_all_series(trained):
    axes = plot_champions(trained.models).axes[0]
    assert sum(bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)) == pytest.approx(400)


def test_coverage_shows_every_level_of_what_is_served(trained):
    (axes,) = plot_coverage(trained.accuracy).axes
    assert [np.size(line.get_xdata()) for line in axes.lines] == [4, 4]


def test_realised_errors_are_drawn_beside_the_naive_ones():
    realised = pd.DataFrame(
        {
            "forecast_as_of_on": pd.to_datetime(["2018-01-01", "2018-01-08"]),
            "frequency": "daily",
            "level": "total",
            "mase": [1.0, 1.1],
            "naive_mase": [2.0, 1.5],
        }
    )
    (axes,) = plot_realised(realised).axes
    assert [line.get_label() for line in axes.lines] == ["total: served", "total: naive"]
    assert "no period of an earlier forecast is over" in plot_realised(realised.head(0)).texts[0].get_text()
