"""What a domain offers to the platform: each domain has one function that returns it, and ``definitions.py`` collects them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from dmp_assets.platform.sections import CustomerSection, Page, Section
from dmp_assets.platform.tables import Table


@dataclass(frozen=True)
class Domain:
    """One domain of the graph.

    Attributes:
        tables: every table that Python makes in it; they are published and shown in the lineage.
        assets: the steps that make them.
        sensors: what starts runs when something comes.
        sections: parts of the report.
        customer_sections: what it knows of single customers.
        pages: pages of its own beside the report.
        segments: assets that write segments for the collector's load, which comes after them.
        depends_on: texts that change when something beside the code and the dbt project changes what the domain makes, such as the
            state of a source's files; a build with the same texts is not repeated.
    """

    tables: Sequence[Table] = ()
    assets: Sequence[dg.AssetsDefinition] = ()
    sensors: Sequence[dg.SensorDefinition] = ()
    sections: Sequence[Section] = ()
    customer_sections: Sequence[CustomerSection] = ()
    pages: Sequence[Page] = ()
    segments: Sequence[dg.AssetKey] = ()
    depends_on: Callable[[], Iterable[str]] = tuple
