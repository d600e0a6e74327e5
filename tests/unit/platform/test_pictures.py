import html
import json
import re
from pathlib import Path
from typing import Literal

import altair as alt
import pandas as pd
import pandera.pandas as pa
import pytest
import vl_convert
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.platform.pictures import drawn, drawn_from, embed, png, shown, vega, with_charts

PNG = b"\x89PNG\r\n"


def a_figure() -> Figure:
    figure = Figure(layout="constrained")
    figure.subplots().plot([1, 3, 2])
    return figure


def a_chart(text: str = "a", title: str = "Sales") -> alt.Chart:
    frame = pd.DataFrame({"product": [text, "b"], "sales": [1, 2]})
    return alt.Chart(frame, title=title, mark="bar").encode(x="sales:Q", y="product:N", tooltip="product:N")


@pytest.mark.parametrize("picture", [a_figure, a_chart])
def test_the_same_picture_is_shown_the_same(picture):
    assert embed(picture()) == embed(picture())
    assert png(picture()) == png(picture())
    assert png(picture()).startswith(PNG)


def test_a_figure_can_be_shown_twice():
    figure = a_figure()
    assert embed(figure) == embed(figure)


@pytest.mark.parametrize("picture", [a_figure, a_chart])
def test_the_ui_is_given_the_address_of_a_file(tmp_path: Path, picture):
    markdown = shown(picture(), tmp_path, ("profiles", "customer_tags", "tags"))
    assert re.fullmatch(r"!\[tags\]\(/logs/pictures/profiles/customer_tags/tags/png\?[0-9a-f]{8}\)", markdown)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file == tmp_path / "pictures/profiles/customer_tags/tags.png"
    assert file.read_bytes() == png(picture())


def test_a_changed_picture_has_another_address_and_replaces_the_last(tmp_path: Path):
    address = ("profiles", "customer_tags", "tags")
    first = shown(a_chart(), tmp_path, address)
    assert shown(a_chart(), tmp_path, address) == first
    assert shown(a_chart("c"), tmp_path, address) != first
    assert (tmp_path / "pictures/profiles/customer_tags/tags.png").read_bytes() == png(a_chart("c"))


def test_a_page_has_the_javascript_once_and_only_for_charts():
    page = "<html><body>{}</body></html>"
    assert with_charts(page.format(embed(a_figure()))) == page.format(embed(a_figure()))
    drawn = with_charts(page.format(embed(a_chart()) + embed(a_chart("c"))))
    assert drawn.count(vega()) == 1
    assert drawn.endswith("</script>\n</body></html>")


def test_a_text_cannot_leave_the_specification():
    text = "</script><script>alert(1)</script><!-- \u2028 \"'"
    element = embed(a_chart(text, title=text))
    assert element.count("</script>") == 1
    assert "<!--" not in element
    specification = json.loads(re.findall(r'<script type="application/json">(.*)</script>', element)[0])
    assert specification["title"] == text
    assert next(iter(specification["datasets"].values()))[0]["product"] == text


def test_the_javascript_is_what_the_library_that_writes_png_files_draws_with():
    licences, _, code = vega().partition("*/\n")
    drawn_with = vl_convert.javascript_bundle()  # ty: ignore[missing-argument]
    assert code == drawn_with + "\n", "write vl_convert.javascript_bundle() into platform/vega.js anew"
    assert f"Vega {vl_convert.get_vega_version()}," in licences
    assert f"vega-embed {vl_convert.get_vega_embed_version()}," in licences
    for copyright_of in ("University of Washington Interactive Data Lab", "Mike Bostock", "Joachim Wester"):
        assert copyright_of in licences
    assert "</script" not in vega()


def test_a_table_without_rows_is_drawn_as_the_reason():
    @drawn_from(pa.DataFrameSchema(metadata=may_be_empty("nobody has a score")))
    def plot(scores: pd.DataFrame, *, colour: str) -> Figure:
        figure = Figure()
        figure.subplots().plot(scores["score"], color=colour)
        return figure

    scores = pd.DataFrame({"score": [1, 2]})
    assert len(plot(scores, colour="red").axes) == 1
    (text,) = plot(scores.head(0), colour="red").texts
    assert text.get_text() == "Nothing to draw: nobody has a score"


def test_long_labels_lie_inside_the_figure():
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.barh(["a very long name of a department, and then some more of it"], [1])
    embed(figure)
    box = axes.get_tightbbox()
    assert box is not None
    assert box.x0 >= 0
    assert box.y0 >= 0


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("text", ["from $5 to $10", r"$\frac$", "$$", "50 $ ^_{", r"\$1"])
def test_a_text_is_drawn_as_it_is_written(text: str, layout: Literal["constrained"] | None):
    # matplotlib reads what is between dollar signs as mathematics, and fails where it is none.
    figure = Figure(layout=layout)
    axes = figure.subplots()
    axes.barh([text, "other"], [1, 2], label=text)
    axes.set(title=text, xlabel=text)
    axes.set_yticks([0, 1], labels=[text, "other"])
    axes.annotate(text, (1, 1))
    axes.legend(title=text)
    figure.suptitle(text)
    assert embed(figure).count(f">{text}<") == 7
    assert png(figure).startswith(PNG)


def test_numbers_on_logarithmic_axes_are_powers():
    figure = Figure()
    figure.subplots().set(xscale="log", xlim=(1, 1000), title="$x$")
    svg = embed(figure)
    assert re.search(r"font-size: 7px[^>]*>2</tspan>", svg)
    assert ">$x$<" in svg


def broken_figure() -> Figure:
    figure = Figure()
    figure.subplots().set_title("mathematics by hand: $x^{$", parse_math=True)
    # Placed after the texts were told not to be read as mathematics.
    figure.add_artist(_Broken())
    return figure


class _Broken(Artist):
    """What no canvas can draw."""

    def draw(self, renderer: object) -> None:
        raise RuntimeError("no <ink> of $5 left")


@pytest.mark.usefixtures("pictures_may_fail")
def test_a_picture_that_cannot_be_drawn_says_why_and_stops_nothing(tmp_path: Path):
    @drawn
    def plot(frame: pd.DataFrame) -> Figure:
        raise ValueError(f"{len(frame)} rows, <none> of $use$ 牛")

    figure = plot(pd.DataFrame({"a": [1, 2]}))
    reason = "This picture could not be drawn: ValueError: 2 rows, <none> of $use$ ?"
    assert figure.get_label() == reason
    assert "2 rows, &lt;none&gt; of $use$" in embed(figure)
    told = shown(figure, tmp_path, ("profiles", "customer_tags", "tags"))
    assert told.endswith("This picture could not be drawn: ValueError: 2 rows, &lt;none&gt; of $use$ ?")
    assert "no &lt;ink&gt; of $5 left" in embed(broken_figure())
    assert "RuntimeError: no &lt;ink&gt; of $5 left" in shown(broken_figure(), tmp_path, ("profiles", "tags", "tags"))
    assert (tmp_path / "pictures/profiles/tags/tags.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    "name",
    [
        "Coke $5 off $10",
        "a_b^2 {x}",
        r"\\frac{1",
        "{{ 7*7 }}",
        "😀",
        "牛奶",
        'He said "hi"',
        "<b>&amp;",
        "$\\alpha_{$",
        "%s",
        "a\tb",
    ],
)
def test_any_name_is_drawn_as_it_is(name):
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.barh([name, f"{name} "], [1, 2], label=name)
    axes.set_title(name)
    axes.legend()
    assert png(figure).startswith(PNG)
    assert f">{html.escape(name, quote=False)}<" in embed(figure).replace("&quot;", '"')
    assert png(a_chart(name, title=name)).startswith(PNG)
