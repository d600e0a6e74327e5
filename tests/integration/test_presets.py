"""Exports of shop systems, read by their presets, and what else a mapping can say: what the staging models make of small files."""

import csv
import datetime as dt
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.mapping import LineTypeRule, RowFilter, TableMapping
from dmp_assets.onboarding.preset import planned
from dmp_assets.onboarding.project_settings import change_project, set_rates
from dmp_assets.onboarding.recognise import Reading
from dmp_assets.onboarding.source_files import write_source
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.catalogue import missing_products
from dmp_assets.sources.declare import source_tables
from dmp_assets.sources.land import load_table
from tests.integration.test_own_data import Platform

EXPORTS = Path(__file__).parents[1] / "exports"
LIKE: dict[str, tuple[str, dict[str, Any]]] = {
    "stripe": ("stripe/charges.jsonl", {"time_zone": "UTC", "currency": "USD"}),
    "shopify": ("shopify/orders_export_1.csv", {"time_zone": "Europe/Berlin"}),
    "shopify-api": ("shopify-api/orders.json", {"time_zone": "America/New_York"}),
    "woocommerce": ("woocommerce/orders.csv", {"time_zone": "Europe/Berlin"}),
    "magento": ("sqlite:///{folder}/shop.db", {"time_zone": "Europe/Berlin"}),
    "square": ("square/items.csv", {"time_zone": "America/New_York", "currency": "USD"}),
    "online-retail": ("online-retail/online_retail_II.csv", {}),
    "olist": ("olist", {}),
    "amazon": ("amazon/orders.txt", {"time_zone": "Europe/Berlin"}),
    "etsy": ("etsy/EtsySoldOrderItems2025-1.csv", {"time_zone": "America/New_York"}),
    "retailrocket": ("retailrocket", {"time_zone": "UTC", "currency": "EUR"}),
    "prestashop": ("prestashop", {"time_zone": "Europe/Paris"}),
    "taobao": ("taobao/UserBehavior.csv", {}),
    "instacart": ("instacart", {}),
    "ga4": ("ga4/events.jsonl", {"time_zone": "Europe/Berlin", "currency": "EUR"}),
    "german-till": ("german-till/journal.csv", {}),
    "dsfinv-k": ("dsfinv-k", {}),
}

ODD_HEADER = ["{{ unknown.thing }}", 'it\'s a "customer" \\ {% raw %}', "{# day", "{{ ref('x') }}", "what\n{{ it }}"]
ODD_ROWS = [
    ["{{ 7 * 7 }}", "c1", "2025-01-01", "1", "{% if %}"],
    ["it's", "c2", "2025-01-02", "2", "x"],
    ["sku", "c3", "2025-01-03", "3", "{{ no }} isn't"],
]


class Shops(Platform):
    """A project with a source for each preset, built up to the staging layer."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder / "exports"
        shutil.copytree(EXPORTS, self.folder)
        with sqlite3.connect(self.folder / "shop.db") as database:
            database.executescript((self.folder / "magento" / "shop.sql").read_text(encoding="utf-8"))
        self.changes: dict[str, list[str]] = {}

    def add_like(self, name: str) -> None:
        place, said = LIKE[name]
        location = place.format(folder=self.folder) if "://" in place else str(self.folder / place)
        plans, notes = planned(name.replace("-", "_"), location, name, Said(**said), Reading())
        self.write(name, plans, notes)

    def lines(self, source: str, columns: str) -> list[tuple]:
        """Return columns of a source's order lines, in the order of its rows."""
        return self.query(
            f"select {columns} from staging.stg_{source}__order_lines order by _file, _row, order_line_id"
        )

    def add(self, name: str, place: str, **said: Any) -> None:
        (found,) = inspect(str(self.folder / place))
        self.write(name, [plan_table(name, found, Said(**said), None)], [], said.get("rates"))

    def write(self, name, plans, notes, rates=None) -> None:
        project = ProjectFile(self.project)
        set_rates(project, rates or {})
        changed = [change for plan in plans for change in change_project(project, plan, 1.0, None)]
        write_source(project, plans)
        self.changes[name] = [*changed, *notes]

    def load(self, *sources: str) -> None:
        """Load what is new of the sources, as a build does."""
        prepare_home(self.settings)
        for source in sources:
            for table in source_tables(self.project, source):
                now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                landing = load_table(Warehouse.from_settings(self.settings), self.settings, table, now=now)
                assert not landing.damaged


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    shops = Shops(tmp_path_factory.mktemp("presets"))
    for name in LIKE:
        shops.add_like(name)
    days = shops.folder / "days"
    days.mkdir()
    shutil.copy(shops.folder / "overlapping" / "day1.csv", days)
    shops.add("chain", "chain/sales.csv", contract="order_lines", mapping={"ordered_at": "local_time"})
    where = {"currency": "EUR", "time_zone": "Europe/Madrid"}
    shops.add("edited", "days", declared=TableMapping(whole_orders=True), **where)
    # The chain of case 17 in money of its own, so that its dated rates change no other source.
    text = (shops.folder / "chain" / "sales.csv").read_text(encoding="utf-8")
    (shops.folder / "rated.csv").write_text(
        text.replace("EUR", "CHF").replace("JPY", "TWD").replace("GBP", "NZD"), encoding="utf-8"
    )
    rates = {("CHF", "2025-01-01"): 1.10, ("CHF", "2025-07-01"): 1.20, ("TWD", "2025-01-01"): 0.0065}
    shops.add("rated", "rated.csv", rates=rates, contract="order_lines", mapping={"ordered_at": "local_time"})
    stockholm: dict[str, Any] = {"currency": "EUR", "time_zone": "Europe/Stockholm"}
    shops.add("hm", "hm/transactions_train.csv", mapping={"sales_amount": "price"}, **stockholm)
    told = shops.changes["hm"]
    shops.add("hm", "hm/articles.csv")
    shops.add("hm", "hm/customers.csv")
    shops.changes["hm"] += told
    # Two shops with the same customers and products: each has its own orders.
    for name in ("north", "south"):
        shops.add(name, "overlapping/day1.csv", namespace="group", **where)
    product, customer, day, amount, kind = ODD_HEADER
    with (shops.folder / "odd.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([ODD_HEADER, *ODD_ROWS])
    shops.add(
        "odd",
        "odd.csv",
        contract="order_lines",
        mapping={"product_id": product, "customer_id": customer, "ordered_at": day, "sales_amount": amount},
        declared=TableMapping(
            where=(RowFilter(column=kind, excluded=("{{ no }} isn't",)),),
            line_type=(LineTypeRule(column=product, values=("{{ 7 * 7 }}", "it''s"), type="fee"),),
        ),
        **where,
    )
    (shops.folder / "club.csv").write_text(
        "Kundennummer,E-Mail,Handy,Haushalt,Treuekarte\n"
        "7,Mia.Muster+Shop@Example.org ,+49 30 5550101,h1,0042\n8,n/a,,h1,\n9, ,,,\n",
        encoding="utf-8",
    )
    shops.add("club", "club.csv", namespace="group", time_zone="Europe/Berlin")
    (shops.folder / "desk.csv").write_text(
        "order_id,user_id,sku,date,total,contact_email,loyaltycard\n"
        "1,guest,a,2025-01-01,2.00,mia.muster+shop@example.org,\n2,7,a,2025-01-02,3.00,,0042\n"
        "3,,a,2025-01-03,3.00,miamuster@example.org,\n",
        encoding="utf-8",
    )
    shops.add("desk", "desk.csv", currency="EUR", time_zone="Europe/Berlin")
    together = shops.folder / "together"
    together.mkdir()
    for day in ("day1", "day2"):
        text = (shops.folder / "overlapping" / f"{day}.csv").read_text(encoding="utf-8")
        (together / f"{day}.csv").write_text(text.replace("total_amount", "amount"), encoding="utf-8")
    shops.add("together", "together", **where)
    shops.load(*(name.replace("-", "_") for name in shops.changes))
    for day in ("day2", "day3", "day1"):
        text = (shops.folder / "overlapping" / f"{day}.csv").read_text(encoding="utf-8")
        (days / f"{day}_again.csv").write_text(text.replace("total_amount", "amount"), encoding="utf-8")
        shops.load("edited")
    shops.dmp("build", "--layer", "raw")
    for layer in ("staging", "identity", "intermediate"):
        shops.dmp("build", "--layer", layer)
    return shops


def money(rows: list[tuple]) -> dict[str, str]:
    return {key: f"{Decimal(amount):.2f}" for key, amount in rows}


def net(shops: Shops, source: str) -> dict[str, str]:
    """Return the net sales of each order of a source, without what stands before its id."""
    return money(
        shops.query(
            "select replace(split_part(order_id, ':', 2), ':return', ''), sum(sales_amount) "
            f"from intermediate.int_order_lines where source = '{source}' group by 1"
        )
    )


def test_shopify_fills_down_prices_pieces_and_pays_back(shops):
    assert net(shops, "shopify") == {
        "#1001": "51.75", "#1002": "0.00", "#1003": "55.00", "#1004": "0.00", "#1005": "10.00", "#1006": "45.00",
    }  # fmt: skip
    types = "select line_type, count(*), sum(sales_amount) from intermediate.int_order_lines where source = 'shopify' group by 1"
    assert {name: (count, f"{amount:.2f}") for name, count, amount in shops.query(types)} == {
        "sale": (8, "216.75"), "return": (3, "-55.00"), "void": (1, "0.00"),
    }  # fmt: skip
    customers = shops.lines("shopify", "customer_id")
    assert len({customer for (customer,) in customers} - {None}) == 2
    assert customers.count((None,)) == 2
    assert not any("example" in str(customer) for customer in customers)
    assert shops.lines("shopify", "product_id")[2] == ("shopify:Probe",)
    (local,) = shops.query(
        "select distinct ordered_at_local::varchar from intermediate.int_order_lines where order_id = 'shopify:#1003'"
    )
    assert local == ("2025-03-30 01:59:59",)


def test_what_a_shopify_api_order_gave_back_is_a_return_on_its_day(shops):
    assert net(shops, "shopify_api") == {"450789469": "189.52", "450789470": "0.00"}
    assert shops.query(
        "select product_id, order_on::varchar, quantity, sales_amount, original_order_id from intermediate.int_order_lines "
        "where source = 'shopify_api' and line_type = 'return'"
    ) == [("shopify_api:Sticker", "2025-01-15", Decimal(-1), Decimal("-0.48"), "shopify_api:450789469")]


def test_woocommerce_leaves_out_cancelled_orders_and_knows_guests_by_their_address(shops):
    assert net(shops, "woocommerce") == {"1201": "36.00", "1202": "0.00", "1203": "30.00"}
    customers = dict(shops.lines("woocommerce", "order_id, customer_id"))
    assert customers["woocommerce:1202"] == customers["woocommerce:1203"] != customers["woocommerce:1201"]


def test_magento_counts_a_parent_once_and_reads_utc(shops):
    assert net(shops, "magento") == {"000000101": "118.00", "000000102": "50.00", "100000001": "0.00"}
    assert shops.query(
        "select product_id, order_on::varchar, line_type, quantity from intermediate.int_order_lines where source = 'magento' "
        "order by order_id"
    ) == [
        ("magento:SHIRT-M", "2025-05-02", "sale", Decimal(2)),
        ("magento:SET", "2025-05-02", "sale", Decimal(1)),
        ("magento:SHIRT-L", "2025-05-03", "sale", Decimal(1)),
        ("magento:SHIRT-L", "2025-05-09", "return", Decimal(-1)),
    ]


def test_stripe_amounts_are_in_minor_units_of_each_currency(shops):
    assert shops.lines("stripe", "currency, sales_amount, line_type") == [
        ("USD", Decimal("19.990"), None),
        ("JPY", Decimal(500), None),
        ("KWD", Decimal("12.345"), None),
        ("USD", Decimal(50), None),
        ("USD", Decimal(50), "void"),
        ("USD", Decimal(50), "void"),
    ]
    assert net(shops, "stripe") == {"ch_01": "19.99", "ch_04": "30.00", "ch_05": "0.00", "ch_06": "0.00"}
    assert any("none for JPY, KWD" in change for change in shops.changes["stripe"])
    assert "amount_type: amounts keep 3 digits behind the point, as here" in shops.changes["stripe"]


def test_square_has_day_and_time_apart_and_refunds_as_returns(shops):
    assert shops.lines("square", "product_id, ordered_at::varchar, line_type, sales_amount") == [
        ("square:LAT-L", "2025-03-31 18:05:33", None, Decimal("8.100")),
        ("square:Scone", "2025-03-31 18:05:33", None, Decimal("3.500")),
        ("square:Custom Amount", "2025-04-01 03:30:00", "fee", Decimal("5.000")),
        ("square:Scone", "2025-04-01 13:00:00", "return", Decimal("-3.500")),
    ]
    assert shops.query(
        "select product_category from staging.stg_square__products where product_id = 'square:LAT-L'"
    ) == [("Coffee",)]


def test_online_retail_tells_cancellations_fees_and_bookings_apart(shops):
    sales = net(shops, "online_retail")
    expected = {
        "536365": "55.98", "C536379": "-6.78", "541431": "77183.60", "C541433": "-77183.60", "536414": "0.00", "538090": "0.00",
        "A563185": "0.00", "489521": "0.00",
    }  # fmt: skip
    assert {order: sales[order] for order in expected} == expected
    types = dict(shops.lines("online_retail", "product_id, line_type"))
    assert (types["online_retail:POST"], types["online_retail:M"]) == ("fee", "fee")
    assert (types["online_retail:TEST001"], types["online_retail:B"]) == ("adjustment", "adjustment")
    assert ("online_retail:21773", None, "RETRO £5 BOWL") in shops.lines(
        "online_retail", "product_id, customer_id, product_name"
    )
    # Two equal rows are two lines.
    assert len({line for (line,) in shops.lines("online_retail", "order_line_id")}) == 14


def test_olist_joins_five_files(shops):
    assert shops.lines("olist", "customer_id, product_id, ordered_at::varchar, sales_amount, line_type") == [
        ("olist:7c396fd4", "olist:87285b34", "2017-10-02 13:56:33", Decimal("29.990"), None),
        ("olist:7c396fd4", "olist:87285b34", "2017-10-02 13:56:33", Decimal("29.990"), None),
        ("olist:af07308b", "olist:595fac2a", "2018-07-24 23:41:37", Decimal("118.700"), "void"),
        ("olist:7c396fd4", "olist:595fac2a", "2018-08-08 11:38:49", Decimal("118.700"), None),
    ]
    assert shops.query("select product_id, product_category from staging.stg_olist__products order by 1") == [
        ("olist:595fac2a", "perfumery"),
        ("olist:87285b34", "housewares"),
        ("olist:aaaa0000", None),
    ]


def shipping(shops: Shops, source: str) -> dict[str, str]:
    """Return the shipping of each order of a source that has any, without what stands before its id."""
    return money(
        shops.query(
            "select split_part(order_id, ':', 2), sum(shipping_amount) from intermediate.int_order_lines "
            f"where source = '{source}' group by 1 having sum(shipping_amount) <> 0"
        )
    )


def test_shipping_that_stands_beside_each_line_is_summed_over_the_order(shops):
    assert shipping(shops, "olist") == {"e481f51c": "17.44", "47770eb9": "19.22"}, "the cancelled order counts nothing"
    assert shipping(shops, "amazon") == {"058-1": "4.99"}
    assert shipping(shops, "etsy") == {"3001": "4.50"}, "what stands on every line is the order's"


def test_of_amazon_what_was_shipped_counts_with_its_promotions(shops):
    assert net(shops, "amazon") == {"058-1": "34.00", "058-4": "20.00"}
    assert shops.lines("amazon", "product_id, customer_id, store_id, ordered_at::varchar, quantity") == [
        ("amazon:TR-1", None, "amazon:Amazon.de", "2025-07-14 18:53:56", Decimal(3)),
        ("amazon:MUG", None, "amazon:Amazon.de", "2025-07-14 18:53:56", Decimal(1)),
        ("amazon:B02", None, "amazon:Amazon.fr", "2025-07-15 22:30:00", Decimal(2)),
    ]


def test_etsys_items_are_known_by_sku_or_listing_and_its_buyers_by_no_name(shops):
    assert net(shops, "etsy") == {"3001": "31.50", "3002": "9.00"}
    lines = shops.lines("etsy", "product_id, ordered_at::varchar, customer_id")
    assert [line[:2] for line in lines] == [
        ("etsy:OWL-S", "2025-01-31 05:00:00"), ("etsy:7002", "2025-01-31 05:00:00"), ("etsy:7002", "2025-01-30 05:00:00"),
    ]  # fmt: skip
    anna, again, tom = (line[2] for line in lines)
    assert anna == again != tom
    assert "anna" not in anna


def test_of_retailrocket_transactions_are_purchases_and_items_have_their_category(shops):
    assert shops.lines("retailrocket", "order_id, customer_id, product_id, ordered_at::varchar, sales_amount") == [
        ("retailrocket:4000", "retailrocket:599528", "retailrocket:356475", "2015-06-02 05:17:56.276", Decimal(1)),
        ("retailrocket:4000", "retailrocket:599528", "retailrocket:15335", "2015-06-02 05:17:56.276", Decimal(1)),
    ]
    assert shops.query("select product_id, product_category from staging.stg_retailrocket__products order by 1") == [
        ("retailrocket:15335", "1114"), ("retailrocket:356475", "1338"),
    ]  # fmt: skip


def test_prestashop_joins_its_tables_pays_back_and_leaves_invalid_orders_out(shops):
    assert net(shops, "prestashop") == {"1": "60.00", "2": "0.00"}, "70 + 30 - 5 - 35"
    assert shipping(shops, "prestashop") == {"1": "7.00"}
    assert shops.lines(
        "prestashop", "customer_id, product_id, ordered_at::varchar, quantity, sales_amount, line_type"
    ) == [
        ("prestashop:7", "prestashop:demo_3", "2025-05-01 20:30:00", Decimal(2), Decimal(70), None),
        ("prestashop:7", "prestashop:demo_3", "2025-05-09 07:00:00", Decimal(-1), Decimal(-35), "return"),
        ("prestashop:7", "prestashop:4", "2025-05-01 20:30:00", Decimal(1), Decimal(30), None),
        ("prestashop:8", "prestashop:4", "2025-05-02 08:00:00", Decimal(1), Decimal(30), "void"),
    ]
    assert shops.query(
        "select count(*) from raw.prestashop__customers where email like '%@%' or birthday like '1990%'"
    ) == [(0,)]


def test_of_taobao_only_purchases_count_on_the_days_of_shanghai(shops):
    assert shops.query(
        "select customer_id, order_on::varchar, sales_amount from intermediate.int_order_lines where source = 'taobao' "
        "order by ordered_at"
    ) == [
        ("taobao:1", "2017-11-25", Decimal(1)),
        ("taobao:2", "2017-11-28", Decimal(1)),
        ("taobao:100", "2017-12-02", Decimal(1)),
        ("taobao:100", "2017-12-03", Decimal(1)),
    ]
    assert shops.query(
        "select customer_id, reject_reason from intermediate.int_order_lines_checked "
        "where source = 'taobao' and reject_reason is not null"
    ) == [("taobao:3", "after_load")]
    assert any("has no amounts" in change for change in shops.changes["taobao"])


def test_instacart_gives_products_and_says_why_nothing_else(shops):
    assert shops.query(
        "select product_type, product_category, department from staging.stg_instacart__products order by _row"
    ) == [
        ("Soda", "soft drinks", "beverages"),
        ('Organic \\"Unsweetened\\" Milk', "soy lactosefree", "dairy eggs"),
        ("Chipotle Jerky", "popcorn jerky", "snacks"),
    ]
    with pytest.raises(UserError, match="neither the day of an order nor any amount"):
        planned("insta", str(EXPORTS / "instacart" / "orders.csv"), "instacart", Said(), Reading())


def test_ga4_reads_items_of_purchases_and_refunds(shops):
    assert shops.lines(
        "ga4", "order_id, customer_id, product_id, ordered_at::varchar, quantity, unit_price, line_type"
    ) == [
        ("ga4:T1", "ga4:1000.1", "ga4:G1", "2025-03-07 16:00:00.123456", Decimal(2), Decimal(15), None),
        ("ga4:T1", "ga4:1000.1", "ga4:G2", "2025-03-07 16:00:00.123456", Decimal(1), Decimal(14), None),
        ("ga4:T1", "ga4:u7", "ga4:G2", "2025-03-09 16:00:00", Decimal(1), Decimal(14), "return"),
    ]


def test_a_german_till_has_receipts_that_begin_anew(shops):
    columns = "substr(order_id, 13), substr(product_id, 13), ordered_at::varchar, quantity, sales_amount, line_type"
    assert shops.lines("german_till", columns) == [
        ("01:1:03.04.2025:1001", "0004711", "2025-04-03 07:15:00", Decimal(4), Decimal("1.800"), None),
        ("01:1:03.04.2025:1001", "0004712", "2025-04-03 07:15:00", Decimal("0.250"), Decimal("3.590"), None),
        ("01:1:04.04.2025:1001", "0004711", "2025-04-04 16:59:00", Decimal(2), Decimal("0.900"), None),
        ("01:2:04.04.2025:1001", "0004711", "2025-04-04 17:01:00", Decimal(-1), Decimal("-0.450"), "cancellation"),
        ("02:1:04.04.2025:7", "Pfand Kiste", "2025-04-04 08:00:00", Decimal(1), Decimal("3.100"), "fee"),
        ("02:1:04.04.2025:8", "0004712", "2025-04-04 08:30:00", Decimal(1), Decimal("15.960"), "void"),
    ]


def test_a_chain_has_a_time_zone_and_a_currency_by_row(shops):
    assert shops.query(
        "select split_part(order_id, ':', 2), order_on::varchar from intermediate.int_order_lines where source = 'chain' "
        "order by ordered_at"
    ) == [("4", "2025-06-30"), ("5", "2025-07-01"), ("1", "2025-06-30"), ("2", "2025-06-30"), ("6", "2025-07-01")]
    reasons = dict(
        shops.query(
            "select split_part(order_id, ':', 2), reject_reason from intermediate.int_order_lines_checked "
            "where source = 'chain' and reject_reason is not null"
        )
    )
    assert reasons == {"3": "unknown_currency", "7": "unknown_currency", "8": "unknown_time_zone"}
    assert any("CEST is none" in change for change in shops.changes["chain"])


def test_amounts_of_a_chain_are_converted_by_the_rate_of_the_stores_day(shops):
    """Case 17: 310.00 on 30 June (the old rate), 185.00 on 1 July (the new one), each by the day of the store."""
    lines = shops.query(
        "select split_part(order_id, ':', 2), order_on::varchar, currency, sales_amount from intermediate.int_order_lines "
        "where source = 'rated' order by ordered_at"
    )
    assert [(order, day, currency, f"{amount:.2f}") for order, day, currency, amount in lines] == [
        ("3", "2025-07-01", "USD", "65.00"),
        ("4", "2025-06-30", "USD", "110.00"),
        ("5", "2025-07-01", "USD", "120.00"),
        ("1", "2025-06-30", "USD", "100.00"),
        ("2", "2025-06-30", "USD", "100.00"),
    ]
    rejected = "select split_part(order_id, ':', 2), reject_reason from intermediate.int_order_lines_checked where source = 'rated'"
    assert dict(shops.query(f"{rejected} and reject_reason is not null")) == {
        "6": "unknown_currency", "7": "unknown_currency", "8": "unknown_time_zone",
    }  # fmt: skip


def test_equal_rows_are_pieces_tiny_prices_stay_and_zeros_before_ids_are_told(shops):
    """Case 09."""
    assert shops.query(
        "select count(*), count(distinct order_line_id), sum(quantity), count(distinct customer_id), count(distinct product_id) "
        "from intermediate.int_order_lines where source = 'hm'"
    ) == [(4, 4, 4, 2, 3)]
    assert [f"{amount:.8f}" for (amount,) in shops.lines("hm", "sales_amount")] == [
        "0.05083051", "0.05083051", "0.00676271", "0.01693220",
    ]  # fmt: skip
    assert "amount_type: amounts keep 8 digits behind the point, as here" in shops.changes["hm"]
    assert shops.query("select age_band from staging.stg_hm__customers order by 1") == [("49",), (None,)]
    warehouse = Warehouse.from_settings(shops.settings)
    with warehouse.read() as connection:
        (told,) = missing_products(connection, "hm")
    assert told.startswith(
        "hm: 1 of 3 products sold is not in the catalogue (0505221004); 1 of them is there with other zeros before the id"
    )


def test_receipts_of_tills_by_law_are_joined_and_told_apart(shops):
    assert shops.lines(
        "dsfinv_k", "substr(order_id, 10), customer_id, ordered_at::varchar, quantity, unit_price, line_type"
    ) == [
        ("K1:7:b1", "dsfinv_k:4711", "2025-04-03 17:00:00", Decimal(3), Decimal("2.1"), None),
        ("K1:7:b1", "dsfinv_k:4711", "2025-04-03 17:00:00", Decimal(-1), Decimal("2.1"), "cancellation"),
        ("K1:7:b1", "dsfinv_k:4711", "2025-04-03 17:00:00", Decimal(2), Decimal(1), "fee"),
        ("K1:7:b1", "dsfinv_k:4711", "2025-04-03 17:00:00", Decimal(1), Decimal("-0.5"), "coupon"),
        ("K1:7:b2", None, "2025-04-03 17:11:00", Decimal(9), Decimal("2.1"), "void"),
        ("K1:7:b3", None, "2025-04-03 17:21:00", Decimal(1), Decimal(100), "adjustment"),
        ("K1:8:b1", None, "2025-04-04 10:01:00", Decimal(2), Decimal("1.5"), None),
    ]
    assert net(shops, "dsfinv_k") == {"K1": "8.70"}, "as UMS_BRUTTO says: 5.70 and 3.00"
    assert shops.query("select product_id, product_category from staging.stg_dsfinv_k__products order by 1") == [
        ("dsfinv_k:0815", "Getränke"), ("dsfinv_k:0816", "Speisen"),
    ]  # fmt: skip
    assert not shops.query("select * from raw.dsfinv_k__transactions where \"KUNDE_NAME\" = 'Otto Muster'")


def test_an_order_that_comes_again_replaces_all_its_lines_but_not_by_a_broken_one(shops):
    assert net(shops, "edited") == {"o1": "10.00", "o2": "10.00", "o3": "15.00", "o4": "10.00", "o5": "40.00"}


def test_of_files_that_are_loaded_together_the_last_has_the_newest_rows(shops):
    assert net(shops, "together") == {"o1": "10.00", "o2": "30.00", "o3": "15.00", "o4": "10.00"}


def test_sources_of_one_namespace_share_customers_and_products_and_no_orders(shops):
    for source in ("north", "south"):
        assert shops.lines(source, "order_id, customer_id, product_id, store_id")[0] == (
            f"{source}:o1", "group:c1", "group:A", f"{source}:online",
        )  # fmt: skip
    north, south = ({line for (line,) in shops.lines(each, "order_line_id")} for each in ("north", "south"))
    assert not north & south


def test_nothing_in_headers_and_values_is_read_as_a_template(shops):
    assert shops.lines("odd", "customer_id, product_id, sales_amount, line_type") == [
        ("odd:c1", "odd:{{ 7 * 7 }}", Decimal(1), "fee"),
        ("odd:c2", "odd:it's", Decimal(2), None),
    ]
    (table,) = source_tables(shops.project, "odd")
    assert list(table.columns) == [*ODD_HEADER[:-1], "what {{ it }}"]


def test_a_guests_order_keeps_its_contact_which_is_one_with_that_of_a_customer_file(shops):
    ((email, phone, household, card),) = shops.query(
        "select email, phone, household_id, loyalty_card from staging.stg_club__customers where customer_id = 'group:7'"
    )
    assert (len(email), len(phone), household, card) == (32, 32, "group:h1", "group:0042")
    rest = "select distinct email, phone from staging.stg_club__customers where customer_id <> 'group:7'"
    assert shops.query(rest) == [(None, None)], "a word for nothing is nobody's address"
    lines = shops.lines("desk", "customer_id, email, loyalty_card")
    assert lines[0] == (None, email, None), "neither case nor blanks around it make another address"
    assert lines[1] == ("desk:7", None, "desk:0042")
    assert lines[2][0] is None
    assert lines[2][1] not in (None, email), "without its dots it is another address"
    by_preset = "select distinct email from staging.stg_woocommerce__order_lines where email is not null"
    assert len(shops.query(by_preset)) > 1
    ((mira,),) = shops.query(
        "select count(distinct email) from staging.stg_shopify__order_lines where order_id = 'shopify:#1001'"
    )
    assert mira == 1
    assert shops.query("select count(*) from staging.stg_shopify__order_lines where contains(email, '@')") == [(0,)]
