import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.sources.quarantine import REASON, export_rejected, rejected, replay
from tests.unit.shop import NOW

JUDGED = """
    create schema quarantine;
    create table quarantine.rejected_rows as
    select 'shop' as source, 'order_lines' as contract_table, 'missing_value' as reason, customer as row_id, _file, _row,
        _load_id, _loaded_at, '{}' as row_json
    from raw.shop__orders where try_cast(amount as decimal(8, 2)) is null
    union all
    select source, contract_table, reason, null, _file, _row, _load_id, _loaded_at, line from raw.rejected_lines;
    select 1
"""


@pytest.fixture
def judged(shop):
    """Return a shop with a good row, one without an amount and a line that is no row."""
    shop.write("1.csv", "customer,amount\nu1,1\nu2,two\nu3\n")
    shop.land()
    shop.rows(JUDGED)
    return shop


def export(shop, **arguments):
    with shop.warehouse.read() as connection:
        return export_rejected(connection, shop.table(), **arguments)


def test_what_was_rejected_is_counted_and_listed(judged):
    with judged.warehouse.read() as connection:
        counts, rows = rejected(connection)
        assert counts.values.tolist() == [
            ["shop", "order_lines", "missing_columns", 1],
            ["shop", "order_lines", "missing_value", 1],
        ]
        assert rows[["_file", "_row"]].values.tolist() == [["1.csv", 3], ["1.csv", 4]]
        counts, rows = rejected(connection, source="other")
        assert counts.empty
        assert rows.empty


def test_without_a_build_there_is_no_quarantine(shop):
    shop.write("1.csv", "customer,amount\n")
    shop.land()
    with pytest.raises(UserError, match="build first"), shop.warehouse.read() as connection:
        rejected(connection)


def test_rejected_rows_are_exported_as_they_arrived(judged):
    rows = export(judged)
    assert rows[["customer", "amount", "line", REASON]].fillna("").values.tolist() == [
        ["u2", "two", "", "missing_value"],
        ["", "", "u3", "missing_columns"],
    ]
    assert len(export(judged, reason="missing_value")) == 1


def test_corrected_rows_take_the_place_of_the_rejected_ones_which_are_kept(judged):
    rows = export(judged)
    rows.loc[0, "amount"] = "2"
    rows.loc[1, ["customer", "amount"]] = ["u3", "3"]
    file = judged.write("fixed.csv", rows.to_csv(index=False))
    assert replay(judged.warehouse, judged.settings, judged.table(), file, now=NOW) == 2
    assert judged.rows("select customer, amount, _file from raw.shop__orders order by 1") == [
        ("u1", "1", "1.csv"),
        ("u2", "2", "fixed.csv"),
        ("u3", "3", "fixed.csv"),
    ]
    assert judged.rows("from raw.rejected_lines") == []
    kept = judged.rows("select row_json, _file, _row, replaced_by from raw._replaced_rows order by _row")
    assert [(file, row, by) for _, file, row, by in kept] == [("1.csv", 3, "fixed.csv"), ("1.csv", 4, "fixed.csv")]
    assert '"amount":"two"' in kept[0][0]
    with pytest.raises(UserError, match="no such row, or it was replayed before"):
        replay(judged.warehouse, judged.settings, judged.table(), file, now=NOW)
    (judged.folder / "fixed.csv").unlink()
    assert judged.land().rows_added == 0, "the first file is not read again"


def test_identifiers_in_corrections_go_to_the_vault(judged):
    rows = export(judged, reason="missing_value")
    rows.loc[0, ["customer", "amount"]] = ["jane@example.org", "2"]
    file = judged.write("fixed.csv", rows.to_csv(index=False))
    replay(judged.warehouse, judged.settings, judged.table(), file, now=NOW)
    ((customer,),) = judged.rows("select customer from raw.shop__orders where _file = 'fixed.csv'")
    assert len(customer) == 32


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("customer,amount\nu2,2\n", "lacks the columns quarantine_load, quarantine_row"),
        ("customer,amount,quarantine_load,quarantine_row\nu2,2,x,3\n", "lines 2: raw.shop__orders has no such row"),
        ("customer,amount,quarantine_load,quarantine_row\nu2\n", "line 2: missing columns"),
        (None, "There is no file"),
    ],
)
def test_a_wrong_correction_changes_nothing(judged, content, message):
    before = judged.rows()
    file = judged.write("fixed.csv", content) if content else judged.folder / "nothing.csv"
    with pytest.raises(UserError, match=message):
        replay(judged.warehouse, judged.settings, judged.table(), file, now=NOW)
    assert judged.rows() == before
    with duckdb.connect(judged.warehouse.database) as connection:
        assert connection.execute("select count(*) from raw.rejected_lines").fetchall() == [(1,)]
