import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.preview_notes import pieces_for_money
from dmp_assets.onboarding.project_settings import change_project, read_rates, set_rates
from dmp_assets.onboarding.source_files import remove_source, write_source
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import declared_tables, source_tables
from dmp_assets.sources.read import files_of

SAID: Any = {"currency": "CNY", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def project_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "dbt_project"
    folder.mkdir()
    shutil.copy(PACKAGE_DIR / "dbt_project.yml", folder)
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(folder))
    get_settings.cache_clear()
    declared_tables.cache_clear()
    yield folder
    get_settings.cache_clear()
    declared_tables.cache_clear()


@pytest.fixture
def orders(tmp_path: Path):
    file = tmp_path / "orders.csv"
    file.write_text("用户ID,商品ID,购买时间,购买金额\nu1,p1,2024-01-02 10:00:00,1.50\n", encoding="utf-8")
    return file


def plan(file: Path, source: str = "shop", ask=None, **said):
    (found,) = inspect(str(file))
    return plan_table(source, found, Said(**said), ask)


def add(project: ProjectFile, file: Path, source: str = "shop", **said) -> list[str]:
    planned = plan(file, source, **said)
    changes = change_project(project, planned, said.get("exchange_rate"), None)
    write_source(project, [planned])
    return changes


def test_known_columns_need_no_word(orders):
    planned = plan(orders, **SAID)
    assert planned.contract == "order_lines"
    assert planned.mapping["customer_id"].columns == ("用户ID",)
    assert planned.rule.customer == "用户ID"
    assert planned.rule.keep is None, "nobody said what becomes of a changed file"


@pytest.mark.parametrize(
    ("header", "row", "said", "message"),
    [
        ("a,b", "1,2", {}, "Which contract table does orders map to.* Say it with --as"),
        ("a,b", "1,2", {"contract": "order_lines"}, "Which column holds product_id .* --map product_id=COLUMN"),
        ("a,b", "1,2", {"contract": "orders"}, "'orders' is none of order_lines, customers"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", {}, "In which time zone .* --time-zone"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", {"time_zone": "UTC"}, "In which currency .* --currency"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", {"time_zone": "Mars"}, "Mars is no IANA time zone"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", {"time_zone": "UTC", "currency": "Euro"}, "EURO is no ISO 4217"),
        ("user,sku,date,amount", "1,2,01/02/2024,3", SAID, "can be read in several ways. .* --time-format"),
        ("user,sku,date,amount", "1,2,soon,3", SAID, "How does date write times .* --time-format"),
        ('user,sku,date,amount', '1,2,2024-01-02,"1,234"', SAID, "Which is the decimal mark of amount .* --decimal"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", SAID | {"mapping": {"x": "user"}}, "order_lines has no field x"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", SAID | {"mapping": {"store_id": "x"}}, "there is no column x"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", SAID | {"identifiers": {"user": "x"}}, "x is no kind of identifier"),
        ("user,sku,date,amount", "1,2,2024-01-02,3", SAID | {"cursor": "x"}, "--cursor: there is no column x"),
    ],
)  # fmt: skip
def test_what_is_open_is_named_with_how_to_say_it(tmp_path, header, row, said, message):
    file = tmp_path / "orders.csv"
    file.write_text(f"{header}\n{row}\n")
    with pytest.raises(UserError, match=message):
        plan(file, **said)


def test_what_is_open_is_asked_for(orders):
    answers = {"time zone": "Asia/Shanghai", "currency": "cny"}
    asked = []

    def ask(question, choices):
        asked.append(question)
        return next(answer for word, answer in answers.items() if word in question)

    planned = plan(orders, ask=ask)
    assert (planned.time_zone, planned.currency) == ("Asia/Shanghai", "CNY")
    assert len(asked) == 2


def test_an_id_tells_order_lines_apart_where_it_is_unique(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("id,user,sku,date,amount\n1,u,s,2024-01-02,3\n2,u,s,2024-01-02,3\n")
    assert plan(file, **SAID).mapping["order_line_id"].columns == ("id",)
    file.write_text("id,user,sku,date,amount\n1,u,s,2024-01-02,3\n1,u,t,2024-01-02,3\n")
    assert "order_line_id" not in plan(file, **SAID).mapping
    with pytest.raises(UserError, match="id repeats or is missing in some rows"):
        plan(file, mapping={"order_line_id": "id"}, **SAID)
    with pytest.raises(UserError, match="would count twice"):
        plan(file, cursor="date", **SAID)


@pytest.mark.parametrize("name", ["Shop", "my shop", "1shop", "a__b", "collector", "complete_journey"])
def test_a_name_that_cannot_be_used_is_refused(orders, name):
    with pytest.raises(UserError, match="is not accepted for a source"):
        plan(orders, name, **SAID)


def test_the_first_source_of_orders_gives_the_platform_its_currency_and_time_zone(project_dir, orders):
    project = ProjectFile(project_dir)
    project.unlist("complete_journey")
    add(project, orders, **SAID)
    settings = yaml.safe_load(project.path.read_text(encoding="utf-8"))["vars"]
    assert settings["sources"] == {"shop": ["order_lines"], "collector": ["events", "consents"]}
    assert (settings["currency"], settings["time_zones"]) == ("CNY", ["Asia/Shanghai"])
    assert settings["event_time_zone"] == "Asia/Shanghai"


def test_another_source_is_converted_by_a_declared_rate(project_dir, orders):
    project = ProjectFile(project_dir)
    with pytest.raises(UserError, match="How many USD is one CNY worth"):
        add(project, orders, **SAID)
    project = ProjectFile(project_dir)
    add(project, orders, exchange_rate=0.14, **SAID)
    settings = yaml.safe_load(project.path.read_text(encoding="utf-8"))["vars"]
    assert settings["currency"] == "USD"
    assert settings["exchange_rates"] == {"CNY": {"1970-01-01": 0.14}}
    assert settings["time_zones"] == ["America/New_York", "Asia/Shanghai"]


def test_what_is_written_is_what_is_declared(project_dir, orders):
    project = ProjectFile(project_dir)
    add(project, orders, exchange_rate=0.14, **SAID)
    (table,) = [each for each in declared_tables(Settings(dbt_project_dir=project_dir)) if each.source == "shop"]
    assert (table.source, table.raw_name) == ("shop", "shop__order_lines")
    assert table.columns == dict.fromkeys(("用户ID", "商品ID", "购买时间", "购买金额"), "VARCHAR")
    assert (table.rule.location, table.rule.encoding) == (str(orders), "utf-8")


def test_a_file_below_the_project_moves_with_it(project_dir, tmp_path, monkeypatch):
    (project_dir / "data").mkdir()
    file = project_dir / "data" / "orders.csv"
    file.write_text("user,sku,date,amount\nu1,p1,2024-01-02,1.50\n", encoding="utf-8")
    project = ProjectFile(project_dir)
    add(project, file, exchange_rate=0.14, **SAID)
    written = yaml.safe_load(
        (project_dir / "models/staging/shop/stg_shop__order_lines.yml").read_text(encoding="utf-8")
    )
    assert written["sources"][0]["tables"][0]["config"]["meta"]["load"]["location"] == "data/orders.csv"
    moved = tmp_path / "elsewhere"
    project_dir.rename(moved)
    monkeypatch.chdir("/")
    (table,) = source_tables(moved, "shop")
    assert files_of(table.rule) == {"orders.csv": moved / "data" / "orders.csv"}


def test_files_that_are_there_are_the_users_and_stay(project_dir, orders):
    project = ProjectFile(project_dir)
    add(project, orders, exchange_rate=0.14, **SAID)
    model = project_dir / "models/staging/shop/stg_shop__order_lines.sql"
    model.write_text("edited")
    before = project.path.read_text(encoding="utf-8")
    with pytest.raises(UserError, match="already there and yours"):
        add(ProjectFile(project_dir), orders, **SAID)
    assert model.read_text() == "edited"
    assert project.path.read_text(encoding="utf-8") == before


def test_adding_and_removing_leaves_the_project_as_it_was(project_dir, orders, tmp_path):
    original = (project_dir / "dbt_project.yml").read_text(encoding="utf-8")
    settings = Settings(home=tmp_path / "home", dbt_project_dir=project_dir)
    project = ProjectFile(project_dir)
    assert project.text() == original
    customers = tmp_path / "customers.csv"
    customers.write_text("customer_id,email,age\nu1,a@b.example,30\n")
    add(project, customers)
    assert (project_dir / "models/staging/shop").is_dir()
    remove_source(Warehouse.from_settings(settings), settings, "shop")
    assert (project_dir / "dbt_project.yml").read_text(encoding="utf-8") == original
    assert not (project_dir / "models/staging/shop").exists()
    with pytest.raises(UserError, match="There is no source shop"):
        remove_source(Warehouse.from_settings(settings), settings, "shop")


def test_a_declaration_with_a_mistake_names_file_table_and_entry(project_dir, orders):
    add(ProjectFile(project_dir), orders, exchange_rate=0.14, **SAID)
    file = project_dir / "models/staging/shop/stg_shop__order_lines.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("format: csv", "format: excel"), encoding="utf-8")
    declared_tables.cache_clear()
    with pytest.raises(
        UserError, match=r"stg_shop__order_lines.yml, table order_lines: the entry load is wrong \(format"
    ):
        declared_tables(Settings(dbt_project_dir=project_dir))


def test_names_with_quotes_and_backslashes_are_written_so_that_dbt_reads_them(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text('customer_id,"a""ge\'s \\ band"\n1,2\n')
    planned = plan(file, contract="customers", mapping={"age_band": "a\"ge's \\ band"})
    assert """{{ dmp.parse_text('"a""ge\\'s \\\\ band"') }} as age_band""" in scaffold.staging_sql(planned)


def test_promotions_of_any_source_are_mapped(tmp_path):
    file = tmp_path / "leaflets.csv"
    file.write_text("sku,store,week_start,leaflet\n1,2,2024-01-01,true\n")
    planned = plan(file)
    assert planned.contract == "promotions"
    sql = scaffold.staging_sql(planned)
    assert "{{ dmp.parse_boolean('leaflet') }} as is_in_mailer" in sql
    assert "false as is_on_display" in sql


def test_deleted_rows_are_withdrawn_by_the_column_that_tells(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("id,user,sku,date,amount,gone_at\n1,u,s,2024-01-02,3,\n2,u,s,2024-01-02,3,2024-02-01\n")
    planned = plan(file, deleted_at="gone_at", **SAID)
    sql = scaffold.staging_sql(planned)
    assert "{{ dmp.is_deleted('gone_at') }} as is_deleted" in sql
    assert "{{ dmp.is_withdrawn(['order_line_id']) }} as is_withdrawn" in sql
    assert "where not is_withdrawn" in sql
    assert planned.rule.deleted_at == "gone_at"
    with pytest.raises(UserError, match="--deleted-at: there is no column removed"):
        plan(file, deleted_at="removed", **SAID)


def test_a_column_with_a_persons_address_is_taken_into_the_vault_whatever_it_is_called(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("customer,reach,email\nu1,a@mail.example,yes\nu2,b@mail.example,no\n")
    planned = plan(file, contract="customers", mapping={"email": "reach"})
    assert planned.rule.identifiers == {"reach": "email"}
    assert "email" not in plan(file, contract="customers").mapping, "a column that says yes or no is no address"
    with pytest.raises(UserError, match=r"reach gives the email of customers.*Leave the flag out"):
        plan(file, contract="customers", mapping={"email": "reach"}, identifiers={"reach": "none"})
    with pytest.raises(UserError, match="--map email: name a column"):
        plan(file, contract="customers", mapping={"email": "=info@mail.example"})


def test_everything_that_is_missing_is_named_at_once(tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text("order_id,product_id,add_to_cart_order\n1,2,3\n")
    with pytest.raises(
        UserError,
        match=r"holds ordered_at and sales_amount \(or unit_price\) of order_lines.*customer_id has no column",
    ):
        plan(file, contract="order_lines")
    file.write_text("order_id,user_id,order_dow\n1,2,3\n")
    with pytest.raises(
        UserError, match="nearest is order_lines, of which no column is known for product_id, ordered_at, sales_amount"
    ):
        plan(file)


def test_rates_are_given_by_currency_and_date(project_dir):
    project = ProjectFile(project_dir)
    alone, rates = read_rates(["JPY=0.0065", "eur=2025-01-01:1.10", "EUR=2025-07-01:1.20"])
    assert alone is None
    assert len(set_rates(project, rates)) == 3
    assert yaml.safe_load(project.text())["vars"]["exchange_rates"] == {
        "JPY": {"1970-01-01": 0.0065},
        "EUR": {"2025-01-01": 1.1, "2025-07-01": 1.2},
    }
    assert read_rates(["0.5"]) == (0.5, {})
    for wrong in ("2025-01-01:1.1", "EUR=", "EUR=-1", "euros=1"):
        with pytest.raises(UserError, match="--exchange-rate"):
            read_rates([wrong])


TILL = """Trans No,Trans Date,Trans Time,Cust No,PLU,Qty,Line Value,Discount
1,01/31/23,17:45,c1,p1,1,3.50,0.2
2,02/28/23,09:05,c2,p2,2,7.00,0
"""


def test_day_and_time_of_day_years_of_two_digits_and_shares_are_known_by_what_they_hold(tmp_path):
    file = tmp_path / "till.csv"
    file.write_text(TILL, encoding="utf-8")
    planned = plan(file, **SAID)
    assert planned.contract == "order_lines"
    ordered_at = planned.mapping["ordered_at"]
    assert (ordered_at.columns, ordered_at.time) == (("Trans Date",), "Trans Time")
    assert planned.time_formats["Trans Date"] == "%m/%d/%y %H:%M"
    assert "loyalty_discount_amount" not in planned.mapping
    assert "Discount as loyalty_discount_amount: all of its numbers lie between 0 and 1" in planned.left_out[0]
    meant = plan(file, **SAID, mapping={"loyalty_discount_amount": "Discount"})
    assert meant.mapping["loyalty_discount_amount"].columns == ("Discount",)
    assert meant.left_out == ()


def test_pieces_are_not_taken_for_money_where_a_price_is_not_used(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("customer,product,date,amount,sales price\nc1,p1,2023-01-31,3,139\n", encoding="utf-8")
    assert pieces_for_money(plan(file, **SAID))[0].startswith("amount has whole numbers only and sales price is not")
    assert pieces_for_money(plan(file, **SAID, mapping={"quantity": "amount", "sales_amount": "sales price"})) == []
