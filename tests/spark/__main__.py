"""The dbt half on DuckDB and on Spark, on the same small sample, compared row by row: ``make spark``.

Needs the extra ``spark`` and Java 17, and nothing from outside while it runs. Spark lives in this process; its tables are Parquet
files in a temporary home. They lose no rows, so the models that grow by increments are made anew as a whole there (see the macro
`incremental_or_table`). Data tests and unit tests run on both engines.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb

from dmp_assets.dbt.project import prepare_project
from dmp_assets.definitions import build_defs
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import Settings
from tests.spark.compare import compare

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SAMPLE_PERCENT = 2
EXPLAINED = {
    "input_version": "made of row_hash, and each engine has its own hash of a row; what goes into it is compared",
    "promotions_hash": "made of row_hash too",
}
"""Columns that differ, and why."""


def main() -> int:
    """Build and compare; return the exit code."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        print("Spark needs Java 17: install it, for example the package openjdk-17-jre-headless, or set JAVA_HOME.")
        return 1
    with tempfile.TemporaryDirectory(prefix="dmp-spark-") as folder:
        settings = Settings(home=Path(folder), sample_percent=SAMPLE_PERCENT)
        _say(f"Loading {SAMPLE_PERCENT} % of the demo's households and their events ...")
        load(settings)
        _say("Building and testing the models on DuckDB ...")
        if not build_twice(settings, "duckdb"):
            return 1
        _say("Building and testing the models on Spark ...")
        warehouse = settings.home / "spark"
        spark = spark_session(warehouse)
        try:
            copy_sources(settings, spark)
            if not build_twice(settings, "spark"):
                return 1
        finally:
            spark.stop()
        return 0 if report(settings, warehouse) else 1


def load(settings: Settings) -> None:
    """Fill the raw tables in DuckDB and find out who is who, as a build does."""
    os.environ.update(settings.environment())
    prepare_home(settings)
    prepare_project(settings)
    graph = build_defs(settings)
    made_before = dg.AssetSelection.groups("raw", "simulation", "staging", "identity")
    made_before -= dg.AssetSelection.assets(["identity", "quality"])  # measures what the marts hold
    graph.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=list(made_before.resolve(graph.resolve_asset_graph())),
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    )


def build_twice(settings: Settings, target: str) -> bool:
    """Build and test every model on a target of the dbt profile, those that grow once more; return whether all went well.

    The unit tests come last: they take the columns of their input from the tables that are built.
    """
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(PACKAGE_DIR), "--target", target]
    options += ["--target-path", str(settings.home / target), "--log-path", str(settings.home / "logs"), "--quiet"]
    for command in (
        ["build", "--exclude-resource-type", "unit_test"],
        ["run", "--select", "config.incremental_strategy:delete+insert"],
        ["test", "--select", "test_type:unit"],
    ):
        finished = dbtRunner().invoke([*command, *options])
        if finished.exception:
            raise finished.exception
        if not finished.success:
            return False
    return True


def spark_session(warehouse: Path) -> SparkSession:
    """Return a Spark in this process that keeps its tables in a folder; dbt finds it by itself."""
    from pyspark.sql import SparkSession

    configuration: dict[str, Any] = {
        "spark.sql.catalogImplementation": "in-memory",  # not Hive: no database of its own
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.sql.session.timeZone": "UTC",
        # A timestamp is one of UTC in the raw tables' files and in those that DuckDB reads again.
        "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # The tables are small: to compile and optimise the queries would take longer than to run them.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.master("local[2]").config(map=configuration).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def copy_sources(settings: Settings, spark: SparkSession) -> None:
    """Give Spark the tables that dbt reads and does not make, as Parquet files: those of the schemas raw and identity."""
    folder = settings.home / "sources"
    folder.mkdir()
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        for schema in ("raw", "identity"):
            spark.sql(f"create schema {schema}")
            for table in _tables(connection, f"schema_name = '{schema}' and not starts_with(table_name, '_')"):
                file = folder / f"{table}.parquet"
                connection.execute(f"copy {table} to '{file}'")
                spark.sql(f"create table {table} using parquet location '{file}'")


def report(settings: Settings, warehouse: Path) -> bool:
    """Print how every table that dbt made compares; return whether all are equal but for what is explained."""
    equal = True
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{settings.warehouse_path}' as made (read_only)")
        connection.execute("use made")
        print(f"\n{'table':40} {'on DuckDB':>10} {'on Spark':>10} {'differing':>10}")
        for table in _tables(connection, "schema_name not in ('raw', 'simulation', 'identity')"):
            files = f"{warehouse}/{table.replace('.', '.db/')}/*.parquet"
            found = compare(connection, table, f"read_parquet('{files}')", EXPLAINED)
            equal = equal and not found.differing
            print(f"{table:40} {found.rows:10,} {found.other_rows:10,} {found.differing:10,}  {found.first_difference}")
    print("\nNot compared:", *(f"  {column}: {reason}." for column, reason in EXPLAINED.items()), sep="\n")
    print("All tables are equal." if equal else "Tables differ.")
    return equal


def _tables(connection: duckdb.DuckDBPyConnection, chosen: str) -> list[str]:
    rows = connection.execute(
        f"select schema_name || '.' || table_name from duckdb_tables() where not temporary and {chosen} order by all"
    )
    return [table for (table,) in rows.fetchall()]


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
