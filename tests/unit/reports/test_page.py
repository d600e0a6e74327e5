from pathlib import Path

import altair as alt
import pandas as pd

from dmp_assets.platform.pictures import embed, vega
from dmp_assets.reports.page import external_references, render_template


def test_a_reference_to_the_network_is_found():
    styles = '<style>@import "b.css"; p { background: url(c.png) }</style>'
    page = f'<img src="https://example.com/a.png"><a href="customers.html"></a>{styles}'
    assert external_references(page) == ['@import "b.css"', "c.png", "https://example.com/a.png"]


def test_a_page_with_charts_needs_no_network(tmp_path: Path):
    frame = pd.DataFrame({"product": ["https://example.com/a.png", 'src="b.png"'], "sales": [1, 2]})
    chart = alt.Chart(frame, mark="bar").encode(x="sales:Q", y="product:N")
    template = tmp_path / "page.html"
    template.write_text("<body>{% for figure in figures %}{{ figure | safe }}{% endfor %}</body>")
    page = render_template(template, figures=[embed(chart), embed(chart)])
    assert page.count(vega()) == 1
    assert external_references(page) == []
