import pandera.pandas as pa
import pytest

from dmp_assets.platform.tables import PRIMARY_KEY, Table, lineage
from dmp_assets.reports.served import ServedTable, served_tables

SCORES = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="The customer."),
        "score": pa.Column(float, nullable=True, description="From 1 to 5."),
    },
    description="Scores. One row per customer.",
)


def table(schema: pa.DataFrameSchema) -> Table:
    return Table("profiles", "scores", schema, lineage(schema, source="marts.features"))


def model(schema: str, name: str) -> dict:
    return {
        "unique_id": f"model.dmp.{name}",
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "description": "Orders. One row per order.",
        "columns": {"order_id": {"description": "The order."}, "amount": {"description": "USD."}},
    }


def primary_key(name: str, *columns: str) -> dict:
    return {
        "unique_id": f"test.dmp.{name}",
        "resource_type": "test",
        "attached_node": f"model.dmp.{name}",
        "test_metadata": {"name": "primary_key", "kwargs": {"columns": [*columns]}},
    }


SINGULAR_TEST = {"unique_id": "test.dmp.other", "resource_type": "test", "attached_node": None}


def manifest(*nodes: dict) -> dict:
    return {"nodes": {node["unique_id"]: node for node in nodes}}


def test_marts_rejected_rows_and_python_tables_are_served_and_what_is_on_its_way_is_not():
    models = [model(layer, layer) for layer in ("staging", "intermediate", "marts", "quarantine")]
    served = served_tables(manifest(*models, SINGULAR_TEST), [table(SCORES)])
    assert [one.name for one in served] == ["marts.marts", "profiles.scores", "quarantine.quarantine"]


def test_a_models_key_is_what_its_test_holds_it_to_and_is_never_missing():
    (orders,) = served_tables(manifest(model("marts", "orders"), primary_key("orders", "order_id")), [])
    assert (orders.key, orders.grain) == (["order_id"], "One row per order.")
    assert [column.nullable for column in orders.columns.values()] == [False, True]
    assert orders.columns["amount"].description == "USD."


def test_a_python_tables_key_and_columns_are_those_of_its_schema():
    (scores,) = served_tables(manifest(), [table(SCORES)])
    assert (scores.key, scores.grain) == (["customer_id"], "One row per customer.")
    assert scores.columns["score"].nullable


@pytest.mark.parametrize(
    "named", [{"unique": ["customer_id", "score"]}, {"metadata": {PRIMARY_KEY: ["customer_id", "score"]}}]
)
def test_a_key_of_several_columns_is_named_by_the_schema(named):
    schema = pa.DataFrameSchema({"customer_id": pa.Column(str), "score": pa.Column(int)}, **named)
    assert table(schema).primary_key == ["customer_id", "score"]


@pytest.mark.parametrize(
    ("description", "grain"),
    [
        (
            "Lines. One row per line, rejected ones left out (see `a.b`). More.",
            "One row per line, rejected ones left out (see `a.b`).",
        ),
        ("Lines.", ""),
    ],
)
def test_the_grain_is_the_sentence_that_says_so(description, grain):
    assert ServedTable("marts.lines", description, [], {}).grain == grain
