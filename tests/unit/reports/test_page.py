from dmp_assets.reports.page import external_references


def test_a_reference_to_the_network_is_found():
    styles = '<style>@import "b.css"; p { background: url(c.png) }</style>'
    page = f'<img src="https://example.com/a.png"><a href="customers.html"></a>{styles}'
    assert external_references(page) == ['@import "b.css"', "c.png", "https://example.com/a.png"]
