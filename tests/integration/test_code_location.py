"""The code location loads as the server loads it, and the graph is whole."""

import json

import dagster as dg
import pytest

from dmp_assets.dbt.exposures import EXPOSURES_FILE
from dmp_assets.platform.gate import gate_of
from dmp_assets.platform.ports import listen
from dmp_assets.reports.served import served_tables
from tests.conftest import DMP
from tests.graph import GRAPH_FILE, exposures_text, graph_text
from tests.ui import started_ui

JOBS = """
{
  repositoryOrError(repositorySelector: {repositoryLocationName: "ai_dmp", repositoryName: "__repository__"}) {
    ... on Repository { pipelines { name runs(limit: 1) { runId } } }
    ... on PythonError { message }
  }
}
"""


def test_the_ui_shows_every_job_with_the_builds_of_the_command_line(first_build, environment, tmp_path):
    with started_ui(DMP, environment, tmp_path) as ask:
        repository = ask(JOBS)["repositoryOrError"]
    assert "message" not in repository, repository
    runs = {job["name"]: job["runs"] for job in repository["pipelines"]}
    assert {"rebuild", "refresh", "refresh_marts"} <= set(runs)
    assert runs["rebuild"]


def test_a_taken_port_is_told_before_anything_starts(first_build, dmp):
    with listen("127.0.0.1", 0, "Something else") as taken:
        port = str(taken.getsockname()[1])
        failed = dmp("dev", "--port", port)
    assert failed.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in failed.stderr
    assert "--port" in failed.stderr


def test_the_graph_is_the_committed_one(definitions):
    assert graph_text(definitions) == GRAPH_FILE.read_text(encoding="utf-8"), "run `make graph` and review the change"


def test_the_exposures_are_those_that_the_lineage_declares(definitions, in_process):
    assert exposures_text(definitions, in_process) == EXPOSURES_FILE.read_text(encoding="utf-8"), "run `make graph`"


def test_no_asset_comes_from_outside_the_graph(definitions):
    graph = definitions.resolve_asset_graph()
    assert [key.to_user_string() for key in graph.external_asset_keys] == []


def test_the_graph_is_one_piece(definitions):
    graph = definitions.resolve_asset_graph()
    keys = set(graph.get_all_asset_keys())
    reached, border = set(), {next(iter(sorted(keys)))}
    while border:
        reached |= border
        neighbours = {other for key in border for other in graph.get(key).parent_keys | graph.get(key).child_keys}
        border = neighbours - reached
    assert reached == keys


def test_every_asset_says_what_it_is_and_whose(definitions):
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.group_name == key.path[0], key
        assert node.owners, key
        assert node.kinds, key
        assert node.freshness_policy, key


def test_every_layer_can_be_refreshed_and_everything_daily(definitions):
    jobs = {job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")}
    graph = definitions.resolve_asset_graph()
    layers = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert jobs == {"rebuild", "refresh", *(f"refresh_{layer}" for layer in layers)}
    assert definitions.resolve_schedule_def("daily_refresh").job_name == "refresh"
    assert definitions.resolve_schedule_def("weekly_rebuild").job_name == "rebuild"


def test_the_daily_refresh_leaves_out_what_is_trained_and_nothing_that_is_served(definitions, python_tables):
    made = {key.to_user_string() for key in definitions.resolve_job_def("refresh").asset_layer.selected_asset_keys}
    everything = {
        key.to_user_string() for key in definitions.resolve_job_def("rebuild").asset_layer.selected_asset_keys
    }
    weekly = {table.key.to_user_string() for table in python_tables if table.cadence == "weekly"} | {
        "published/dbt_docs"
    }
    assert {"recommendations/ranker", "recommendations/leaderboard", "clusters/cluster_centres"} <= weekly
    assert everything - made == weekly


def test_every_python_table_has_a_blocking_schema_check(definitions, python_tables):
    graph = definitions.resolve_asset_graph()
    for table in python_tables:
        check = graph.get(dg.AssetCheckKey(table.key, "schema"))
        assert check.blocking, table.full_name


def test_what_is_served_waits_for_the_checks_of_what_was_trained_and_of_the_marts(definitions):
    upstream = gate_of(definitions.assets).upstream
    for served, trained in (
        ("forecasts/customer_predictions", "forecasts/prediction_models"),
        ("forecasts/sales_forecasts", "forecasts/forecast_models"),
        ("clusters/customer_clusters", "clusters/cluster_centres"),
        ("recommendations/customer_recommendations", "recommendations/ranker"),
    ):
        checks = upstream[dg.AssetKey(served.split("/"))]
        assert dg.AssetCheckKey(dg.AssetKey(trained.split("/")), "schema") in checks
        assert any(check.asset_key.path[0] == "marts" for check in checks), served
    assert upstream[dg.AssetKey(["published", "report"])] >= upstream[dg.AssetKey(["profiles", "customer_tags"])]


def test_all_marts_rejected_rows_and_python_tables_are_published(definitions, python_tables):
    graph = definitions.resolve_asset_graph()
    models = {key for key in graph.get_all_asset_keys() if key.path[0] in ("marts", "quarantine")}
    assert len(models) > 10
    assert graph.get(dg.AssetKey(["published", "tables"])).parent_keys == models | {
        table.key for table in python_tables
    }


def test_every_served_table_has_a_blocking_check_and_every_check_says_what_it_demands(definitions):
    graph = definitions.resolve_asset_graph()
    checks = [graph.get(key) for key in graph.asset_check_keys]
    served = graph.get(dg.AssetKey(["published", "tables"])).parent_keys
    assert served - {check.key.asset_key for check in checks if check.blocking} == set()
    assert [check.key for check in checks if not check.description or len(check.key.name) > 64] == []


def test_every_served_table_says_what_one_row_is_and_by_what_it_is_known(in_process, python_tables):
    served = served_tables(json.loads((in_process.dbt_target_dir / "manifest.json").read_text()), python_tables)
    assert [table.name for table in served if not table.grain] == []
    # The same row can be rejected twice; a sum's file and currency may be unknown.
    assert [table.name for table in served if not table.key] == ["quarantine.rejected_rows", "quarantine.source_totals"]
    assert [table.name for table in served if not set(table.key) <= set(table.columns)] == []


@pytest.fixture
def columns(definitions, in_process):
    """Return the columns of every table in the warehouse."""
    from dmp_assets.platform.warehouse import Warehouse

    found = Warehouse.from_settings(in_process).query(
        "select schema_name || '.' || table_name as name, column_name from duckdb_columns() where not internal"
    )
    return found.groupby("name")["column_name"].agg(set).to_dict()


def test_every_column_of_a_python_table_is_traced_to_columns_that_exist(columns, python_tables):
    for table in python_tables:
        assert set(table.lineage) == set(table.schema.columns) == columns[table.full_name]
        for column, sources in table.lineage.items():
            assert sources, f"{table.full_name}.{column}"
            for source in sources:
                upstream, _, name = source.rpartition(".")
                assert name in columns[upstream], f"{table.full_name}.{column} <- {source}"


def test_every_dbt_model_and_column_is_described_and_typed(columns, in_process):
    manifest = json.loads((in_process.dbt_target_dir / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert models
    for model in models:
        name = f"{model['schema']}.{model['name']}"
        assert model["description"], name
        # An ephemeral model is a part of the queries that read it and not in the warehouse.
        assert model["config"]["materialized"] == "ephemeral" or set(model["columns"]) == columns[name], name
        for column in model["columns"].values():
            assert column["description"], f"{name}.{column['name']}"
            assert column["data_type"], f"{name}.{column['name']}"
        assert model["schema"] != "marts" or model["config"]["contract"]["enforced"], name


def test_raw_tables_are_read_by_staging_models_only_and_identity_by_what_follows(in_process, first_build):
    manifest = json.loads((in_process.dbt_target_dir / "manifest.json").read_text())
    for node in manifest["nodes"].values():
        read = {
            manifest["sources"][parent]["schema"]
            for parent in node["depends_on"]["nodes"]
            if parent.startswith("source.")
        }
        if node["resource_type"] == "model":
            assert read <= ({"raw"} if node["schema"] == "staging" else {"identity"}), node["name"]
