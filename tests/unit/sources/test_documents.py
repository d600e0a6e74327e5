import io
import json

import pytest

from dmp_assets.sources.declare import LoadRule
from dmp_assets.sources.delimited import DamagedFileError, Unread
from dmp_assets.sources.documents import exploded, flattened, json_document, json_lines

ORDERS = [
    {
        "id": 1,
        "customer": {"id": 7, "address": {"city": "Berlin"}},
        "total": 12.5,
        "line_items": [{"sku": "a", "price": {"amount": "10.00"}}, {"sku": "b", "price": {"amount": "2.50"}}],
        "refunds": [
            {"id": 90, "refund_line_items": [{"line_item_id": 5, "subtotal": 2.5}]},
            {"id": 91, "amount": 1, "refund_line_items": []},
        ],
    },
    {"id": 2, "customer": None, "total": 3, "line_items": [], "refunds": []},
]


def rows(text: str, **rule) -> tuple[list[tuple[int, dict]], list[Unread]]:
    unread: list[Unread] = []
    read = json_lines if rule.get("format") == "jsonl" else json_document
    load = LoadRule.model_validate({"location": "x", "contract": "order_lines", "format": "json"} | rule)
    return [(number, json.loads(each)) for number, each in read(io.StringIO(text), load, unread)], unread


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (json.dumps(ORDERS), None),
        ("\ufeff \n" + json.dumps(ORDERS, indent=2), None),
        (json.dumps({"count": 2, "orders": ORDERS}), "orders"),
        (json.dumps({"data": {"orders": ORDERS}}, indent=1), "data.orders"),
        (json.dumps([{"orders": ORDERS[:1]}, {"orders": ORDERS[1:]}]), "orders"),
    ],
)
def test_records_are_found_in_a_list_or_where_the_rule_says(text, records):
    found, unread = rows(text, records=records)
    assert found == [(1, ORDERS[0]), (2, ORDERS[1])]
    assert unread == []


def test_entries_are_rows_with_their_records_values_beside_them_and_a_record_without_any_is_told():
    found, unread = rows(json.dumps(ORDERS), explode=["line_items"], flatten=True)
    assert [number for number, _ in found] == [1, 2]
    assert [(each["id"], each["customer_id"], each["customer_address_city"]) for _, each in found] == [
        (1, 7, "Berlin")
    ] * 2
    assert [(each["line_items_sku"], each["line_items_price_amount"]) for _, each in found] == [
        ("a", "10.00"),
        ("b", "2.50"),
    ]
    assert [(each.row, each.reason) for each in unread] == [(2, "without_lines")]


def test_refunds_are_rows_beside_the_lines_of_their_order():
    found, unread = rows(json.dumps(ORDERS), explode=["line_items", "refunds.refund_line_items"])
    assert [each.get("line_items_sku") for _, each in found] == ["a", "b", None, None]
    refunds = [each for _, each in found if "refunds_id" in each]
    assert [(each["refunds_id"], each.get("refunds_refund_line_items_subtotal")) for each in refunds] == [
        (90, 2.5),
        (91, None),
    ]
    assert refunds[1]["refunds_amount"] == 1
    assert all(each["total"] == 12.5 for each in refunds)
    assert [each.row for each in unread] == [2]


def test_lines_are_taken_apart_only_where_the_rule_says():
    text = "".join(json.dumps(order) + "\n" for order in ORDERS) + "no json\n[1]\n"
    lines, unread = rows(text.replace("no json\n[1]\n", ""), format="jsonl")
    assert (lines, unread) == ([(1, ORDERS[0]), (2, ORDERS[1])], [])
    lines, unread = rows(text, format="jsonl", explode=["line_items"])
    assert [each["line_items_sku"] for _, each in lines] == ["a", "b"]
    assert [(each.row, each.reason) for each in unread] == [(2, "without_lines"), (3, "not_json"), (4, "not_json")]
    assert [row for row, _ in rows(text, format="jsonl", flatten=True)[0]] == [1, 2]


def test_a_document_that_breaks_off_is_damaged():
    with pytest.raises(DamagedFileError, match="breaks off or is wrong after 1 records"):
        rows(json.dumps(ORDERS)[:-60])


def test_objects_and_lists_have_stable_names():
    assert flattened({"a": {"b": {"c": 1}, "d": [1]}, "e": {}}) == {"a_b_c": 1, "a_d": [1], "e": {}}
    assert list(exploded({"id": 1, "tags": ["x", "y"]}, ["tags"])) == [{"id": 1, "tags": "x"}, {"id": 1, "tags": "y"}]
