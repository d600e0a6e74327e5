"""The demo as a domain: what is simulated around its purchases, if the dbt project lists it."""

from dmp_assets.demo.enable import SOURCE
from dmp_assets.demo.identity_quality import QUALITY, measure_identity
from dmp_assets.demo.simulation.assets import SEGMENT_KEY, TRUTH, simulate_channels
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import listed_sources


def domain(settings: Settings) -> Domain:
    """Return the demo; nothing where it is not listed."""
    if SOURCE not in listed_sources(settings):
        return Domain()
    return Domain(tables=(*TRUTH, QUALITY), assets=(simulate_channels, measure_identity), segments=(SEGMENT_KEY,))
