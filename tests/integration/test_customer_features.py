"""marts.customer_features in the warehouse: point in time, and the same by any way of increments.

Every test works on a copy of a warehouse with a sample of the demo, built by dbt alone, in this process.
"""

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import duckdb
import pytest

from dmp_assets.identity.decisions import Decision
from dmp_assets.platform.warehouse import table_hashes
from tests.integration.identified import STAGING, identify_people

MONDAY = "2017-03-06"
TABLES = ("customer_features", "customer_department_shares")
"""A date is computed in both or in neither."""


class Copy:
    """A copy of the warehouse that dbt builds in."""

    def __init__(self, warehouse: Path, run_dbt: Callable, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"  # the same name: it is the catalog that views refer to
        self.dbt = partial(run_dbt, warehouse=self.path)
        shutil.copy(warehouse, self.path)

    def build(
        self, *arguments: str, upstream: bool = False, decisions: Sequence[Decision] = (), **environment: str
    ) -> None:
        if upstream:
            self.dbt("run", "--select", STAGING)
            identify_people(self.path, decisions)
        present = ["int_as_of", "int_as_of_dates+1", "customer_versions+", *TABLES]
        models = [f"+{table}" for table in TABLES] if upstream else present
        self.dbt("run", "--select", *models, "--exclude", STAGING, *arguments, **environment)

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(query).fetchall()

    def hash(self) -> str:
        with duckdb.connect(str(self.path)) as connection:
            return table_hashes(connection)["marts.customer_features"]

    def rows(self, where: str) -> set[tuple]:
        return set(self.sql(f"select * from marts.customer_features where {where}"))

    def dates(self) -> list[str]:
        return [date for (date,) in self.sql("select distinct as_of_on::text from marts.customer_features order by 1")]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, dmp_in, run_dbt) -> Path:
    home = tmp_path_factory.mktemp("features")
    loaded = dmp_in(home, "build", "--layer", "raw")
    assert loaded.returncode == 0, loaded.stdout[-5000:]
    run_dbt("run", "--select", STAGING, warehouse=home / "warehouse.duckdb")
    identify_people(home / "warehouse.duckdb")
    models = [f"+{table}" for table in TABLES]
    run_dbt("run", "--select", *models, "--exclude", STAGING, warehouse=home / "warehouse.duckdb")
    return home / "warehouse.duckdb"


@pytest.fixture
def copy(warehouse, run_dbt, tmp_path):
    return Copy(warehouse, run_dbt, tmp_path)


def test_as_of_dates_may_come_and_go_in_any_way_and_the_table_is_as_built_anew(copy):
    all_year = copy.rows(f"as_of_on <= '{MONDAY}'")
    assert len(copy.dates()) == 52

    copy.build(DMP_AS_OF="2017-03-08")
    assert copy.dates()[-2:] == [MONDAY, "2017-03-08"]
    assert copy.rows(f"as_of_on <= '{MONDAY}'") == all_year, "a date depends on the dates after it"

    # A mark in a row that the next day must leave alone shows that it is not computed again.
    copy.sql(f"update marts.customer_features set recency_days = -1 where as_of_on = '{MONDAY}'")
    copy.build(DMP_AS_OF="2017-03-09")
    assert copy.dates()[-2:] == [MONDAY, "2017-03-09"]
    assert copy.sql(f"select distinct recency_days from marts.customer_features where as_of_on = '{MONDAY}'") == [(-1,)]
    day_by_day = copy.rows(f"as_of_on <> '{MONDAY}'")

    copy.build("--full-refresh", DMP_AS_OF="2017-03-09")
    assert copy.rows(f"as_of_on <> '{MONDAY}'") == day_by_day
    assert copy.rows(f"as_of_on <= '{MONDAY}'") == all_year


def test_a_table_with_other_columns_than_the_contract_is_built_anew(copy):
    before = copy.hash()
    copy.sql("alter table marts.customer_features drop column code_version")
    copy.build()
    assert copy.hash() == before


def test_a_changed_macro_computes_every_date_again(copy):
    copy.sql(f"update marts.customer_features set recency_days = -1 where as_of_on = '{MONDAY}'")
    copy.build(DMP_MACROS_VERSION="changed")
    assert copy.sql("select count(*) from marts.customer_features where recency_days = -1") == [(0,)]


def test_a_late_order_changes_the_dates_after_it_and_no_other(copy):
    before = copy.hash()
    rows = copy.rows("true")
    late_on = "2017-06-14"
    ((household,),) = copy.sql("select min(household_id) from raw.complete_journey__transactions")
    copy.sql(
        f"""
        insert into raw.complete_journey__transactions
        select * replace (99999999999 as basket_id, timestamp '{late_on} 16:00:00' as transaction_timestamp)
        from raw.complete_journey__transactions
        where household_id = {household} and sales_value > 0
        order by basket_id, product_id
        limit 1
        """
    )
    copy.build(upstream=True)
    changed = copy.rows("true") ^ rows
    columns = [name for name, *_ in copy.sql("describe marts.customer_features")]
    dates = {str(row[columns.index("as_of_on")]) for row in changed}
    assert dates == {date for date in copy.dates() if date > late_on}
    ((frequency, recency),) = copy.sql(
        f"""
        select frequency, recency_days from marts.customer_features
        where customer_id = 'cj:{household}' and as_of_on = '2017-06-19'
        """
    )
    assert frequency >= 1
    assert recency <= 5

    copy.sql("delete from raw.complete_journey__transactions where basket_id = 99999999999")
    copy.build(upstream=True)
    assert copy.hash() == before


def test_what_is_planted_after_a_date_changes_nothing_before_it(copy):
    """Orders, a redemption, and promotions of a store that was not observed before, all of October."""
    rows = copy.rows("as_of_on <= '2017-10-02'")
    later = copy.rows("as_of_on > '2017-10-02'")
    copy.sql(
        """
        insert into raw.complete_journey__transactions
        select * replace (basket_id + 900000000000 as basket_id, timestamp '2017-10-03 16:00:00' as transaction_timestamp)
        from raw.complete_journey__transactions
        where transaction_timestamp >= timestamp '2017-12-25'
        """
    )
    copy.sql(
        """
        insert into raw.complete_journey__coupon_redemptions
        select * replace (date '2017-10-03' as redemption_date) from raw.complete_journey__coupon_redemptions limit 20
        """
    )
    copy.sql(
        """
        insert into raw.complete_journey__promotions
        select distinct on (t.store_id) p.* replace (t.store_id as store_id, 41 as week)
        from raw.complete_journey__transactions as t
        cross join (select * from raw.complete_journey__promotions where week = 40 limit 1) as p
        """
    )
    copy.build(upstream=True)
    assert copy.rows("as_of_on <= '2017-10-02'") == rows
    assert not copy.rows("as_of_on > '2017-10-02'") & later


def test_customers_who_are_known_to_be_one_later_are_two_before_and_again_when_people_say_so(copy):
    """An alias of 10 October; what people decide undoes it for all dates, and so does that it was never told."""
    before, rows = copy.hash(), copy.rows("as_of_on <= '2017-10-09'")
    one, other = (
        customer
        for (customer,) in copy.sql(
            "select customer_id from marts.fct_orders group by all order by count(*) desc, customer_id limit 2"
        )
    )
    orders = f"""
        select count(*) from marts.fct_orders
        where has_sale and order_on < '2017-10-16' and source_customer_id in ('{one}', '{other}')
    """
    copy.sql(
        f"""
        insert into raw.events by name
        select 'simulated_web' as source, 'cj' as namespace, 'planted' as message_id, 'alias' as event_type,
            '{one[3:]}' as user_id, '{other[3:]}' as previous_id, true as is_simulated, false as is_gpc, 'planted' as _segment,
            0 as _line, 'planted' as _load_id, timestamp '2026-01-01' as _loaded_at,
            timestamp '2017-10-10 12:00:00' as original_at, timestamp '2017-10-10 12:00:00' as sent_at,
            timestamp '2017-10-10 12:00:00' as received_at
        """
    )
    copy.build(upstream=True)
    assert copy.rows("as_of_on <= '2017-10-09'") == rows
    joined = copy.sql(
        f"""
        select customer_id, frequency from marts.customer_features
        where as_of_on = '2017-10-16' and customer_id in ('{one}', '{other}')
        """
    )
    ((person,),) = copy.sql(
        f"select distinct customer_id from marts.fct_orders where source_customer_id in ('{one}', '{other}')"
    )
    assert joined == [(person, *copy.sql(orders)[0])]

    decided = {"decided_at": dt.datetime.fromisoformat("2018-01-01"), "decided_by": "vera", "reason": "two sisters"}
    split = Decision(action="split", identifier_id=one, other_identifier_id=other, **decided)
    copy.build(upstream=True, decisions=[split])
    assert copy.hash() == before
    copy.build(upstream=True)
    assert copy.hash() != before
    copy.sql("delete from raw.events where _load_id = 'planted'")
    copy.build(upstream=True)
    assert copy.hash() == before


def test_exposure_counts_bought_products_promoted_in_the_favourite_store(copy):
    """The same counts by the plain definition, for one date."""
    as_of_on = "2017-08-21"
    found = set(
        copy.sql(
            f"""
            select customer_id, display_product_count, mailer_product_count
            from marts.customer_features where as_of_on = '{as_of_on}'
            """
        )
    )
    expected = set(
        copy.sql(
            f"""
            with bought as (
                select distinct customer_id, product_id from marts.fct_order_lines
                where order_on < '{as_of_on}' and line_type <> 'coupon'
            ),
            promoted as (
                select
                    'cj:' || store_id as store_id,
                    'cj:' || product_id as product_id,
                    bool_or(display_location <> '0') as display,
                    bool_or(mailer_location <> '0') as mailer
                from raw.complete_journey__promotions
                -- The week from Monday 14 to Sunday 20 August.
                where date '2016-12-26' + cast(7 * (week - 1) as integer) = date '2017-08-14'
                group by all
            )
            select
                features.customer_id,
                case when observed.store_id is not null then count(*) filter (where promoted.display) end,
                case when observed.store_id is not null then count(*) filter (where promoted.mailer) end
            from marts.customer_features as features
            left join bought on features.customer_id = bought.customer_id
            left join promoted
                on features.favourite_store_id = promoted.store_id and bought.product_id = promoted.product_id
            left join (select distinct store_id from promoted) as observed
                on features.favourite_store_id = observed.store_id
            where features.as_of_on = '{as_of_on}'
            group by features.customer_id, observed.store_id
            """
        )
    )
    assert found == expected
    assert sum(mailer or 0 for _, _, mailer in found) > 100


def test_the_departments_of_a_date_are_those_of_the_lines_before_it(copy):
    """The same sales by the plain definition, for every date."""
    unlike = copy.sql(
        """
        with expected as (
            select
                lines.customer_id, dates.as_of_on, products.department, sum(lines.sales_amount) as sales_amount
            from (select distinct as_of_on from marts.customer_features) as dates
            inner join marts.fct_order_lines as lines on lines.order_on < dates.as_of_on
            inner join marts.dim_products as products on lines.product_id = products.product_id
            group by all
            having sum(lines.sales_amount) > 0
        ),
        found as (select customer_id, as_of_on, department, sales_amount from marts.customer_department_shares)
        (from expected except all from found) union all (from found except all from expected)
        """
    )
    assert unlike == []
    sums = "select sum(sales_share) as share from marts.customer_department_shares group by customer_id, as_of_on"
    assert copy.sql(f"select count(*) from ({sums}) where abs(share - 1) > 1e-9") == [(0,)]


def test_a_date_that_one_table_lacks_is_computed_in_both(copy):
    before = copy.hash()
    copy.sql(f"delete from marts.customer_department_shares where as_of_on = '{MONDAY}'")
    copy.build()
    assert copy.hash() == before
    assert copy.sql(f"select count(*) > 0 from marts.customer_department_shares where as_of_on = '{MONDAY}'") == [
        (True,)
    ]
