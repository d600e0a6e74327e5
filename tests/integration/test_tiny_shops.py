"""A shop of thirty customers who came once, of ten days and three products with the oddest names: the build ends well."""

import csv
import html

import pytest

from tests.integration.test_own_data import Platform

NAMES = ["Coke $5 off {{ 7*7 }} $10", "<script>alert(1)</script> 牛奶 \\frac{_^", '{% raw %} "it\'s" 😀 & $\\alpha_{$']
CUSTOMERS = 30


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    platform = Platform(tmp_path_factory.mktemp("tiny"))
    orders, products = platform.folder / "orders.csv", platform.folder / "products.csv"
    with orders.open("w", newline="", encoding="utf-8") as file:
        lines = [[f"c{n}", f"p{n % 3}", f"2024-03-{1 + n % 10:02} 10:00:00", f"{n + 1}"] for n in range(CUSTOMERS)]
        csv.writer(file).writerows([["customer_id", "product_id", "ordered_at", "amount"], *lines])
    with products.open("w", newline="", encoding="utf-8") as file:
        rows = [[f"p{n}", name, name, name] for n, name in enumerate(NAMES)]
        csv.writer(file).writerows([["product_id", "product_type", "category", "department"], *rows])
    platform.dmp("add-source", "shop", str(orders), "--currency", "JPY", "--time-zone", "Asia/Tokyo", "--yes")
    platform.dmp("add-source", "shop", str(products), "--yes")
    platform.dmp("build")
    return platform


def test_everybody_has_a_profile_and_what_cannot_be_told_is_empty(tiny: Platform):
    assert tiny.query("select count(*), sum(monetary_amount) from profiles.customer_profiles") == [(CUSTOMERS, 465.0)]
    for table in ("forecasts.sales_forecasts", "forecasts.lifetime_values", "recommendations.leaderboard"):
        assert tiny.query(f"select count(*) from {table}") == [(0,)], table


def test_names_are_shown_as_they_are_and_run_nowhere(tiny: Platform):
    published = tiny.home / "published"
    pages = {name: (published / name).read_text(encoding="utf-8") for name in ("report.html", "customers.html")}
    for name, page in pages.items():
        assert "<script>alert(1)" not in page, name
        assert "off 49 $10" not in page, name
        assert "could not be drawn" not in page, name
    assert html.escape(NAMES[0]) in pages["report.html"]
    assert tiny.query("select distinct product_type from marts.dim_products order by product_id") == [
        (n,) for n in NAMES
    ]
