import pytest

from dmp_assets.dbt.checks import in_words


def generic(name, **arguments):
    return {"test_metadata": {"name": name, "kwargs": arguments}, "config": {}, "raw_code": "{{ test() }}"}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (
            generic("primary_key", columns=["customer_id", "as_of_on"]),
            "A row is known by its customer_id and as_of_on: never missing, never twice the same.",
        ),
        (
            generic("accepted_ranges", ranges={"share": [0, 1], "days": [1, None], "loss": [None, 0]}),
            "In range where known: share at least 0 and at most 1; days at least 1; loss at most 0.",
        ),
        (generic("accepted_values", column_name="unit", values=["g", 1]), "unit is one of: g, 1."),
        (
            generic("relationships", column_name="buyer_id", to="ref('dim_customers')", field="customer_id"),
            "Every buyer_id is a customer_id of dim_customers.",
        ),
        (
            generic("row_rules", rules={"is_paid": "paid >= 0", "is_dated": "on is not null"}),
            "Every row keeps each rule: is paid (paid >= 0); is dated (on is not null).",
        ),
        (generic("unique_within_load", columns=["id"]), "One load holds each id once."),
        (generic("of_the_users_own", columns=["id"]), None),
        ({"raw_code": "{#-\n    Nothing is\n    lost. -#}\nselect 1"}, "Nothing is lost."),
        ({"raw_code": "select 1 {# later #}"}, None),
    ],
)
def test_a_test_is_told_in_words(test, words):
    assert in_words(test) == words


def test_a_condition_is_told_and_a_description_of_its_own_comes_first():
    test = generic("not_null", column_name="id")
    assert in_words(test | {"config": {"where": "n > 0"}}) == "id is never missing. Only rows where n > 0."
    assert in_words(test | {"description": "Ids are there."}) == "Ids are there."
