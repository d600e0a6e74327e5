"""What a domain offers to the published pages: sections of the report, and what it knows of single customers.

What lives here: the types that a domain's ``sections.py`` fills, and how a frame becomes a printed table. Never put a domain's
words here, nor how a page is laid out (``dmp_assets/reports``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

Frames = Mapping[str, pd.DataFrame]
"""The results of a section's queries, by the queries' names."""


@dataclass(frozen=True)
class Fact:
    """One thing that is known: what it is, the value in words, and why or how it is known."""

    label: str
    value: str
    why: str = ""


@dataclass(frozen=True)
class FactGroup:
    """Facts under one heading."""

    heading: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class PageTable:
    """A table as it is printed: every cell is text, numeric columns are right-aligned; without rows, `reason` says why."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[str]
    reason: str


@dataclass(frozen=True)
class Content:
    """What a section shows.

    Attributes:
        text: how to read it, a few sentences.
        figures: pictures, from `pictures.embed`.
        tables: printed below the figures.
        headlines: numbers that belong at the top of the report.
    """

    text: str
    figures: Sequence[str] = ()
    tables: Sequence[PageTable] = ()
    headlines: Sequence[Fact] = ()


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: its heading.
        order: where it stands: sections with lower numbers come first.
        queries: SQL on the warehouse, by a name of the section's own.
        build: makes the content from the queries' results; it must not change the frames, which other sections may read.
    """

    title: str
    order: int
    queries: Mapping[str, str]
    build: Callable[[Frames], Content]

    @property
    def reads(self) -> frozenset[str]:
        """The tables behind the queries, as ``layer.table``."""
        return tables_read(self.queries.values())

    @property
    def anchor(self) -> str:
        """The section's address within the page."""
        return anchor(self.title)


@dataclass(frozen=True)
class CustomerSection:
    """What a domain knows of single customers, for the customer page and ``dmp customer``.

    Attributes:
        order: where its facts stand: those with lower numbers come first.
        queries: SQL on the warehouse, by the name that the customer page knows the rows by: rows with a ``customer_id``, sorted
            by it and then as they are shown. A relation ``asked`` with one column, ``customer_id``, holds who is asked for.
        facts: makes facts of one customer from the rows of that customer; called only if there is such a customer.
    """

    order: int
    queries: Mapping[str, str]
    facts: Callable[[Frames], Sequence[FactGroup]]

    @property
    def reads(self) -> frozenset[str]:
        """The tables behind the queries, as ``layer.table``."""
        return tables_read(self.queries.values())


@dataclass(frozen=True)
class Part:
    """A part of a page of a domain's own: its heading and what it shows."""

    title: str
    content: Content

    @property
    def anchor(self) -> str:
        """The part's address within the page."""
        return anchor(self.title)


@dataclass(frozen=True)
class Page:
    """A page of a domain's own, laid out as the report is.

    Attributes:
        name: of the file, without its ending, and of the asset.
        title: its heading.
        description: what is on it, for the asset.
        about: how to read it, a sentence or two below the heading.
        queries: SQL on the warehouse, by a name of the page's own.
        build: makes the parts from the queries' results.
    """

    name: str
    title: str
    description: str
    about: str
    queries: Mapping[str, str]
    build: Callable[[Frames], Sequence[Part]]

    @property
    def reads(self) -> frozenset[str]:
        """The tables behind the queries, as ``layer.table``."""
        return tables_read(self.queries.values())


def anchor(title: str) -> str:
    """Return the address of a heading within its page."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def tables_read(queries: Iterable[str]) -> frozenset[str]:
    """Return the tables that queries name with their schema, as ``schema.table``."""
    from sqlglot import exp, parse_one

    return frozenset(
        f"{table.db}.{table.name}"
        for sql in queries
        for table in parse_one(sql, dialect="duckdb").find_all(exp.Table)
        if table.db
    )


def page_table(caption: str, frame: pd.DataFrame, formats: Mapping[str, str], reason: str | None = None) -> PageTable:
    """Return a frame as a printed table; its columns are named in words.

    Args:
        caption: the table's title.
        frame: one printed column per column, in order.
        formats: for each numeric column the Python format of its cells, such as ``,.0f`` or ``.1%``; missing values print as –.
        reason: why there are no rows, if there are none.
    """
    rows = [
        [
            "–" if pd.isna(value) else format(value, formats[column]) if column in formats else str(value)
            for column, value in zip(frame.columns, record, strict=True)
        ]
        for record in frame.itertuples(index=False)
    ]
    columns = [in_words(str(column)) for column in frame.columns]
    return PageTable(caption, columns, rows, frozenset(map(in_words, formats)), reason or "none")


def in_words(name: str) -> str:
    """Return the name of a column or value in words."""
    return name.replace("_", " ")
