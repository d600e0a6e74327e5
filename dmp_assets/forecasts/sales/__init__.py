"""Sales in total, by department and category: forecast, with intervals and how good earlier forecasts were."""
