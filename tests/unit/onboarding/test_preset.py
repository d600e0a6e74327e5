from pathlib import Path

import pytest

from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.decide import Said
from dmp_assets.onboarding.preset import load_preset, planned
from dmp_assets.onboarding.presets import preset_names, preset_text
from dmp_assets.onboarding.recognise import Reading
from dmp_assets.platform.errors import UserError

EXPORTS = Path(__file__).parents[2] / "exports"


def plans_of(location: Path, like: str, **said):
    return planned("shop", str(location), like, Said(**said), Reading())


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_whole(name):
    preset = load_preset(name)
    assert preset.title
    assert preset.export


def test_a_preset_that_is_copied_and_changed_is_one(tmp_path):
    own = tmp_path / "my.yml"
    own.write_text(
        preset_text("online-retail").replace("Price\n", "Cost\n").replace("Price:", "Cost:"), encoding="utf-8"
    )
    file = tmp_path / "sales.csv"
    file.write_text(
        "Invoice No,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n1,2,a,1,2011-01-18 10:00,2.5,7\n"
    )
    ((plan,), _) = plans_of(file, str(own))
    assert {name: str(origin) for name, origin in plan.mapping.items()} == {
        "order_id": "Invoice No", "product_id": "StockCode", "product_name": "Description", "customer_id": "CustomerID",
        "quantity": "Quantity", "unit_price": "UnitPrice", "ordered_at": "InvoiceDate",
    }  # fmt: skip
    assert (plan.currency, plan.time_zone) == ("GBP", "Europe/London")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: x", "export: Field required; tables: Field required"),
        ("{title: x, export: y, tables: {orders: {}}}", "orders is no contract table"),
        ("{title: x, export: y, tables: {products: {fields: {price: a}}}}", "products has no field price"),
        ("{title: x, export: y, tables: {products: {from: a}}}", "there is no file a under files"),
        ("{title: x, export: y, files: {a: a, b: b}, tables: {products: {}}}", "say under from which of the files"),
        ("title: [", "is no yml"),
    ],
)
def test_a_wrong_preset_names_the_entry(tmp_path, text, message):
    file = tmp_path / "my.yml"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        load_preset(str(file))


def test_what_is_not_there_is_named_all_at_once(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("Invoice,StockCode,Quantity\n1,2,3\n")
    with pytest.raises(
        UserError, match="no column here gives ordered_at, sales_amount; there are Invoice, StockCode, Quantity"
    ):
        plans_of(file, "online-retail")
    with pytest.raises(UserError, match="There is no preset shopware; there are amazon, dsfinv-k, etsy, ga4"):
        plans_of(file, "shopware")


def test_what_a_file_lacks_is_left_out_and_told(tmp_path):
    for name in ("orders", "order_items"):
        source = EXPORTS / "olist" / f"olist_{name}_dataset.csv"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    ((plan,), notes) = plans_of(tmp_path, "olist")
    assert str(plan.mapping["customer_id"]) == "orders__customer_id"
    assert "order_lines: not used is what customers has (no such file)" in notes
    assert "products is left out: there is no file olist_products_dataset." in notes
    sql = scaffold.staging_sql(plan)
    assert "left join orders on {{ dmp.join_id('items.order_id') }} = {{ dmp.parse_id('orders.order_id') }}" in sql


def test_a_raw_table_of_two_contract_tables_is_declared_once(tmp_path):
    plans, _ = plans_of(EXPORTS / "german-till" / "journal.csv", "german-till")
    texts = scaffold.files(plans, tmp_path)
    assert [plan.contract for plan in plans] == ["order_lines", "products"]
    assert [name for name, text in texts.items() if "\nsources:" in text] == ["stg_shop__order_lines.yml"]
    assert "source('shop', 'order_lines')" in texts["stg_shop__products.sql"]


def test_flags_come_before_what_a_preset_says():
    ((plan, _), _) = plans_of(
        EXPORTS / "german-till" / "journal.csv",
        "german-till",
        time_zone="Europe/Vienna",
        mapping={"customer_id": "Kasse"},
    )
    assert plan.time_zone == "Europe/Vienna"
    assert str(plan.mapping["customer_id"]) == "Kasse"


def test_the_example_in_the_docs_is_one(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
    file = tmp_path / "my.yml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert list(load_preset(str(file)).tables) == ["order_lines", "customers"]
