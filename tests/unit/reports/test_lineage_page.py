import json
import re

import pandera.pandas as pa

from dmp_assets.platform.tables import Table, lineage
from dmp_assets.reports.lineage_page import lineage_page

SCHEMA = pa.DataFrameSchema({"score": pa.Column("int64", description="From 1 to 5.")}, description="Scores.")
SCORES = Table("profiles", "scores", SCHEMA, lineage(SCHEMA, source="marts.features", derived={"score": ["sales"]}))


def node(kind, schema, name, columns, sql=None):
    return {
        "unique_id": f"{kind}.dmp.{name}",
        "resource_type": kind,
        "schema": schema,
        "name": name,
        "relation_name": f'"warehouse"."{schema}"."{name}"',
        "columns": {column: {"data_type": "double", "description": f"The {column}."} for column in columns},
        "compiled_code": sql,
    }


def columns_of_page():
    source = node("source", "raw", "lines", ["sales_value"]) | {"identifier": "lines"}
    model = node(
        "model", "marts", "features", ["sales"], 'select sum(sales_value) as sales from "warehouse"."raw"."lines"'
    )
    manifest = {"sources": {source["unique_id"]: source}, "nodes": {model["unique_id"]: model}}
    page = lineage_page(manifest, [SCORES])
    (found,) = re.findall(r"const columns = (\{.*\});", page)
    return json.loads(found)


def test_a_column_can_be_followed_from_the_source_to_the_python_table():
    columns = columns_of_page()
    assert columns["profiles.scores.score"]["from"] == ["marts.features.sales"]
    assert columns["marts.features.sales"]["from"] == ["raw.lines.sales_value"]
    assert columns["raw.lines.sales_value"]["from"] == []


def test_every_column_is_described():
    assert columns_of_page()["marts.features.sales"]["description"] == "The sales."
    assert columns_of_page()["profiles.scores.score"] == {
        "type": "int64",
        "description": "From 1 to 5.",
        "from": ["marts.features.sales"],
    }
