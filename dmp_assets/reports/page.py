"""The report as one HTML file that needs no network: figures as inline SVG, tables as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = Path(__file__).with_name("report.html")
PAGES = {
    "report.html": "Report",
    "customers.html": "Customers",
    "lineage.html": "Column lineage",
    "dbt_docs.html": "Tables and columns",
}
"""The published pages, which lie beside each other, and what they are called in the head of each."""


@dataclass(frozen=True)
class Fact:
    """One headline number with what it counts."""

    value: str
    label: str


@dataclass(frozen=True)
class PageTable:
    """A table as it is printed: every cell is text, numeric columns are right-aligned; without rows, `reason` says why."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[str]
    reason: str


@dataclass(frozen=True)
class Section:
    """A part of the report: a title, a sentence on how to read it, figures (SVG text) and tables."""

    title: str
    text: str
    figures: Sequence[str] = ()
    tables: Sequence[PageTable] = field(default=())

    @property
    def anchor(self) -> str:
        """Return the section's address within the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def page_table(caption: str, frame: pd.DataFrame, formats: dict[str, str], reason: str | None = None) -> PageTable:
    """Return a frame as a printed table.

    Args:
        caption: the table's title.
        frame: one printed column per column, in order.
        formats: for each numeric column the Python format of its cells, such as ``,.0f`` or ``.1%``; missing values print as –.
        reason: why there are no rows, if there are none.
    """
    import pandas as pd

    rows = [
        [
            "–" if pd.isna(value) else format(value, formats[column]) if column in formats else str(value)
            for column, value in zip(frame.columns, record, strict=True)
        ]
        for record in frame.itertuples(index=False)
    ]
    return PageTable(caption, [str(column) for column in frame.columns], rows, frozenset(formats), reason or "none")


def render(*, as_of_on: str, about: str, facts: Sequence[Fact], sections: Sequence[Section], footer: str) -> str:
    """Return the whole page."""
    return render_template(
        TEMPLATE, as_of_on=as_of_on, about=about, facts=facts, sections=sections, footer=footer, zip=zip
    )


def render_template(template: Path, **values: Any) -> str:
    """Return a template file filled in; text is escaped, and a value that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(page=template.name, pages=PAGES.items(), **values)


def external_references(page: str) -> list[str]:
    """Return the addresses that a browser would fetch to show the page; a self-contained page has none.

    A link to follow is not fetched to show the page.
    """
    page = re.sub(r"<a\s[^>]*>", "", page)
    attributes = re.findall(r"""(?:src|href|xlink:href)\s*=\s*["'](?!#|data:)([^"']+)["']""", page)
    styles = re.findall(r"""url\(\s*["']?(?!#|data:)([^)"']+)""", page) + re.findall(r"@import\s+[^;]+", page)
    return sorted({*attributes, *styles})
