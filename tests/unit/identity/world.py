"""A few rows of staging, and the persons that follow from them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from dmp_assets.identity.decisions import Decision, standing
from dmp_assets.identity.households import households
from dmp_assets.identity.observed import Staged, observe
from dmp_assets.identity.people import identify
from dmp_assets.identity.probabilistic import THRESHOLD
from dmp_assets.identity.rules import Rules, load_rules
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.platform.warehouse import replace_table

RULES = load_rules(TEMPLATES_DIR / "rules" / "identity.yml")
DAY = dt.datetime(2025, 1, 1)  # noqa: DTZ001 - as the warehouse has times
_EVENTS = (
    "event_id event_type event_name customer_id anonymous_id previous_id email_token phone_token occurred_at is_bot "
    "is_simulated"
)


def at(text: str) -> dt.datetime:
    """Return the time of a day of January 2025 (``3``) or of an hour of it (``3 10:05``)."""
    day, _, hour = text.partition(" ")
    hours, _, minutes = hour.partition(":")
    return DAY + dt.timedelta(days=int(day) - 1, hours=int(hours or 0), minutes=int(minutes or 0))


@dataclass
class World:
    """What staging holds, and what people decided."""

    events: list[dict] = field(default_factory=list)
    tables: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    rules: Rules = RULES
    own: tuple[str, ...] = ()
    matches: tuple[tuple[str, str, float], ...] = ()

    def event(self, when: str, **columns: object) -> World:
        """Add an event; ids are the shop's."""
        ids = {"user": "customer_id", "device": "anonymous_id", "previous": "previous_id"}
        tokens = {"email": "email_token", "phone": "phone_token"}
        row = {
            (ids | tokens).get(name, name): f"shop:{value}" if name in ids else value for name, value in columns.items()
        }
        row = {"event_id": f"web:{len(self.events):03}", "event_type": "track", "occurred_at": at(when)} | row
        self.events.append(row)
        return self

    def table(self, source: str, contract: str, *rows: dict) -> World:
        """Add a staging view with just the columns of these rows."""
        self.tables[source, contract] = pd.DataFrame(rows)
        return self

    def decide(self, action: str, one: str, other: str | None = None, when: str = "31") -> World:
        """Add a decision."""
        values = {"action": action, "identifier_id": one, "other_identifier_id": other, "reason": "they rang"}
        self.decisions.append(Decision.model_validate({"decided_at": at(when), "decided_by": "ana", **values}))
        return self

    def given_matches(self) -> pd.DataFrame:
        """Return the matches as a frame."""
        columns = ["identifier_id", "other_identifier_id", "probability"]
        return pd.DataFrame(list(self.matches), columns=pd.Index(columns)).astype({"probability": float})

    def connect(self, file: str = ":memory:") -> duckdb.DuckDBPyConnection:
        """Return a connection with the staging views and all that was found out."""
        connection = duckdb.connect(file)
        self.resolve(connection)
        return connection

    def resolve(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Find everything out in a warehouse, which may have tables of before; return whether only a part was resolved."""
        connection.execute("create schema if not exists staging")
        columns = _EVENTS.split()
        views = {("web", "events"): pd.DataFrame(self.events, columns=pd.Index(columns)), **self.tables}
        for (source, contract), frame in views.items():
            connection.register("frame", frame)
            types = {
                "occurred_at": "timestamp",
                "ordered_at": "timestamp",
                "decided_at": "timestamp",
                "is_bot": "boolean",
                "is_simulated": "boolean",
            }
            select = ", ".join(f"cast({name} as {types.get(name, 'varchar')}) as {name}" for name in frame.columns)
            view = f"staging.stg_{source}__{contract}"
            connection.execute(f"create or replace table {view} as select {select} from frame")
        staged = [Staged(*name) for name in views]
        decisions = standing(self.decisions)
        matches = self.given_matches()
        is_part = observe(
            connection,
            staged,
            self.rules,
            decisions=decisions,
            matches=matches[matches["probability"] >= THRESHOLD],
            own=self.own,
            session_gap_minutes=30,
        )
        identify(connection, self.rules)
        return is_part


@dataclass
class Found:
    """The tables that follow."""

    identifiers: pd.DataFrame
    links: pd.DataFrame
    persons: pd.DataFrame
    merges: pd.DataFrame

    def person(self, identifier: str, *, as_of: str = "99", on: str | None = None) -> str | None:
        """Return whose an identifier is, as known at a time: on a row of that time, or of its last one."""
        rows = self.persons[self.persons["identifier_id"] == identifier]
        known = at(as_of)
        rows = rows[(rows["effective_at"] <= known) & ~(rows["superseded_at"] <= known)]
        moment = at(on) if on else rows["owned_from_at"].max()
        rows = rows[(rows["owned_from_at"] <= moment) & ~(rows["owned_until_at"] <= moment)]
        assert len(rows) <= 1
        return rows["person_id"].iloc[0] if len(rows) else None

    def status(self, one: str, other: str, cause: str) -> tuple[str, str | None]:
        """Return what became of a link, and why."""
        a, b = sorted((one, other))
        links = self.links
        row = links[(links["identifier_id"] == a) & (links["other_identifier_id"] == b) & (links["cause"] == cause)]
        assert len(row) == 1
        return row["status"].iloc[0], row["reason"].iloc[0]


def found(world: World) -> Found:
    with world.connect() as connection:
        tables = ("identifiers", "links", "person_identifiers", "merges")
        return Found(*(connection.execute(f"select * from found_{table} order by all").df() for table in tables))


def store(world: World, file: Path) -> None:
    """Write the tables of identity into a new warehouse."""
    with world.connect(str(file)) as connection:
        connection.execute("create schema identity")
        connection.register("world_matches", world.given_matches())
        connection.execute(
            "create table identity.matches as select cast(identifier_id as varchar) as identifier_id, "
            "cast(other_identifier_id as varchar) as other_identifier_id, log2(probability / (1 - probability)) as match_weight, "
            f"probability, probability >= {THRESHOLD} as is_accepted from world_matches"
        )
        connection.execute(
            "create table identity.match_steps as select identifier_id, other_identifier_id, "
            "unnest(['prior', 'first_name', 'birthday']) as comparison, "
            "unnest(['any two records', 'Exact match on first_name', 'All other comparisons']) as level, "
            "unnest([-8.0, match_weight + 9.5, -1.5]) as match_weight from identity.matches"
        )
        for name in ("identifiers", "links", "person_identifiers", "merges"):
            connection.execute(f"create table identity.{name} as from found_{name}")
        no_addresses = pd.DataFrame({"household_id": [], "identifier_id": []})
        replace_table(connection, "identity.households", households(connection, no_addresses, most_members=10), {})
