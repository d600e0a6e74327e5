"""The one door for pictures: on the pages a chart is interactive and a figure is SVG, in the Dagster UI both are PNG files.

What lives here: how a picture is shown, and the figures of nothing and of what could not be drawn. New pictures are charts of
Altair, whose specification holds its data; figures of matplotlib are those of before. Never put a picture of a domain's own here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from functools import cache, wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.files import write_atomically

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import pandera.pandas as pa
    from matplotlib.figure import Figure

    Picture = Figure | alt.Chart | alt.LayerChart

P = ParamSpec("P")
D = TypeVar("D", bound="Picture")
T = TypeVar("T")

SVG_DPI = 72  # what SVG is written in: one unit is one point
PNG_DPI = 90
PNG_WIDTH = 320  # of a chart, in points without its axis and legend; on a page it is as wide as its place

_LONGEST_REASON = 300

_VEGA = Path(__file__).with_name("vega.js")
_CHART = '<div class="chart">'
_DRAW = """
for (const chart of document.querySelectorAll(".chart")) {
  const specification = JSON.parse(chart.querySelector("script").textContent);
  const actions = {export: true, source: false, compiled: false, editor: false};
  vegaEmbed(chart, specification, {actions, renderer: "svg"});
}
"""


def blank(reason: str | None) -> Figure:
    """Return the figure of a table without rows: it says why there is nothing to draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1))
    figure.text(0.5, 0.5, f"Nothing to draw: {reason}", ha="center", va="center", wrap=True, fontsize=9)
    return figure


def unable(error: Exception) -> Figure:
    """Return the figure in place of a picture that could not be drawn: it says why, and so does its label."""
    from matplotlib.figure import Figure

    why = f"This picture could not be drawn: {type(error).__name__}: {error}"
    figure = Figure(figsize=(7, 1), label=why.encode("ascii", "replace").decode()[:_LONGEST_REASON])
    figure.text(0.5, 0.5, str(figure.get_label()), ha="center", va="center", wrap=True, fontsize=9)
    return figure


def drawn(plot: Callable[P, D]) -> Callable[P, D | Figure]:
    """Decorate a plot: whatever goes wrong in it, a figure says so. A picture never stops a table."""

    @wraps(plot)
    def draw(*args: P.args, **kwargs: P.kwargs) -> D | Figure:
        try:
            return plot(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a table is right, whatever is wrong with its picture
            return unable(error)

    return draw


def drawn_from(
    schema: pa.DataFrameSchema,
) -> Callable[[Callable[Concatenate[pd.DataFrame, P], D]], Callable[Concatenate[pd.DataFrame, P], D | Figure]]:
    """Return `drawn` for a plot whose first argument is a table of this schema: without rows, a figure says why."""

    def decorate(plot: Callable[Concatenate[pd.DataFrame, P], D]) -> Callable[Concatenate[pd.DataFrame, P], D | Figure]:
        @wraps(plot)
        def draw(table: pd.DataFrame, *args: P.args, **kwargs: P.kwargs) -> D | Figure:
            return blank(empty_because(schema)) if table.empty else drawn(plot)(table, *args, **kwargs)

        return draw

    return decorate


def embed(picture: Picture) -> str:
    """Return a picture for a page, the same for the same picture on every run; where that fails, a figure that says so.

    A figure becomes SVG. A chart becomes an element that `with_charts` has the page draw.
    """
    return _rendered(_html, picture)[0]


def _html(picture: Picture) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not isinstance(picture, Figure):
        # Inside a script element only "<" can end it, and JSON may write it as a code.
        fluid = picture.properties(width="container", autosize={"type": "fit-x", "contains": "padding"})
        specification = json.dumps(fluid.to_dict(), sort_keys=True).replace("<", "\\u003c")
        return f'{_CHART}<script type="application/json">{specification}</script></div>'
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "ai-dmp", "svg.fonttype": "none"}):
        _lay_out(picture, dpi=SVG_DPI)
        picture.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def with_charts(page: str) -> str:
    """Return a page that draws its charts, without network: the JavaScript is in it once, and not at all without a chart."""
    if _CHART not in page:
        return page
    head, end, tail = page.rpartition("</body>")
    return f'{head}<script type="module">{vega()}{_DRAW}</script>\n{end}{tail}'


@cache
def vega() -> str:
    """Return Vega, Vega-Lite and vega-embed as one JavaScript module, with their licences."""
    return _VEGA.read_text(encoding="utf-8")


def png(picture: Picture) -> bytes:
    """Return a picture as PNG, the same for the same picture on every run."""
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    if isinstance(picture, Figure):
        _lay_out(picture, dpi=PNG_DPI)
        picture.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    else:
        picture.properties(width=PNG_WIDTH).save(buffer, format="png", ppi=PNG_DPI)
    return buffer.getvalue()


def shown(picture: Picture, storage: Path, address: Sequence[str]) -> str:
    """Write a picture as PNG file and return the Markdown by which the Dagster UI shows it.

    The UI's server offers the files in the instance's storage as ``/logs/<path>/<extension>``, meant for logs; so the picture is
    shown wherever the UI runs, and the event log holds the address only. The newest picture of an address replaces the last.

    Args:
        picture: a figure or chart.
        storage: the storage folder of the Dagster instance.
        address: names that lead to the picture: layer, table, name.

    Where the picture could not be drawn, the Markdown says why beside it.
    """
    content, picture = _rendered(png, picture)
    *folders, name = address
    write_atomically(storage.joinpath("pictures", *folders, f"{name}.png"), content)
    # A changed picture has another address, so that no browser shows the one that it remembers.
    version = hashlib.sha256(content).hexdigest()[:8]
    problem = f" {escape(why)}" if (why := getattr(picture, "get_label", str)()) else ""
    return f"![{name}](/logs/pictures/{'/'.join(address)}/png?{version}){problem}"


def _rendered(render: Callable[[Picture], T], picture: Picture) -> tuple[T, Picture]:
    """Return a picture as `render` makes it, and the picture; where it cannot, the figure that says why."""
    try:
        return render(picture), picture
    except Exception as error:  # noqa: BLE001 - as in `drawn`
        return render(unable(error)), unable(error)


def _lay_out(figure: Figure, *, dpi: int) -> None:
    """Place what is in a figure, once: with a layout engine, saving would lay out and draw it twice."""
    _take_literally(figure)
    figure.set_dpi(dpi)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")


def _take_literally(figure: Figure) -> None:
    """Have every text drawn as it is: matplotlib reads what is between two dollar signs as mathematics, names of products too.

    Only the numbers on logarithmic axes, which matplotlib writes itself, are mathematics.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatterMathtext

    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    powers = {
        label
        for axis in axes
        if isinstance(axis.get_major_formatter(), LogFormatterMathtext)
        for label in axis.get_ticklabels(which="both")
    }
    for text in figure.findobj(Text):
        text.set_parse_math(text in powers)
