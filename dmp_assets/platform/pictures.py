"""A figure as an image, SVG for the pages and PNG inside Markdown for the Dagster UI; the figure of nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from dmp_assets.platform.emptiness import empty_because

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa
    from matplotlib.figure import Figure

P = ParamSpec("P")

SVG_DPI = 72  # what SVG is written in: one unit is one point
PNG_DPI = 90


def blank(reason: str | None) -> Figure:
    """Return the figure of a table without rows: it says why there is nothing to draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1))
    figure.text(0.5, 0.5, f"Nothing to draw: {reason}", ha="center", va="center", wrap=True, fontsize=9)
    return figure


def drawn_from(
    schema: pa.DataFrameSchema,
) -> Callable[[Callable[Concatenate[pd.DataFrame, P], Figure]], Callable[Concatenate[pd.DataFrame, P], Figure]]:
    """Return the decorator of a plot whose first argument is a table of this schema: without rows, the figure says why."""

    def decorate(
        plot: Callable[Concatenate[pd.DataFrame, P], Figure],
    ) -> Callable[Concatenate[pd.DataFrame, P], Figure]:
        @wraps(plot)
        def draw(table: pd.DataFrame, *args: P.args, **kwargs: P.kwargs) -> Figure:
            return blank(empty_because(schema)) if table.empty else plot(table, *args, **kwargs)

        return draw

    return decorate


def svg(figure: Figure) -> str:
    """Return a figure as SVG text, the same for the same figure on every run."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "ai-dmp", "svg.fonttype": "none"}):
        _lay_out(figure, dpi=SVG_DPI)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def picture(figure: Figure, name: str) -> str:
    """Return a figure as Markdown with the image inside, which the Dagster UI shows."""
    buffer = io.BytesIO()
    _lay_out(figure, dpi=PNG_DPI)
    figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return f"![{name}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"


def _lay_out(figure: Figure, *, dpi: int) -> None:
    """Place what is in a figure, once: with a layout engine, saving would lay out and draw it twice."""
    figure.set_dpi(dpi)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")
