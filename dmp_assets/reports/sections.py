"""The sections that the domains offer."""

from dmp_assets.clusters import sections as clusters
from dmp_assets.forecasts.customers import sections as predictions
from dmp_assets.forecasts.sales import sections as sales
from dmp_assets.profiles import sections as profiles
from dmp_assets.recommendations import sections as recommendations
from dmp_assets.similarity import sections as similarity
from dmp_assets.sources import sections as sources

SECTIONS = (
    *profiles.SECTIONS,
    *clusters.SECTIONS,
    *recommendations.SECTIONS,
    *similarity.SECTIONS,
    *predictions.SECTIONS,
    *sales.SECTIONS,
    *sources.SECTIONS,
)
"""Of the report."""

CUSTOMER_SECTIONS = (profiles.CUSTOMER, recommendations.CUSTOMER, similarity.CUSTOMER)
"""Of the customer page."""
