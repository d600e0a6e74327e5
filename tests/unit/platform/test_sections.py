import pandas as pd

from dmp_assets.platform.sections import Content, Section, page_table, tables_read


def test_numbers_are_formatted_and_missing_ones_shown_as_a_dash():
    table = page_table("T", pd.DataFrame({"name": ["a", "b"], "amount": [1234.5, None]}), {"amount": ",.0f"})
    assert [list(row) for row in table.rows] == [["a", "1,234"], ["b", "–"]]


def test_columns_are_named_in_words_and_numbers_are_still_known_as_such():
    table = page_table("T", pd.DataFrame({"customer_share": [0.5]}), {"customer_share": ".0%"})
    assert (list(table.columns), table.numbers) == (["customer share"], {"customer share"})


def test_a_section_reads_every_table_that_its_queries_name_and_nothing_else():
    queries = {
        "a": "with named as (select * from marts.dim_products) select * from named join marts.fct_orders using (id)",
        "b": "select * from profiles.customer_profiles where as_of_on = (select max(as_of_on) from marts.customer_features)",
    }
    section = Section("Sales forecast", 1, queries, lambda frames: Content(""))
    assert section.reads == {
        *("marts.dim_products", "marts.fct_orders", "marts.customer_features"),
        "profiles.customer_profiles",
    }
    assert section.anchor == "sales-forecast"


def test_the_result_of_another_query_is_no_table():
    assert tables_read(["with asked as (select 1 as n) select * from marts.t where n in (select n from asked)"]) == {
        "marts.t"
    }
