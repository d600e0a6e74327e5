import datetime as dt
import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dmp_assets.reports.publication import publish
from dmp_assets.reports.served import ServedColumn, ServedTable

LINES = ServedTable(
    "marts.lines",
    "Lines of orders. One row per line.",
    ["line_id"],
    {
        "line_id": ServedColumn("The line's id.", nullable=False),
        "amount": ServedColumn("The shop's amount, USD.", nullable=True),
        "ordered_on": ServedColumn("Day of the order.", nullable=True),
        "is_simulated": ServedColumn("Whether nobody real is behind it.", nullable=True),
    },
)
VERSION = ServedTable("marts.version", "One row per version.", [], {})


def publish_version(folder: Path, number: int, *tables: ServedTable) -> None:
    """Publish tables whose content tells which publication they are of."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.customer_features as select date '2018-01-01' as as_of_on;
            create table marts.version as select {number} as n;
            create table marts.lines as
                select '00' || range as line_id, 1.50::decimal(12, 2) as amount, date '2017-12-31' as ordered_on,
                    range = 0 as is_simulated, {number} as n
                from range(2);
            """
        )
        publish(
            connection,
            tables or (LINES, VERSION),
            folder,
            currency="USD",
            now=dt.datetime(2018, 1, 1, 4, number, tzinfo=dt.UTC),
        )


def published_versions(folder: Path) -> set[int]:
    """Return the versions that the parts of the publication are of."""
    with duckdb.connect(folder / "published.duckdb", read_only=True) as connection:
        found = set(connection.execute("select n from marts.version union select n from marts.lines").fetchall())
    found |= set(duckdb.sql(f"select n from '{folder}/tables/*/version.parquet'").fetchall())
    minute = json.loads((folder / "catalog.json").read_text())["published_at"][14:16]
    return {n for (n,) in found} | {int(minute)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    publish_version(tmp_path, 1)
    return tmp_path


def test_the_tables_are_there_in_every_form_and_of_one_build(folder):
    assert published_versions(folder) == {1}
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README.md", "catalog.json", "current", "published.duckdb", "tables", "versions"),
    ]
    assert list(pd.read_parquet(folder / "tables/marts/lines.parquet")["line_id"]) == ["000", "001"]


def test_types_are_kept_and_every_table_and_column_has_its_comment(folder):
    with duckdb.connect(folder / "published.duckdb", read_only=True) as connection:
        columns = connection.execute(
            "select column_name, data_type, comment from duckdb_columns() where table_name = 'lines'"
        ).fetchall()
        ((comment,),) = connection.execute("select comment from duckdb_tables() where table_name = 'lines'").fetchall()
    assert comment == "Lines of orders. One row per line."
    assert columns[:3] == [
        ("line_id", "VARCHAR", "The line's id."),
        ("amount", "DECIMAL(12,2)", "The shop's amount, USD."),
        ("ordered_on", "DATE", "Day of the order."),
    ]


def test_the_dictionary_says_what_every_table_and_column_means(folder):
    catalog = json.loads((folder / "catalog.json").read_text())
    assert (catalog["as_of_on"], catalog["published_at"], catalog["currency"]) == (
        *("2018-01-01", "2018-01-01T04:01:00+00:00", "USD"),
    )
    lines, _ = catalog["tables"]
    assert lines | {"columns": []} == {
        "schema": "marts",
        "name": "lines",
        "description": "Lines of orders. One row per line.",
        "grain": "One row per line.",
        "row_count": 2,
        "simulated_row_count": 1,
        "key": ["line_id"],
        "file": "tables/marts/lines.parquet",
        "columns": [],
    }
    assert lines["columns"][0] == {
        "name": "line_id",
        "type": "VARCHAR",
        "description": "The line's id.",
        "nullable": False,
        "is_key": True,
    }
    assert (folder / lines["file"]).exists()
    assert "| `marts.lines` | line | 2 | 1 | Lines of orders. |" in (folder / "README.md").read_text()


def test_tables_that_are_no_longer_served_go(folder):
    publish_version(folder, 2, VERSION)
    assert [path.name for path in (folder / "tables").rglob("*.parquet")] == ["version.parquet"]


def test_besides_the_newest_version_only_the_one_before_stays_for_who_is_about_to_open_it(folder):
    for number in (2, 3, 4):
        publish_version(folder, number)
    assert sorted(path.name[9:13] for path in (folder / "versions").iterdir()) == ["0403", "0404"]


def test_a_folder_of_parquet_files_from_before_gives_way(tmp_path):
    (tmp_path / "tables" / "marts").mkdir(parents=True)
    (tmp_path / "tables" / "marts" / "old.parquet").touch()
    publish_version(tmp_path, 1)
    assert published_versions(tmp_path) == {1}
    assert not (tmp_path / "tables" / "marts" / "old.parquet").exists()


def test_a_failure_keeps_the_previous_publication(folder):
    with pytest.raises(duckdb.CatalogException):
        publish_version(folder, 2, LINES, ServedTable("marts.missing", "", [], {}))
    assert published_versions(folder) == {1}
    publish_version(folder, 3)
    assert published_versions(folder) == {3}


def test_the_database_cannot_be_opened_for_writing_by_others(folder):
    assert (folder / "published.duckdb").stat().st_mode & 0o222 == 0


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in sys.stdin:
    print(*connection.execute("select n from marts.version union select n from marts.lines").fetchall(), flush=True)
"""


def test_who_holds_the_database_open_neither_stops_a_publication_nor_sees_it(folder):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder / "published.duckdb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        stdin, stdout = holder.stdin, holder.stdout
        assert stdin
        assert stdout
        for number in (2, 3, 4):
            print("again", file=stdin, flush=True)
            assert stdout.readline() == "(1,)\n"
            publish_version(folder, number)
        assert published_versions(folder) == {4}
        stdin.close()
    assert holder.returncode == 0


def _publish_for_ever(folder: Path, pause: float) -> None:
    number = 1
    while True:
        number = number % 59 + 1
        publish_version(folder, number)
        time.sleep(pause)


def start_publishing(folder: Path, *, pause: float) -> multiprocessing.process.BaseProcess:
    run = multiprocessing.get_context("fork").Process(target=_publish_for_ever, args=(folder, pause))
    run.start()
    return run


def test_a_reader_always_finds_a_whole_publication(folder):
    run = start_publishing(folder, pause=0.2)
    seen = set()
    while len(seen) < 4:
        with duckdb.connect(folder / "published.duckdb", read_only=True) as connection:
            (version,) = connection.execute("select n from marts.version union select n from marts.lines").fetchall()
        assert len(pd.read_parquet(folder / "tables/marts/lines.parquet")) == 2
        assert json.loads((folder / "catalog.json").read_text())["currency"] == "USD"
        seen.add(version)
    run.kill()
    run.join()


def test_a_run_that_is_killed_leaves_a_whole_publication_and_the_next_one_cleans_up(folder):
    for patience in (0.04, 0.07, 0.1, 0.13, 0.16):
        run = start_publishing(folder, pause=0)
        time.sleep(patience)
        run.kill()
        run.join()
        assert len(published_versions(folder)) == 1
    publish_version(folder, 59)
    assert len(list((folder / "versions").iterdir())) == 2
