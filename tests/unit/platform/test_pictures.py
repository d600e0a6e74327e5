import pandas as pd
import pandera.pandas as pa
from matplotlib.figure import Figure

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.platform.pictures import drawn_from, picture, svg


def a_figure() -> Figure:
    figure = Figure(layout="constrained")
    figure.subplots().plot([1, 3, 2])
    return figure


def test_the_same_figure_gives_the_same_image():
    assert svg(a_figure()) == svg(a_figure())
    assert picture(a_figure(), "sales") == picture(a_figure(), "sales")


def test_a_figure_can_be_shown_twice():
    figure = a_figure()
    assert svg(figure) == svg(figure)


def test_a_picture_is_an_image_inside_markdown():
    assert picture(a_figure(), "sales").startswith("![sales](data:image/png;base64,")


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
    svg(figure)
    box = axes.get_tightbbox()
    assert box is not None
    assert box.x0 >= 0
    assert box.y0 >= 0
