import duckdb

from dmp_assets.sources.totals import by_file, rejected_shares, totals


def test_what_became_of_each_sources_rows_is_told_by_file_and_in_sentences():
    with duckdb.connect() as connection:
        assert totals(connection).empty
        assert rejected_shares(connection) == []
        connection.execute("create schema quarantine")
        connection.execute(
            """
            create table quarantine.source_totals as
            select * from (values
                ('shop', 'order_lines', 'a.csv', 'sale', true, 'EUR', 8, 80.0, date '2025-01-01', date '2025-01-08'),
                ('shop', 'order_lines', 'b.csv', 'missing_date', false, 'EUR', 1, 5.0, null, null),
                ('shop', 'order_lines', 'b.csv', 'missing_id', false, 'EUR', 1, 5.0, date '2025-01-02', date '2025-01-02'),
                ('shop', 'customers', 'c.csv', 'accepted', true, null, 3, null, null, null)
            ) as t (source, contract_table, _file, outcome, is_accepted, currency, row_count, sales_amount, first_on, last_on)
            """
        )
        assert rejected_shares(connection) == [
            "shop: 2 of 10 rows of order_lines were rejected, 20.0% (missing_date 1, missing_id 1)"
        ]
        found = totals(connection, source="shop")
        assert [*found["file"]] == ["c.csv", "a.csv", "b.csv", "b.csv"]
        assert int(found["rows"].sum()) == 13
        assert totals(connection, source="other").empty
    tables = by_file(found)
    assert [*tables] == ["shop customers, c.csv", "shop order_lines, a.csv", "shop order_lines, b.csv"]
    assert tables["shop order_lines, b.csv"][["outcome", "rows", "sales"]].fillna("").to_numpy().tolist() == [
        ["missing_date", "1", "5.00"],
        ["missing_id", "1", "5.00"],
        ["= accepted", "0", ""],
        ["= rejected", "2", "10.00"],
        ["= read", "2", "10.00"],
    ]
