import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
import yaml

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.mapping import LineTypeRule, RowFilter, TableMapping
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.onboarding.project_settings import change_project
from dmp_assets.onboarding.remap import planned_anew
from dmp_assets.onboarding.rename import rename_source
from dmp_assets.onboarding.source_files import write_source
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import open_vault
from dmp_assets.sources.declare import declared_tables, source_tables
from dmp_assets.sources.land import load_table

NOW = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the raw layer keeps UTC without a time zone


class Project:
    """A project with the source `shop` of orders and customers, loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        create_project(folder / "my-shop")
        self.settings = Settings(dbt_project_dir=folder / "my-shop", home=folder / "home")
        self.settings.home.mkdir()
        self.warehouse = Warehouse.from_settings(self.settings)
        self.orders, self.customers = folder / "orders.csv", folder / "customers.csv"
        self.orders.write_text("id,user,sku,date,amount\n1,u1,p1,2024-01-02,1.50\n2,u1,p2,2024-01-02\n")
        self.customers.write_text("customer_id,email,age\nu1,a@mail.example,30\n")
        for file in (self.orders, self.customers):
            self.add(file)
        self.load("shop")

    def add(self, file: Path, *, replace: bool = False, **said) -> list[Path]:
        (found,) = inspect(str(file))
        plan = plan_table("shop", found, Said(currency="EUR", time_zone="Europe/Berlin", **said), None)
        project = ProjectFile(self.settings.dbt_project_dir)
        change_project(project, plan, None, None)
        return write_source(project, [plan], replace=replace)

    def load(self, source: str) -> int:
        tables = source_tables(self.settings.dbt_project_dir, source)
        return sum(load_table(self.warehouse, self.settings, table, now=NOW).rows_added for table in tables)

    def query(self, sql: str) -> list[tuple]:
        with self.warehouse.read() as connection:
            return connection.execute(sql).fetchall()

    def rename(self, old: str, new: str) -> list[str]:
        return rename_source(self.warehouse, self.settings, old, new)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """Return a project, and a copy of its folder: it declares where its files lie, so it cannot be used elsewhere."""
    folder = tmp_path_factory.mktemp("renamed")
    declared_tables.cache_clear()
    project = Project(folder / "shop")
    return project, shutil.copytree(folder / "shop", folder / "copy")


@pytest.fixture
def project(made: tuple[Project, Path]):
    project, copy = made
    declared_tables.cache_clear()
    yield project
    declared_tables.cache_clear()
    shutil.rmtree(project.folder)
    shutil.copytree(copy, project.folder)


def test_a_renamed_source_has_all_that_it_had_and_the_same_ids(project):
    folder = project.settings.dbt_project_dir / "models" / "staging"
    declaration = folder / "shop" / "stg_shop__customers.yml"
    declaration.write_text(declaration.read_text().replace("config:", "config:  # where from", 1))
    other = project.settings.dbt_project_dir / "models" / "mine.sql"
    other.write_text("select * from {{ ref('stg_shop__customers') }} join {{ source('shop', 'customers') }}")
    project.rename("shop", "web_shop")
    assert not (folder / "shop").exists()
    assert sorted(file.name for file in (folder / "web_shop").iterdir()) == [
        f"stg_web_shop__{table}.{kind}" for table in ("customers", "order_lines") for kind in ("sql", "yml")
    ]
    sql = (folder / "web_shop" / "stg_web_shop__order_lines.sql").read_text()
    assert "'web_shop' in var('sources')" in sql
    assert "source('web_shop', 'order_lines')" in sql
    assert "'web_shop' as source" in sql
    assert "dmp.namespaced_id('shop'" in sql
    assert other.read_text() == (
        "select * from {{ ref('stg_web_shop__customers') }} join {{ source('web_shop', 'customers') }}"
    )
    text = (folder / "web_shop" / "stg_web_shop__customers.yml").read_text()
    assert "# where from" in text
    content = yaml.safe_load(text)
    assert content["models"][0]["name"] == "stg_web_shop__customers"
    (source,) = content["sources"]
    assert source["config"]["enabled"] == "{{ 'web_shop' in var('sources') }}"
    assert source["tables"][0]["identifier"] == "web_shop__customers"
    assert source["tables"][0]["config"]["meta"]["dagster"]["asset_key"] == ["raw", "web_shop__customers"]
    listed = ProjectFile(project.settings.dbt_project_dir).sources
    assert list(listed) == ["web_shop", "collector"]
    assert sorted(listed["web_shop"]) == ["customers", "order_lines"]


def test_what_was_loaded_is_not_loaded_again_under_the_new_name(project):
    project.rename("shop", "web_shop")
    assert project.load("web_shop") == 0
    assert project.query("select table_name from duckdb_tables() where schema_name = 'raw' order by 1") == [
        ("_loads",),
        ("rejected_lines",),
        ("web_shop__customers",),
        ("web_shop__order_lines",),
    ]
    assert project.query("select source, table_name, row_count from raw._loads order by 2") == [
        ("web_shop", "web_shop__customers", 1),
        ("web_shop", "web_shop__order_lines", 1),
    ]
    assert project.query("select source, count(*) from raw.rejected_lines group by 1") == [("web_shop", 1)]
    with open_vault(project.settings, read_keys(project.settings)) as connection:
        kept = connection.execute("select source, value from vault.identifiers").fetchall()
    assert kept == [("web_shop", "a@mail.example")]


def test_a_renamed_source_that_is_mapped_anew_has_the_same_ids(project):
    folder = project.settings.dbt_project_dir
    for old, new in (("shop", "web_shop"), ("web_shop", "store")):
        project.rename(old, new)
        written = {path.name: path.read_text() for path in (folder / "models/staging" / new).glob("*.sql")}
        plans, _ = planned_anew(folder, new, Said(), None)
        anew = scaffold.files(plans, folder)
        assert {name: anew[name] for name in written} == written
    ids = re.findall(r"(?:namespaced_id|hashed_id)\('(\w+)", written["stg_store__order_lines.sql"])
    assert ids
    assert set(ids) == {"shop"}


def test_a_source_that_was_renamed_before_that_was_declared_keeps_its_ids_too(project):
    project.rename("shop", "web_shop")
    folder = project.settings.dbt_project_dir / "models/staging/web_shop"
    declaration, model = (folder / f"stg_web_shop__order_lines.{kind}" for kind in ("yml", "sql"))
    declared, written = declaration.read_text(), model.read_text()
    declaration.write_text("".join(line for line in declared.splitlines(True) if "own_namespace" not in line))
    assert declaration.read_text() != declared
    plans, _ = planned_anew(project.settings.dbt_project_dir, "web_shop", Said(), None)
    texts = scaffold.files(plans, project.settings.dbt_project_dir)
    assert texts[model.name] == written
    assert "own_namespace: shop" in texts[declaration.name]
    model.write_text(written + "-- dmp.hashed_id('other:line', ['x'])\n")
    with pytest.raises(UserError, match="before the ids of its orders stand other and shop"):
        planned_anew(project.settings.dbt_project_dir, "web_shop", Said(), None)


def test_a_renaming_that_was_broken_off_is_brought_to_its_end(project, monkeypatch):
    monkeypatch.setattr(ProjectFile, "write", lambda _: 1 / 0)  # killed before the last step
    with pytest.raises(ZeroDivisionError):
        project.rename("shop", "web_shop")
    monkeypatch.undo()
    project.rename("shop", "web_shop")
    assert list(ProjectFile(project.settings.dbt_project_dir).sources) == ["web_shop", "collector"]
    assert project.load("web_shop") == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shop", "collector", "'collector' is not accepted"),
        ("shop", "Web Shop", "'Web Shop' is not accepted"),
        ("till", "shop", "There is no source till in the list; there are shop, collector"),
        ("shop", "shop", "There is a source shop already"),
    ],
)
def test_a_name_that_is_taken_or_none_changes_nothing(project, old, new, message):
    with pytest.raises(UserError, match=message):
        project.rename(old, new)
    assert project.load("shop") == 0


def test_a_table_is_mapped_anew_and_what_was_written_is_kept_beside(project):
    model = project.settings.dbt_project_dir / "models/staging/shop/stg_shop__order_lines.sql"
    edited = model.read_text() + "-- mine\n"
    model.write_text(edited)
    with pytest.raises(UserError, match="say --replace to write it anew"):
        project.add(project.orders)
    project.add(project.orders, replace=True, mapping={"product_id": "user", "customer_id": "sku"})
    assert "dmp.parse_id('user')) }} as product_id" in model.read_text()
    assert model.with_name(f"{model.name}.before").read_text() == edited
    assert project.load("shop") == 0


def test_a_table_is_mapped_anew_from_what_it_declares(project):
    folder = project.settings.dbt_project_dir
    project.add(
        project.orders,
        replace=True,
        mapping={"product_id": "user", "customer_id": "sku"},
        namespace="group",
        time_format="%Y-%m-%d",
        identifiers={"id": "none"},
        declared=TableMapping(
            strip_zeros=True,
            where=(RowFilter.said("sku!=test"),),
            line_type=(LineTypeRule.said("sku=p2:void"),),
        ),
    )
    model = folder / "models/staging/shop/stg_shop__order_lines.sql"
    before = {path.name: path.read_text() for path in model.parent.glob("*[!e]")}
    plans, _ = planned_anew(folder, "shop", Said(), None)
    assert [plan.contract for plan in plans] == ["customers", "order_lines"]
    assert plans[1].declared.identifiers == {"id": "none"}, "what was said to be no identifier is none"
    assert scaffold.files(plans, folder) == {
        name: text for name, text in before.items() if not name.endswith(".before")
    }
    project.orders.write_text("id,user,sku,date,total\n3,u1,p1,2024-01-03,2.50\n")
    said = Said(mapping={"sales_amount": "amount|total"}, keep="append")
    plans, _ = planned_anew(folder, "shop", said, None)
    write_source(ProjectFile(folder), plans, replace=True)
    changed = {path.name: path.read_text() for path in model.parent.glob("*[!e]") if path.name in before}
    assert {name for name in before if changed[name] != before[name]} == {model.name, f"{model.stem}.yml"}
    assert "dmp.parse_amount('coalesce(amount, total)', '.')" in model.read_text()
    assert "keep: append" in model.with_suffix(".yml").read_text()


def test_what_a_source_does_not_declare_cannot_be_mapped_anew(project):
    with pytest.raises(UserError, match="does not declare how it is mapped"):
        planned_anew(project.settings.dbt_project_dir, "other", Said(), None)
    with pytest.raises(UserError, match="has no products; it has customers, order_lines"):
        planned_anew(project.settings.dbt_project_dir, "shop", Said(contract="products"), None)
