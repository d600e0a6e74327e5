import pytest

from dmp_assets.dbt.contract_tables import known_names
from dmp_assets.onboarding.guess import (
    FIELDS,
    guess_contract,
    guess_identifiers,
    guess_mapping,
    missing_fields,
    plain,
)


def test_columns_are_known_by_their_names_in_several_languages():
    expected = {"customer_id": "用户ID", "product_id": "商品ID", "ordered_at": "购买时间", "sales_amount": "购买金额"}
    assert guess_mapping("order_lines", expected.values()) == expected
    german = ["Kundennummer", "Artikelnummer", "Bestelldatum", "Betrag", "Menge"]
    assert guess_mapping("order_lines", german)["quantity"] == "Menge"
    assert guess_contract(german) == "order_lines"


@pytest.mark.parametrize("contract", FIELDS)
def test_the_contracts_own_names_map_to_themselves(contract):
    names = list(FIELDS[contract])
    assert guess_mapping(contract, names) == {name: name for name in names}
    assert guess_contract(names) == contract


@pytest.mark.parametrize("contract", FIELDS)
def test_words_are_written_as_they_are_compared_and_stand_for_one_field(contract):
    words = [word for field in FIELDS[contract] for word in known_names(contract, field)[1:]]
    assert [word for word in words if word != plain(word)] == []
    assert len(words) == len(set(words))


def test_what_is_required_and_missing_is_named():
    mapping = guess_mapping("order_lines", ["user_id", "when", "sku"])
    assert missing_fields("order_lines", mapping) == ["ordered_at", "sales_amount"]
    assert guess_contract(["a", "b"]) is None
    assert guess_contract(["customer", "when", "what"]) is None, "a customer alone does not make a table of customers"
    assert guess_contract(["customer", "email"]) == "customers"


def test_a_column_called_id_is_the_tables_own():
    assert guess_mapping("customers", ["id", "city"]) == {"customer_id": "id"}
    assert guess_mapping("products", ["ID", "name", "brand"])["product_id"] == "ID"
    assert "customer_id" not in guess_mapping("order_lines", ["id"])


def test_a_persons_contact_is_known_by_the_words_for_identifiers_and_may_be_what_tells_customers_apart():
    columns = ["Kundennummer", "store_email", "Rechnungs-E-Mail", "Handy", "Treuekarte", "Haushalt"]
    assert guess_mapping("customers", columns) == {
        "customer_id": "Kundennummer",
        "email": "Rechnungs-E-Mail",
        "phone": "Handy",
        "loyalty_card": "Treuekarte",
        "household_id": "Haushalt",
    }
    assert guess_mapping("customers", ["customer", "courriel"], taken=["courriel"])["email"] == "courriel"
    assert "email" not in guess_mapping("customers", ["customer", "email"], flags=["email"])
    assert guess_mapping("customers", ["household_id", "email"]) == {"customer_id": "household_id", "email": "email"}


def test_a_unit_price_is_not_taken_for_the_sales():
    assert "sales_amount" not in guess_mapping("order_lines", ["price", "unit_price"])


def test_columns_with_direct_identifiers_are_known():
    assert guess_identifiers(["E-Mail", "手机号", "First Name", "city"]) == {
        "E-Mail": "email",
        "手机号": "phone",
        "First Name": "first_name",
    }


def test_lines_with_a_product_and_a_time_are_order_lines_though_their_amount_is_open():
    assert guess_contract(["customer_id", "product_id", "date", "quantity"]) == "order_lines"
    assert guess_contract(["order_id", "sku", "date"]) == "order_lines"


def test_days_of_the_week_hours_and_sequences_are_no_time_and_no_quantity():
    columns = [
        "order_id",
        "user_id",
        "eval_set",
        "order_number",
        "order_dow",
        "order_hour_of_day",
        "days_since_prior_order",
    ]
    assert guess_mapping("order_lines", columns) == {"order_id": "order_id", "customer_id": "user_id"}
    assert guess_contract(columns) is None
    assert "quantity" not in guess_mapping("order_lines", ["order_id", "product_id", "add_to_cart_order", "reordered"])


@pytest.mark.parametrize(
    "columns",
    [
        ["customer_number", "item_no", "order_date", "quantity", "total"],
        ["Kundennr", "Artikelnr", "Rechnungsdatum", "Stück", "Gesamtbetrag"],
        ["client", "référence", "date commande", "quantité", "montant"],
        ["cliente", "artículo", "fecha", "cantidad", "importe"],
        ["cliente", "prodotto", "data ordine", "quantità", "importo"],
        ["klant", "artikelnummer", "besteldatum", "aantal", "bedrag"],
        ["cliente", "produto", "data compra", "quantidade", "valor"],
        ["klient", "towar", "data zakupu", "ilość", "kwota"],
        ["客户编号", "商品编号", "交易时间", "数量", "金额"],
        ["顧客番号", "商品コード", "購入日", "個数", "売上金額"],
    ],
)
def test_names_of_ten_languages_are_known(columns):
    fields = ("customer_id", "product_id", "ordered_at", "quantity", "sales_amount")
    assert guess_mapping("order_lines", columns) == dict(zip(fields, columns, strict=True))
    assert guess_contract(columns) == "order_lines"


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        (
            ["Trans No", "Trans Date", "PLU", "Description", "Qty", "Unit Price", "Line Value"],
            "order_id ordered_at product_id product_name quantity unit_price sales_amount",
        ),
        (
            ["Ticket #", "Date of sale", "Cust. No.", "Item #", "Qty Sold", "Ext. Price"],
            "order_id ordered_at customer_id product_id quantity sales_amount",
        ),
        (["TRANSACTION_DT", "Member Ref", "Style Code", "Net Amt"], "ordered_at customer_id product_id sales_amount"),
        (["N° de commande", "Date de facture", "N° client", "Référence"], "order_id ordered_at customer_id product_id"),
        (
            ["Nº pedido", "Fecha de venta", "Número de cliente", "Artículo"],
            "order_id ordered_at customer_id product_id",
        ),
        (["Order ID", "Order Date", "SKU", "Order Currency Code"], "order_id ordered_at product_id currency"),
        (["Beleg-Nr.", "Verkaufsdatum", "Kunden-Nr.", "Artikel-Code"], "order_id ordered_at customer_id product_id"),
    ],
)
def test_names_are_known_that_are_composed_of_usual_words(columns, fields):
    assert guess_mapping("order_lines", columns) == dict(zip(fields.split(), columns, strict=True))
    assert guess_contract(columns) == "order_lines"


def test_currencies_behind_names_and_lists_before_them_are_no_part_of_them():
    columns = ["Kvittonummer", "Datum", "Artikelnummer", "Antal", "Slutpris (SEK)", "Pris (SEK)"]
    mapping = guess_mapping("order_lines", columns)
    assert (mapping["sales_amount"], mapping["unit_price"]) == ("Slutpris (SEK)", "Pris (SEK)")
    columns = ["order_no", "creation_date", "product_items_product_id", "product_items_quantity", "total_usd"]
    mapping = guess_mapping("order_lines", columns, lists=["product_items"])
    assert list(mapping) == ["order_id", "product_id", "ordered_at", "quantity", "sales_amount"]
    assert guess_contract(columns, lists=["product_items"]) == "order_lines"
    assert guess_contract(columns) is None
    both = guess_mapping("order_lines", ["total_usd", "total"])
    assert both["sales_amount"] == "total", "the name itself comes first"


def test_who_sold_is_not_taken_for_who_bought():
    assert guess_mapping("order_lines", ["User", "Customer Code"])["customer_id"] == "Customer Code"
    assert guess_mapping("order_lines", ["user", "sku"])["customer_id"] == "user"


def test_names_that_tables_of_anything_have_tell_nothing():
    assert guess_contract(["id", "type", "attributes"]) is None
    assert guess_contract(["ID", "name", "brand"]) == "products"
    assert guess_contract(["id", "name", "category"]) == "products", "several of them do"


def test_a_customer_a_product_and_a_time_are_order_lines_whatever_the_time_is_called():
    columns = ["CUSTOMER_ID", "AGE_GROUP", "PRODUCT_ID", "BEGIN"]
    assert guess_contract(columns) == "customers"
    assert guess_contract(columns, has_times=True) == "order_lines"


def test_what_repeats_an_id_is_no_list_of_those_that_have_it():
    assert guess_contract(["customer", "email"], repeated=["customer"]) is None
    assert guess_contract(["product", "brand"], repeated=["product"]) is None
    assert guess_contract(["product", "brand"], repeated=["brand"]) == "products"
