from pathlib import Path

import pytest

from dmp_assets.collector.tracking_plan import TrackingPlan, read_plan
from dmp_assets.platform.errors import UserError

PLAN = """\
on_violation: quarantine
events:
  Order Completed:
    description: An order was placed and paid.
    required: [order_id, total]
    properties:
      order_id: {type: string}
      total: {type: number, minimum: 0}
      products:
        type: array
        items:
          required: [product_id]
"""


def plan(tmp_path: Path, text: str = PLAN) -> TrackingPlan:
    (tmp_path / "events.yml").write_text(text, encoding="utf-8")
    return read_plan(tmp_path)


def order(**properties: object) -> dict:
    return {"type": "track", "event": "Order Completed", "properties": properties}


def test_without_a_file_nothing_is_asked(tmp_path):
    assert read_plan(tmp_path).violation(order()) is None


def test_the_shipped_example_in_the_docs_is_a_plan(tmp_path):
    assert plan(tmp_path).is_quarantined
    assert not plan(tmp_path, "events: {}").is_quarantined


@pytest.mark.parametrize(
    ("properties", "violation"),
    [
        ({"order_id": "o1", "total": 9.5, "more": 1}, None),
        ({"order_id": "o1", "total": 0, "products": [{"product_id": 1}]}, None),
        ({"order_id": "o1"}, "$: required ['order_id', 'total']"),
        ({"order_id": "jane@example.com", "total": "jane"}, "$.total: type number"),
        ({"order_id": "o1", "total": -1}, "$.total: minimum 0"),
        ({"order_id": "o1", "total": 1, "products": [{}]}, "$.products[0]: required ['product_id']"),
    ],
)
def test_a_violation_is_told_by_place_and_rule_without_any_value(tmp_path, properties, violation):
    assert plan(tmp_path).violation(order(**properties)) == violation


def test_other_events_and_calls_are_not_looked_at(tmp_path):
    assert plan(tmp_path).violation(order() | {"event": "Other"}) is None
    assert plan(tmp_path).violation(order() | {"type": "page"}) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("events: [", "line 1: not YAML"),
        ("- a", "line 1: events is a table"),
        ("on_violation: count", "line 1: events is a table"),
        (PLAN.replace("quarantine", "drop"), "line 1: on_violation is count or quarantine, not drop"),
        (PLAN + "other: 1\n", "line 13: other is not known"),
        (
            PLAN.replace("{type: number, minimum: 0}", "{type: numbre}"),
            "line 8: the schema of Order Completed is no JSON Schema",
        ),
        (PLAN.replace("[order_id, total]", "order_id"), "line 5: the schema of Order Completed"),
        ("events:\n  Paid:\n", "line 2: the event Paid needs a JSON Schema"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as refused:
        plan(tmp_path, text)
    assert "events.yml" in str(refused.value)
