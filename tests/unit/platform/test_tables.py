from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd
import pandera.pandas as pa
import pytest
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from matplotlib.figure import Figure

from dmp_assets.platform.checks import validate, validate_stored
from dmp_assets.platform.emptiness import empty_table, may_be_empty
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.history import History
from dmp_assets.platform.lineage import TRACED_AS_A_WHOLE
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Alarm, Table, kept, lineage, makes, save
from dmp_assets.platform.warehouse import Part, Warehouse, columns_of, replace_table
from tests.unit.permissions import write_permissions

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
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == {
        "marts/customer_features",
        "marts/dim_customers",
        "marts/contact_permissions",
        "marts/customer_identifiers",
    }
    assert spec.group_name == "profiles"
    assert spec.description == "Scores. One row per customer."
    assert [column.description for column in spec.metadata["dagster/column_schema"].columns] == [
        "The customer.",
        "From 1 to 5.",
    ]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"a": ["m.t.x", "m.t.y"], "b": ["m.t.y", "m.t.x"], "c": ["m.t.z"]}, ["a", "b"]),
        ({"a": ["m.t.x", "m.t.y"], "b": ["m.t.x", "m.t.y"], "c": ["m.t.z"], "d": ["m.t.w"]}, []),
        ({"a": ["m.t.x"], "b": ["m.t.x"], "c": ["m.t.x"]}, []),
    ],
    ids=["most columns share a list", "half of them do", "they share one column"],
)
def test_columns_that_share_what_the_table_is_made_from_are_traced_as_a_whole(sources, expected):
    table = replace(SCORES, lineage=sources)
    assert table.traced_as_a_whole == expected
    assert table.spec().metadata.get(TRACED_AS_A_WHOLE, []) == expected


def test_a_valid_frame_passes():
    assert validate(SCORES, scores(1, 5)).passed


def test_a_failing_value_is_shown_with_its_row():
    outcome = validate(SCORES, scores(1, 9))
    assert not outcome.passed
    assert "in_range(1, 5)" in text(outcome, "failing_rows")
    assert "'customer_id': 'c1'" in text(outcome, "failing_rows")


def test_a_wrong_type_is_shown_as_expected_and_actual():
    outcome = validate(SCORES, scores(1, 2).astype({"score": float}))
    assert not outcome.passed
    assert "`score`: int64" in text(outcome, "expected")
    assert "`score`: float64" in text(outcome, "actual")


def test_a_missing_column_fails_the_check_and_is_named():
    outcome = validate(SCORES, scores(1).drop(columns="score"))
    assert not outcome.passed
    assert "score" in text(outcome, "failing_rows")


NAMES = Table("profiles", "names", SCHEMA, lineage(SCHEMA, source="marts.customer_features", derived={"score": []}))


def make(warehouse: Warehouse, frames: dict[Table, pd.DataFrame]) -> dg.ExecuteInProcessResult:
    """Run a step that saves these tables, and one downstream."""

    @makes(*frames)
    def step(warehouse: Warehouse):
        yield from save(warehouse, frames, facts={SCORES: {"rules": 3}})

    @dg.asset(deps=[SCORES.key])
    def downstream() -> None: ...

    return dg.materialize([step, downstream], resources={"warehouse": warehouse, "gate": Gate()}, raise_on_error=False)


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    warehouse = Warehouse.from_settings(Settings(home=tmp_path))
    write_permissions(warehouse, ["c0", "c1", "c2"])
    return warehouse


def test_one_call_writes_checks_and_reports(warehouse):
    run = make(warehouse, {SCORES: scores(1, 5)})
    (check,) = run.get_asset_check_evaluations()
    assert check.passed
    assert check.blocking
    made = next(event for event in run.get_asset_materialization_events() if event.asset_key == SCORES.key)
    metadata = made.step_materialization_data.materialization.metadata
    assert metadata["dagster/row_count"].value == 2
    assert metadata["rules"].value == 3
    assert warehouse.query("select * from profiles.scores").equals(scores(1, 5))


def made_by_sql(warehouse: Warehouse, sql: str) -> dg.ExecuteInProcessResult:
    """Run a step that saves the scores of a query on a temporary table."""

    def contents(connection) -> dict[Table, str]:
        connection.execute(f"create temp table found as {sql}")
        return {SCORES: "from found"}

    @makes(SCORES)
    def step(warehouse: Warehouse):
        yield from save(warehouse, contents)

    return dg.materialize([step], resources={"warehouse": warehouse, "gate": Gate()}, raise_on_error=False)


MANY = (
    "select 'c' || cast(n as varchar) as customer_id, cast(1 + n % 5 as bigint) as score from range(600000) as rows(n)"
)


def test_what_a_query_makes_is_written_and_checked_block_by_block(warehouse):
    run = made_by_sql(warehouse, MANY)
    (check,) = run.get_asset_check_evaluations()
    assert (check.passed, check.metadata["rows"].value) == (True, 600_000)
    assert warehouse.query("select count(*) as rows from profiles.scores")["rows"].tolist() == [600_000]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"select customer_id, if(customer_id = 'c550000', 9, score) as score from ({MANY})", "in_range(1, 5)"),
        (f"{MANY} union all select 'c77', 1", "c77"),
        ("select 'c1' as customer_id, cast(1 as double) as score", "float64"),
        ("select cast(null as varchar) as customer_id, cast(1 as bigint) as score", "not_nullable"),
        (f"select * from ({MANY}) where false", "no rows"),
    ],
    ids=["a value in the last block", "a key that is there twice", "a type", "a missing value", "no rows"],
)
def test_a_stored_table_that_does_not_keep_its_schema_fails(warehouse, sql: str, words: str):
    with warehouse.write() as connection:
        connection.execute(f"create schema if not exists profiles; create table profiles.scores as {sql}")
        outcome = validate_stored(SCORES, connection)
    assert not outcome.passed
    assert words in f"{outcome.description} {outcome.metadata}"


def test_what_a_query_makes_and_fails_leaves_the_last_good_table(warehouse):
    made_by_sql(warehouse, "select 'c1' as customer_id, cast(2 as bigint) as score")
    run = made_by_sql(warehouse, "select 'c1' as customer_id, cast(7 as bigint) as score")
    assert not run.success
    assert warehouse.query("select score from profiles.scores")["score"].tolist() == [2]


@pytest.mark.parametrize(
    ("score", "is_valid", "expected"),
    [(4, True, [("c1", 4), ("c2", 2)]), (9, False, [("c1", 1), ("c2", 2)]), (None, True, [("c2", 2)])],
    ids=["new rows take the place of some", "a wrong one leaves all", "no new rows are no empty table"],
)
def test_of_a_part_only_the_new_rows_are_checked_and_the_rest_stays(warehouse, score, is_valid, expected):
    made_by_sql(warehouse, "from (values ('c1', cast(1 as bigint)), ('c2', 2)) as rows(customer_id, score)")

    @makes(SCORES)
    def part(warehouse: Warehouse):
        def contents(connection):
            of_one = f"select 'c1' as customer_id, cast({score} as bigint) as score" if score else f"{MANY} limit 0"
            connection.execute(f"create temp table fresh as {of_one}")
            return {SCORES: Part("fresh", "customer_id = 'c1'")}

        yield from save(warehouse, contents)

    run = dg.materialize([part], resources={"warehouse": warehouse, "gate": Gate()}, raise_on_error=False)
    assert run.success == is_valid
    rows = warehouse.query("select customer_id, score from profiles.scores order by all")
    assert list(rows.itertuples(index=False, name=None)) == expected


def test_pictures_are_files_and_the_event_log_has_their_address(warehouse, tmp_path):
    @makes(SCORES)
    def step(warehouse: Warehouse):
        figure = Figure()
        figure.subplots().plot([1, 2])
        yield from save(warehouse, {SCORES: scores(1, 5)}, plots={SCORES: {"spread": figure}})

    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        run = dg.materialize([step], instance=instance, resources={"warehouse": warehouse, "gate": Gate()})
        (made,) = run.get_asset_materialization_events()
        markdown = str(made.step_materialization_data.materialization.metadata["spread"].value)
        address = markdown.removeprefix("![spread](/logs/").partition("?")[0]
        # As the web server answers a request for what is below /logs/.
        *log_key, extension = address.split("/")
        manager = instance.compute_log_manager
        assert isinstance(manager, LocalComputeLogManager)
        file = Path(manager.get_captured_local_path(log_key, extension))
    assert file.read_bytes().startswith(b"\x89PNG")
    assert len(markdown) < 100


def test_what_fails_its_check_is_not_written_and_stops_what_is_downstream(warehouse):
    make(warehouse, {SCORES: scores(1, 5), NAMES: scores(2)})
    run = make(warehouse, {SCORES: scores(1, 9), NAMES: scores(3)})
    assert not run.success
    (check,) = run.get_asset_check_evaluations()
    assert not check.passed
    assert "'customer_id': 'c1'" in str(check.metadata["failing_rows"].value)
    assert run.get_asset_materialization_events() == []
    (failure,) = run.filter_events(lambda event: event.is_step_failure)
    reason = failure.step_failure_data.user_failure_data
    assert reason
    assert "profiles.scores does not keep its schema: score: in_range(1, 5) fails 1 times" in str(reason.description)
    assert warehouse.query("select * from profiles.scores").equals(scores(1, 5)), "the last good version stays"
    assert warehouse.query("select * from profiles.names").equals(scores(2)), "also of what was written with it"


def test_a_history_grows_only_by_what_keeps_the_schema_and_counts_all_its_rows(warehouse):
    schema = pa.DataFrameSchema({**SCHEMA.columns, "as_of_on": pa.Column("datetime64[us]", description="When.")})
    table = replace(SCORES, schema=schema, lineage={}, history=History())

    def run(day, value):
        frame = scores(value).assign(as_of_on=pd.to_datetime([day]).as_unit("us"))
        return make(warehouse, {table: frame})

    run("2018-01-01", 1)
    assert not run("2018-01-02", 9).success
    made = run("2018-01-02", 2).get_asset_materialization_events()
    metadata = made[0].step_materialization_data.materialization.metadata
    assert metadata["dagster/row_count"].value == 2
    assert warehouse.query("select score from profiles.scores order by all")["score"].tolist() == [1, 2]


def test_who_refuses_to_be_profiled_is_not_written_and_their_number_is_told(warehouse):
    write_permissions(warehouse, ["c0", "c1"], refuse=["c1"])
    made, *_ = make(warehouse, {SCORES: scores(1, 5)}).get_asset_materialization_events()
    metadata = made.step_materialization_data.materialization.metadata
    assert (metadata["dagster/row_count"].value, metadata["customers_left_out"].value) == (1, 1)
    assert warehouse.query("select * from profiles.scores").equals(scores(1))


def test_who_refuses_leaves_a_history_with_all_earlier_rows(warehouse):
    schema = pa.DataFrameSchema({**SCHEMA.columns, "as_of_on": pa.Column("datetime64[us]", description="When.")})
    table = replace(SCORES, schema=schema, lineage={}, history=History())
    for day, refuse in (("2018-01-01", []), ("2018-01-02", ["c1"])):
        write_permissions(warehouse, ["c0", "c1"], refuse=refuse)
        frame = scores(1, 2).assign(as_of_on=pd.to_datetime([day] * 2).as_unit("us"))
        assert make(warehouse, {table: frame}).success
    assert warehouse.query("select customer_id from profiles.scores")["customer_id"].tolist() == ["c0", "c0"]


def test_where_everyone_refuses_the_table_is_empty_and_says_why(warehouse):
    write_permissions(warehouse, ["c0", "c1"], refuse=["c0", "c1"])
    (check,) = make(warehouse, {SCORES: scores(1, 5)}).get_asset_check_evaluations()
    assert check.passed
    assert check.description == "All of its customers refuse analytics or personalization."
    (nobody,) = make(warehouse, {SCORES: scores()}).get_asset_check_evaluations()
    assert not nobody.passed, "a table that was never filled is not excused"


def test_a_table_that_says_nothing_about_customers_has_them_all(warehouse):
    write_permissions(warehouse, ["c0", "c1"], refuse=["c1"])
    table = replace(SCORES, is_profiling=False)
    assert "marts.contact_permissions" not in table.upstream
    make(warehouse, {table: scores(1, 5)})
    assert warehouse.query("select * from profiles.scores").equals(scores(1, 5))


def test_what_is_current_is_checked_again(warehouse):
    make(warehouse, {SCORES: scores(1, 5)})
    (outcome,) = kept(warehouse, SCORES).check_results
    assert outcome.passed
    with warehouse.write() as connection:
        connection.execute("update profiles.scores set score = 9")
    (outcome,) = kept(warehouse, SCORES).check_results
    assert not outcome.passed


def test_a_table_without_rows_passes_only_if_its_schema_says_why():
    schema = SCHEMA.update_columns({})
    schema.metadata = may_be_empty("nobody has a score")
    may_lack_rows = replace(SCORES, schema=schema)
    outcome = validate(SCORES, scores())
    assert not outcome.passed
    assert outcome.description == "The table has no rows, and its schema says no reason why."
    outcome = validate(may_lack_rows, scores().astype({"customer_id": object, "score": "int64"}))
    assert outcome.passed
    assert outcome.description == "nobody has a score"


def test_an_alarm_is_sounded_after_the_write_names_all_causes_and_blocks_nothing(warehouse):
    def low_scores(warehouse: Warehouse):
        for customer in warehouse.query("select customer_id from profiles.scores where score = 1")["customer_id"]:
            yield f"{customer} has the lowest score"

    table = replace(SCORES, alarm=Alarm("no_low_score", "Nobody has the lowest score.", low_scores))
    quiet = make(warehouse, {table: scores(2, 3)})
    assert {(check.check_name, check.passed) for check in quiet.get_asset_check_evaluations()} == {
        ("schema", True),
        ("no_low_score", True),
    }
    loud = make(warehouse, {table: scores(1, 3, 1)})
    assert loud.success
    (alarm,) = [check for check in loud.get_asset_check_evaluations() if not check.passed]
    assert alarm.check_name == "no_low_score"
    assert alarm.severity == dg.AssetCheckSeverity.WARN
    assert alarm.description == "c0 has the lowest score; c2 has the lowest score"
    (spec,) = [spec for spec in table.check_specs() if not spec.blocking]
    assert spec.description == "Nobody has the lowest score. Warns only."


def test_times_of_a_table_without_rows_are_of_the_type_that_others_have(warehouse):
    schema = pa.DataFrameSchema({"seen_at": pa.Column("datetime64[us]"), "seen_on": pa.Column("datetime64[us]")})
    with warehouse.write() as connection:
        replace_table(connection, "marts.seen", empty_table(schema), {})
        assert columns_of(connection, "marts.seen") == {"seen_at": "TIMESTAMP", "seen_on": "DATE"}
