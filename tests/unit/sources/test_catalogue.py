import duckdb
import pytest

from dmp_assets.sources.catalogue import missing_products


@pytest.fixture
def told():
    """Return a function that compares sold products with a catalogue."""

    def told(sold: list[tuple[str, str | None]], catalogue: list[str]) -> list[str]:
        with duckdb.connect() as connection:
            assert missing_products(connection, "hm") == []
            connection.execute(
                "create schema intermediate;"
                "create table intermediate.int_order_lines_checked (source varchar, product_id varchar, line_type varchar, "
                "reject_reason varchar);"
                "create table intermediate.int_products_checked (product_id varchar, reject_reason varchar)"
            )
            for product, line_type in sold:
                connection.execute(
                    "insert into intermediate.int_order_lines_checked values ('hm', ?, ?, null)", [product, line_type]
                )
            for product in catalogue:
                connection.execute("insert into intermediate.int_products_checked values (?, null)", [product])
            return missing_products(connection, "hm")

    return told


def test_the_share_of_sold_products_that_the_catalogue_lacks_is_told(told):
    sold = [("hm:1", None), ("hm:1", None), ("hm:2", "sale"), ("hm:3", "return"), ("hm:post", "fee")]
    assert told(sold, ["hm:1", "hm:9"]) == ["hm: 1 of 2 products sold is not in the catalogue (2)"]
    assert told(sold, ["hm:1", "hm:2"]) == []


def test_zeros_before_an_id_are_named_as_a_reason(told):
    (sentence,) = told(
        [("hm:0505221004", None), ("hm:0663713001", None), ("hm:x", None)], ["hm:505221004", "hm:0663713001"]
    )
    assert sentence == (
        "hm: 2 of 3 products sold are not in the catalogue (0505221004, x); 1 of them is there with other zeros before the "
        "id: if these tell nothing, say --strip-zeros for both (`dmp add-source hm --replace --strip-zeros`, and the "
        "same with --as products)"
    )


def test_a_source_without_a_catalogue_lacks_nothing(told):
    assert told([("hm:1", None)], []) == []
    assert told([("hm:1", None)], ["other:1"]) == []
