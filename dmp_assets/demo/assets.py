"""The demo as a domain: what is simulated around its purchases, if the dbt project lists it."""

from collections.abc import Iterator

from dmp_assets.demo import complete_journey
from dmp_assets.demo.simulation.assets import SEGMENT_KEY, TRUTH, simulate_channels
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import listed_sources
from dmp_assets.sources.loader import sha256


def domain(settings: Settings) -> Domain:
    """Return the demo; nothing where it is not listed."""
    if complete_journey.SOURCE not in listed_sources(settings):
        return Domain()

    def files_and_sample() -> Iterator[str]:
        yield str(settings.sample_percent)
        folder = complete_journey.data_folder(settings.complete_journey_dir)
        for table in complete_journey.TABLES:
            if table.file(folder).exists():
                yield sha256(table.file(folder))

    return Domain(tables=TRUTH, assets=(simulate_channels,), segments=(SEGMENT_KEY,), depends_on=files_and_sample)
