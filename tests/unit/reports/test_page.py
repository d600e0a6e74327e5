import pandas as pd
from matplotlib.figure import Figure

from dmp_assets.platform.pictures import svg
from dmp_assets.reports.page import Fact, Section, external_references, page_table, render


def a_figure():
    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    return figure


def a_page(text="How to read it."):
    table = page_table("Segments", pd.DataFrame({"segment": ["Lost & found"], "share": [0.5]}), {"share": ".1%"})
    sections = [Section("Sales forecast", text, [svg(a_figure())], [table])]
    return render(
        as_of_on="2018-01-01", about="Demo.", facts=[Fact("2", "customers")], sections=sections, footer="End."
    )


def test_the_page_needs_no_network():
    assert external_references(a_page()) == []


def test_a_reference_to_the_network_is_found():
    styles = '<style>@import "b.css"; p { background: url(c.png) }</style>'
    page = f'<img src="https://example.com/a.png"><a href="customers.html"></a>{styles}'
    assert external_references(page) == ['@import "b.css"', "c.png", "https://example.com/a.png"]


def test_the_pages_lead_to_each_other():
    page = a_page()
    assert '<a href="report.html" aria-current="page">Report</a>' in page
    assert '<a href="customers.html">Customers</a>' in page


def test_text_is_escaped_and_figures_are_not():
    page = a_page("<script>alert(1)</script>")
    assert "<script>" not in page
    assert "Lost &amp; found" in page
    assert "<svg" in page


def test_numbers_are_formatted_and_missing_ones_shown_as_a_dash():
    table = page_table("T", pd.DataFrame({"name": ["a", "b"], "amount": [1234.5, None]}), {"amount": ",.0f"})
    assert [list(row) for row in table.rows] == [["a", "1,234"], ["b", "–"]]


def test_a_table_without_rows_is_a_sentence_that_says_why():
    table = page_table("Earlier forecasts", pd.DataFrame(columns=pd.Index(["day"])), {}, "no day is over yet")
    page = render(as_of_on="", about="", facts=[], sections=[Section("Sales", "", tables=[table])], footer="")
    assert "<b>Earlier forecasts</b>: no day is over yet." in page
    assert "<table" not in page


def test_sections_can_be_linked_to():
    assert 'href="#sales-forecast"' in a_page()
    assert 'id="sales-forecast"' in a_page()
