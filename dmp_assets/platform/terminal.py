"""What the commands print: JSON for scripts, tables for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of text.")]
"""The option of every command that a script may want; what it prints goes through `print_json`."""


def print_json(content: Any) -> None:
    """Print anything that JSON can hold; times, paths and other things as their text."""
    typer.echo(json.dumps(content, indent=2, default=str, ensure_ascii=False))


def print_frame(title: str, frame: pd.DataFrame) -> None:
    """Print a frame as a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in frame:
        table.add_column(str(column))
    for row in frame.itertuples(index=False):
        table.add_row(*(Text("" if value is None or value != value else str(value)) for value in row))  # noqa: PLR0124 - NaN
    Console().print(table)
