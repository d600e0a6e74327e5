"""The report's section on collected events."""

from pathlib import Path

import duckdb

from dmp_assets.collector.sections import sections
from dmp_assets.platform.sections import Content

PLAN = """
events:
  Order Completed: {description: An order was paid., required: [order_id, total]}
  Signed Up: {}
"""


def content(project_dir: Path, *events: tuple, refused: tuple = ()) -> Content:
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.events (event_type text, event_name text, violation text)")
        connection.execute("create table raw.rejected_events (violation text)")
        for event in events:
            connection.execute("insert into raw.events values (?, ?, ?)", event)
        for violation in refused:
            connection.execute("insert into raw.rejected_events values (?)", [violation])
        (section,) = sections(project_dir)
        return section.build({name: connection.execute(sql).df() for name, sql in section.queries.items()})


def test_events_stand_beside_what_the_plan_asks_of_them(tmp_path: Path):
    (tmp_path / "events.yml").write_text(PLAN)
    done = ("track", "Order Completed", None)
    wrong = ("track", "Order Completed", "$.total: type number")
    by_name, broken = content(
        tmp_path, done, done, wrong, ("track", "Old Name", None), ("page", "Home", None), refused=("$: required", None)
    ).tables
    assert by_name.rows == [
        ["Order Completed", "An order was paid.", "order_id, total", "3", "1"],
        ["Old Name", "not in events.yml", "–", "1", "0"],
        ["Signed Up", "–", "–", "0", "0"],
    ]
    assert broken.rows == [["(in quarantine)", "$: required", "1"], ["Order Completed", "$.total: type number", "1"]]


def test_without_a_plan_and_without_events_nothing_is_asked(tmp_path: Path):
    by_name, broken = content(tmp_path, ("track", "Signed Up", None)).tables
    assert by_name.rows == [["Signed Up", "–", "–", "1", "0"]]
    assert (broken.rows, broken.reason) == ([], "no event breaks events.yml")
    assert content(tmp_path).tables[0].reason == "no track event was collected"
