"""Forecasts: what will be sold, with intervals, and how good earlier forecasts of the same kind were."""
