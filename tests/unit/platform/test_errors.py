"""The true cause and the way out in one sentence, for what no code can mend."""

import re
import sqlite3

import duckdb
import pytest
import typer

from dmp_assets.platform.errors import UserError, explained, user_errors


def error_of(make):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is explained
        make()
    return caught.value


def full_history(tmp_path):
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("pragma max_page_count = 2")
        connection.execute("create table runs as select zeroblob(100000) as body")


def full_disk(_):
    with open("/dev/full", "w") as file:  # noqa: PTH123
        file.write("x")


def cut_history(tmp_path):
    file = tmp_path / "cut.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table runs as select zeroblob(100000) as body")
    file.write_bytes(file.read_bytes()[:50_000])
    with sqlite3.connect(file) as connection:
        connection.execute("select sum(length(body)) from runs").fetchall()
        connection.execute("pragma integrity_check").fetchall()
        connection.execute("insert into runs select body from runs")


def damaged_database(tmp_path):
    file = tmp_path / "w.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("create table t as select random() as a from range(1000000)")
    content = bytearray(file.read_bytes())
    content[len(content) // 3 : 2 * len(content) // 3] = bytes(2 * len(content) // 3 - len(content) // 3)
    file.write_bytes(content)
    with duckdb.connect(file) as connection:
        connection.execute("select sum(a) from t").fetchall()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (full_disk, "is full: free some space"),
        (full_history, "is full: free some space"),
        (cut_history, "run history .* is damaged"),
        (damaged_database, "database of the home is damaged"),
    ],
)
def test_disk_and_databases_are_told_with_the_way_out(tmp_path, make, words, capsys):
    error = error_of(lambda: make(tmp_path))
    wrapped = RuntimeError("a layer above")
    wrapped.__cause__ = error
    for each in (error, wrapped):
        with pytest.raises(typer.Exit) as exit_, user_errors():
            raise each
        assert exit_.value.exit_code == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "Traceback" not in told
        assert re.search(words, told), told


def test_an_error_of_the_code_is_not_explained_away():
    assert explained(ZeroDivisionError("x")) is None
    assert explained(OSError(2, "No such file")) is None
    assert explained(sqlite3.IntegrityError("UNIQUE constraint failed")) is None
    bug = KeyError("a bug")
    bug.__context__ = UserError("wrong setting")
    assert explained(bug) is None
