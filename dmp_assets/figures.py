"""A figure as an image: SVG for the pages, PNG inside Markdown for the Dagster UI."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG_DPI = 72  # what SVG is written in: one unit is one point
PNG_DPI = 90


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
