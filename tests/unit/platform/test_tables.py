import dagster as dg
import pandas as pd
import pandera.pandas as pa
import pytest

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Table, alarm, lineage, result, schema_checks, store, validate
from dmp_assets.platform.warehouse import Warehouse

SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="The customer."),
        "score": pa.Column("int64", pa.Check.in_range(1, 5), description="From 1 to 5."),
    },
    strict=True,
    description="Scores. One row per customer.",
)
SCORES = Table(
    "profiles",
    "scores",
    SCHEMA,
    lineage(SCHEMA, source="marts.customer_features", derived={"score": ["frequency", "marts.dim_customers.age_band"]}),
)


def scores(*values):
    return pd.DataFrame({"customer_id": [f"c{i}" for i in range(len(values))], "score": values})


def text(outcome, name):
    return str(outcome.metadata[name].value)


def test_a_column_comes_from_its_namesake_unless_said_otherwise():
    assert SCORES.lineage == {
        "customer_id": ["marts.customer_features.customer_id"],
        "score": ["marts.customer_features.frequency", "marts.dim_customers.age_band"],
    }


def test_the_specification_depends_on_exactly_what_the_lineage_names():
    spec = SCORES.spec()
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == {"marts/customer_features", "marts/dim_customers"}
    assert spec.group_name == "profiles"
    assert spec.description == "Scores. One row per customer."
    assert [column.description for column in spec.metadata["dagster/column_schema"].columns] == [
        "The customer.",
        "From 1 to 5.",
    ]


def test_a_valid_frame_passes():
    assert validate(SCHEMA, scores(1, 5)).passed


def test_a_failing_value_is_shown_with_its_row():
    outcome = validate(SCHEMA, scores(1, 9))
    assert not outcome.passed
    assert "in_range(1, 5)" in text(outcome, "failing_rows")
    assert "'customer_id': 'c1'" in text(outcome, "failing_rows")


def test_a_wrong_type_is_shown_as_expected_and_actual():
    outcome = validate(SCHEMA, scores(1, 2).astype({"score": float}))
    assert not outcome.passed
    assert "`score`: int64" in text(outcome, "expected")
    assert "`score`: float64" in text(outcome, "actual")


def test_a_missing_column_fails_the_check_and_is_named():
    outcome = validate(SCHEMA, scores(1).drop(columns="score"))
    assert not outcome.passed
    assert "score" in text(outcome, "failing_rows")


@pytest.mark.parametrize(("values", "passes"), [((1, 5), True), ((1, 6), False)])
def test_the_check_reads_the_stored_table_and_blocks_what_is_downstream(tmp_path, values, passes):
    @dg.multi_asset(specs=[SCORES.spec()])
    def make(warehouse: Warehouse):
        store(warehouse, {SCORES: scores(*values)})
        return result(SCORES, scores(*values))

    @dg.asset(deps=[SCORES.key])
    def downstream() -> None: ...

    run = dg.materialize(
        [make, downstream, *schema_checks([SCORES])],
        resources={"warehouse": Warehouse.from_settings(Settings(home=tmp_path))},
        raise_on_error=False,
    )
    assert [evaluation.passed for evaluation in run.get_asset_check_evaluations()] == [passes]
    materialized = {event.asset_key.path[-1] for event in run.get_asset_materialization_events() if event.asset_key}
    assert ("downstream" in materialized) is passes


def test_a_table_without_rows_passes_only_if_its_schema_says_why():
    may_lack_rows = SCHEMA.update_columns({})
    may_lack_rows.metadata = may_be_empty("nobody has a score")
    outcome = validate(SCHEMA, scores())
    assert not outcome.passed
    assert outcome.description == "The table has no rows, and its schema says no reason why."
    outcome = validate(may_lack_rows, scores().astype({"customer_id": object, "score": "int64"}))
    assert outcome.passed
    assert outcome.description == "nobody has a score"


def test_an_alarm_names_all_causes_and_does_not_block():
    quiet, loud = alarm([]), alarm(["a has drifted", "b too"])
    assert quiet.passed
    assert quiet.description is None
    assert not loud.passed
    assert loud.severity == dg.AssetCheckSeverity.WARN
    assert loud.description == "a has drifted; b too"
