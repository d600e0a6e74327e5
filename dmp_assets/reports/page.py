"""What the published pages have in common: templates, and that a page needs no network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dmp_assets.platform.pictures import vega, with_charts

PAGES = {
    "report.html": "Report",
    "audiences.html": "Audiences",
    "customers.html": "Customers",
    "lineage.html": "Column lineage",
    "dbt_docs.html": "Tables and columns",
}
"""The published pages, which lie beside each other, and what they are called in the head of each."""


def render_template(template: Path, *, page: str | None = None, **values: Any) -> str:
    """Return a template file filled in, its charts drawn; text is escaped, and a value that is not given is an error.

    `page` is the name of the published page, if that is not the template's.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return with_charts(
        environment.get_template(template.name).render(page=page or template.name, pages=PAGES.items(), **values)
    )


def external_references(page: str) -> list[str]:
    """Return the addresses that a browser would fetch to show the page; a self-contained page has none.

    A link to follow is not fetched to show the page. The JavaScript of charts is left out: it fetches nothing, as the charts hold
    their data.
    """
    page = re.sub(r"<a\s[^>]*>", "", page.replace(vega(), ""))
    attributes = re.findall(r"""(?:src|href|xlink:href)\s*=\s*["'](?!#|data:)([^"']+)["']""", page)
    styles = re.findall(r"""url\(\s*["']?(?!#|data:)([^)"']+)""", page) + re.findall(r"@import\s+[^;]+", page)
    return sorted({*attributes, *styles})
