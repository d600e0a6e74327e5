import numpy as np
import pytest
from matplotlib.patches import Rectangle

from dmp_assets.forecasts.sales.plots import plot_accuracy, plot_champions, plot_total_forecast


def test_the_total_is_drawn_with_history_forecast_and_both_intervals(shop, shop_forecasts):
    axes = plot_total_forecast(shop, shop_forecasts.forecasts).axes[0]
    history, forecast = axes.lines
    assert np.size(history.get_xdata()) == 30
    assert np.size(forecast.get_xdata()) == 8
    assert len(axes.collections) == 2


def test_without_a_total_there_is_nothing_to_draw(shop, shop_forecasts):
    with pytest.raises(ValueError, match="no forecast of the total"):
        plot_total_forecast(shop, shop_forecasts.forecasts.query("level != 'total'"))


def test_accuracy_has_one_panel_per_level(shop_forecasts):
    panels = plot_accuracy(shop_forecasts.accuracy).axes
    assert [axes.get_title() for axes in panels] == ["category", "department", "total"]


def test_champion_shares_add_up_to_all_series(shop_forecasts):
    axes = plot_champions(shop_forecasts.accuracy).axes[0]
    assert sum(bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)) == pytest.approx(300)
