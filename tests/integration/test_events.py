"""Events, sessions, touches and consents in the warehouse: the same by any way of increments.

A warehouse with nothing but raw.events, built by dbt alone, in this process: one command costs a second.
"""

import datetime as dt
import itertools
import json
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dmp_assets.collector import load as raw_events
from dmp_assets.platform.warehouse import table_hashes
from dmp_assets.sources import land as landing
from tests.integration.identified import STAGING, identify_people

MODELS = ("fct_events", "fct_sessions", "fct_touches", "consents", "rejected_rows")
VARS = {"sources": {"collector": ["events", "consents"]}}
START = dt.datetime.fromisoformat("2017-03-01T12:00:00")
GAP = dt.timedelta(minutes=30)
SKEWS = {"d6": dt.timedelta(hours=2), "d7": -dt.timedelta(hours=3)}
"""How far the clocks of these devices are ahead; the others' are right."""
LOADS = ("a", "b", "c", "d")
LOADED_AT = dt.datetime.fromisoformat("2026-01-01T00:00:00")


class Events:
    """A warehouse with raw.events, and dbt to build what is made of it."""

    def __init__(self, folder: Path, run_dbt: Callable) -> None:
        folder.mkdir()
        self.path = folder / "warehouse.duckdb"
        self.dbt = partial(run_dbt, warehouse=self.path, parsed=VARS)
        self.staged_by: dict | None = None
        with duckdb.connect(str(self.path)) as connection:
            raw_events.create_tables(connection)
            landing.create_tables(connection)

    def build(self, *, tested: bool = False, settings: dict | None = None) -> None:
        """Build the models; ``tested`` with the data tests, for which the other marts are built too."""
        variables = VARS | (settings or {})
        if self.staged_by != variables:  # views, which follow from nothing else
            self.dbt("run", "--select", STAGING, variables=variables)
            self.staged_by = variables
        identify_people(self.path)
        if tested:
            models = ["+no_staged_row_is_lost", "+every_rejected_row_is_in_quarantine", "+sessions_add_up_to_events"]
            self.dbt(
                "build",
                "--exclude-resource-type",
                "unit_test",
                "--indirect-selection",
                "cautious",
                "--select",
                *models,
                variables=variables,
            )
        else:
            models = [f"+{model}" for model in MODELS]
            self.dbt("run", "--select", *models, "--exclude", STAGING, variables=variables)

    def load(self, rows: list[dict]) -> None:
        frame = pd.DataFrame(rows)
        with duckdb.connect(str(self.path)) as connection:
            connection.register("frame", frame)
            connection.execute("insert into raw.events by name select * from frame")

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(query).fetchall()

    def hashes(self) -> dict[str, str]:
        with duckdb.connect(str(self.path)) as connection:
            return {name: value for name, value in table_hashes(connection).items() if name.split(".")[1] in MODELS}


def random_events(seed: int, devices: int = 12, visits: int = 80) -> list[dict]:
    """Return raw rows of four loads: pauses around the gap, wrong clocks, repetitions, e-mails, orders, consents, bad rows."""
    rng = random.Random(seed)  # noqa: S311 - test data
    rows: list[dict] = []
    for device in range(devices):
        at = START + dt.timedelta(minutes=rng.randrange(60))
        for _ in range(visits):
            at += rng.choice(
                [dt.timedelta(seconds=20), dt.timedelta(minutes=29), GAP, GAP + dt.timedelta(microseconds=1)]
            )
            rows.append(_random_event(rng, f"d{device}", at))
    # A client repeats a message: another receipt, perhaps earlier, with another time, perhaps of another device.
    for row in rng.sample(rows, 40):
        shift = dt.timedelta(minutes=rng.choice([-50, -10, 10, 50]))
        device = row["anonymous_id"] if row["anonymous_id"] in SKEWS else rng.choice([row["anonymous_id"], "d0"])
        times = {name: row[name] + shift for name in ("original_at", "sent_at", "received_at")}
        rows.append(row | times | {"anonymous_id": device, "event_name": "Repeated"})
    for line, row in enumerate(rows):
        load = rng.choice(LOADS)
        row |= {
            "_segment": "s",
            "_line": line,
            "_load_id": load,
            "_loaded_at": LOADED_AT + dt.timedelta(days=LOADS.index(load)),
        }
    return rows


def _random_event(rng: random.Random, device: str, at: dt.datetime) -> dict:
    kind = rng.choice(["page", "page", "track", "order", "email", "bad"])
    return {
        "source": rng.choice(["simulated_web", "shop"]),
        "namespace": "cj",
        "message_id": None if kind == "bad" and rng.random() < 0.5 else f"m{rng.getrandbits(60)}",
        "event_type": "page" if kind == "page" else "other" if kind == "bad" else "track",
        "event_name": {"order": "Order Completed", "email": "Email Opened"}.get(kind, "Product Viewed"),
        "user_id": rng.choice([None, None, "1", "2"]),
        "anonymous_id": device,
        "original_at": at + SKEWS.get(device, dt.timedelta()),
        "sent_at": at + SKEWS.get(device, dt.timedelta()),
        "received_at": at + dt.timedelta(seconds=rng.randrange(1, 600) if device in SKEWS else 1),
        "consent": rng.choice([None, '{"analytics":true}', '{"analytics":false}', "{}"]),
        "is_gpc": rng.random() < 0.1,
        "is_simulated": False,
        "context": json.dumps({"page": {"path": f"/{kind}", "referrer": rng.choice(["https://bing.com", ""])}}),
        "properties": json.dumps({"order_id": rng.randrange(9), "revenue": rng.randrange(99), "currency": "USD"}),
    }


def plain_sessions(rows: list[dict]) -> set[frozenset[str]]:
    """Return the sessions of raw rows as sets of event ids, by the plain definition."""
    first: dict[str, dict] = {}
    for row in sorted(rows, key=lambda row: (row["received_at"], row["_segment"], row["_line"])):
        if row["message_id"] and row["source"]:
            first.setdefault(f"{row['source']}:{row['message_id']}", row)
    visits = sorted(
        (row["anonymous_id"], row["original_at"], event_id)
        for event_id, row in first.items()
        if row["event_type"] in ("page", "track") and row["event_name"] != "Email Opened"
    )
    sessions: list[set[str]] = []
    for earlier, (device, at, event_id) in zip([None, *visits], visits, strict=False):
        if not earlier or earlier[0] != device or at - earlier[1] > GAP:
            sessions.append(set())
        sessions[-1].add(event_id)
    return {frozenset(session) for session in sessions}


@pytest.fixture
def new_events(run_dbt, tmp_path):
    numbers = itertools.count()
    return lambda: Events(tmp_path / str(next(numbers)), run_dbt)


@pytest.fixture(scope="module")
def whole(run_dbt, tmp_path_factory) -> Events:
    """Return a warehouse that was built from all random events at once."""
    whole = Events(tmp_path_factory.mktemp("whole") / "home", run_dbt)
    whole.load(random_events(seed=1))
    whole.build()
    return whole


def test_sessions_are_those_of_the_plain_definition(whole):
    sessions = whole.sql("select list(event_id) from marts.fct_events where session_id is not null group by session_id")
    assert {frozenset(session) for (session,) in sessions} == plain_sessions(random_events(seed=1))


@pytest.mark.parametrize("order", ["abcd", "dcba", "bdac"])
def test_increments_in_any_order_give_the_tables_of_one_build(whole, new_events, order):
    expected = whole.hashes()
    assert set(expected) == {"quarantine.rejected_rows", *(f"marts.{model}" for model in MODELS[:-1])}
    parts, rows = new_events(), random_events(seed=1)
    for load in order:
        parts.load([row for row in rows if row["_load_id"] == load])
        parts.build()
    assert parts.hashes() == expected


def test_a_build_without_new_events_changes_nothing_and_passes_every_test(whole):
    before = whole.hashes()
    whole.build(tested=True)
    assert whole.hashes() == before


def test_a_day_more_writes_the_sessions_it_touches_and_no_other(new_events):
    events = new_events()
    page = {
        "source": "web",
        "namespace": "cj",
        "event_type": "page",
        "_segment": "s",
        "_line": 1,
        "is_simulated": False,
    }
    today = page | {"_load_id": "a", "_loaded_at": LOADED_AT}
    events.load(
        [
            today | {"message_id": device + hour, "anonymous_id": device, "received_at": START.replace(hour=int(hour))}
            for device in ("open", "closed")
            for hour in ("11", "12")
        ]
    )
    events.build()
    assert events.sql("select count(*) from marts.fct_sessions") == [(4,)]
    # Marks show what is not written again.
    events.sql("update marts.fct_events set occurred_on = date '1900-01-01'")
    events.sql("update marts.fct_sessions set entry_page = 'mark'")

    tomorrow = page | {"_load_id": "b", "_loaded_at": LOADED_AT + dt.timedelta(days=1), "anonymous_id": "open"}
    events.load([tomorrow | {"message_id": "late", "received_at": START - dt.timedelta(minutes=20)}])
    events.build()
    unmarked = events.sql("select event_id from marts.fct_events where occurred_on > date '1900-01-01' order by 1")
    assert unmarked == [("web:late",), ("web:open12",)]
    renewed = events.sql("select anonymous_id, event_count from marts.fct_sessions where entry_page is null")
    assert renewed == [("cj:open", 2)]
    assert events.sql("select count(*) from marts.fct_sessions") == [(4,)]


def test_what_leaves_the_raw_table_leaves_the_marts(whole, new_events):
    events, expected = new_events(), new_events()
    expected.load([row for row in random_events(seed=1) if row["_load_id"] != "b"])
    expected.build()
    shutil.copy(whole.path, events.path)
    events.sql("delete from raw.events where _load_id = 'b'")
    events.build()
    assert events.hashes() == expected.hashes()


def test_changed_rules_compute_every_session_anew(whole, new_events):
    events = new_events()
    events.load(random_events(seed=1))
    events.build(settings={"session_gap_minutes": 10, "earliest_order_on": "2017-03-02"})
    assert events.sql("select count(*) > 0 from quarantine.rejected_rows where reason = 'before_earliest_date'") == [
        (True,)
    ]
    events.build()
    assert events.hashes() == whole.hashes()
