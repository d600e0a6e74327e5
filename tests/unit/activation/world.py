"""A small platform with an audience: what the warehouse, the vault and the project hold, made by hand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd

from dmp_assets.activation.config import destination_named
from dmp_assets.activation.sending import Patience
from dmp_assets.activation.state import opened
from dmp_assets.activation.sync import Activation, Report
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, replace_table
from dmp_assets.privacy.keys import pseudonym, read_keys
from dmp_assets.privacy.vault import add_identifiers

SEEN = "2025-01-01T00:00:00+00:00"
AT_ONCE = Patience(attempts=3, wait=lambda _: None)


@dataclass
class World:
    """Customers shop:1, shop:2, ... of an audience, with what the vault holds of them."""

    folder: Path
    purpose: str | None = "marketing"
    channel: str = "email"
    is_small: bool = False
    people: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unprofiled: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        create_project(self.folder / "my_shop")

    @property
    def settings(self) -> Settings:
        project = self.folder / "my_shop"
        return Settings(home=self.folder / "home", dbt_project_dir=project, threads=1, lock_timeout_seconds=5)

    @property
    def key(self) -> bytes:
        return read_keys(self.settings).pseudonyms

    def person(self, number: int, **values: str | list[str]) -> World:
        given = {kind: [value] if isinstance(value, str) else value for kind, value in values.items()}
        self.people[f"shop:{number}"] = given
        return self

    def crowd(self, numbers: Sequence[int]) -> World:
        for number in numbers:
            self.person(number, email=f"p{number}@example.org")
        return self

    def destinations(self, *entries: dict[str, Any]) -> World:
        (self.folder / "my_shop" / "destinations.yml").write_text(json.dumps({"destinations": list(entries)}))
        return self

    def identifier(self, kind: str, value: str) -> str:
        return f"{kind}:{pseudonym(kind, value, self.key)}"

    def build(self) -> World:
        """Write what a build would have."""
        settings = self.settings
        settings.home.mkdir(exist_ok=True)
        keys = read_keys(settings)
        found, owners = [], []
        for customer, values in self.people.items():
            owners.append((customer, "customer", customer))
            for kind, each in ((kind, each) for kind, given in values.items() for each in given):
                found.append(
                    ("shop", customer.split(":")[1], None, kind, each, pseudonym(kind, each, keys.pseudonyms), SEEN)
                )
                if kind in ("email", "phone"):
                    owners.append((self.identifier(kind, each), kind, customer))
        owners = [(name, kind, self.owners.get(name, customer)) for name, kind, customer in owners]
        add_identifiers(settings, keys, found)
        pairs = [(self.purpose, self.channel), ("analytics", "any"), ("personalization", "any")]
        permissions = [
            (customer, purpose, channel, customer not in (self.refused if purpose == self.purpose else self.unprofiled))
            for customer in self.people
            for purpose, channel in pairs
        ] + [("nobody", purpose, channel, False) for purpose, channel in pairs]
        tables = {
            "marts.contact_permissions": frame(permissions, "customer_id purpose channel is_allowed").assign(
                decided_at=pd.Series(pd.NaT, dtype="datetime64[us]")
            ),
            "marts.customer_identifiers": frame(
                sorted({(name, kind, "", customer, 1) for name, kind, customer in owners}),
                "identifier_id kind namespace customer_id owner_number",
            ).assign(owned_from_at=pd.NaT, owned_until_at=pd.Series(pd.NaT, dtype="datetime64[us]")),
            "identity.identifiers": frame([(name, kind) for name, kind, _ in owners], "identifier_id kind"),
            "raw.events": frame([("shop", "shop")], "source namespace"),
        }
        with Warehouse.from_settings(settings).write() as connection:
            for name, content in tables.items():
                replace_table(connection, name, content, {})
        return self.audience(*self.people)

    def audience(self, *members: str) -> World:
        """Write the audience `fans` with these members."""
        day = pd.Timestamp("2025-02-01")
        audience = ("fans", "Fans", "", "team", "all", self.purpose, self.channel)
        rows = [(*audience, len(members) + 2, 2, len(members), self.is_small, day)]
        names = "audience title description owner words purpose channel matching left_out members is_small as_of_on"
        with Warehouse.from_settings(self.settings).write() as connection:
            replace_table(connection, "audiences.audiences", frame(rows, names), {})
            listed = frame(
                [("fans", customer, day, day) for customer in members], "audience customer_id as_of_on entered_on"
            )
            replace_table(connection, "audiences.audience_members", listed, {})
        return self

    def activation(self, destination: str = "there", **options: Any) -> Activation:
        options = {"patience": AT_ONCE} | options
        return Activation(self.settings, "fans", destination_named(self.settings, destination), **options)

    def send(self, destination: str = "there", **options: Any) -> Report:
        return self.activation(destination, **options).run()

    def fates(self, sync_id: str | None = None) -> list[tuple[str, str, str, str | None]]:
        """Return customer, action, state and reason of the rows of a sync, or of the newest."""
        newest = "(select sync_id from syncs order by number desc limit 1)"
        with opened(self.settings, is_read_only=True) as state:
            rows = state.frame(
                f"select customer_id, action, state, reason from deliveries where sync_id = coalesce(?, {newest}) order by number",
                [sync_id],  # ty: ignore[invalid-argument-type]
            )
        return [tuple(row) for row in rows.astype(object).where(rows.notna(), None).itertuples(index=False)]


def frame(rows: Sequence[tuple], names: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(names.split()))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """A web service on this machine: what it was asked, and what it answers next (200 and {} if nothing is said)."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    judge: Any = None

    def answer(self, status: int, content: Any = None, **headers: str) -> None:
        self.answers.append((status, content or {}, {name.replace("_", "-"): value for name, value in headers.items()}))

    def bodies(self) -> list[Any]:
        return [call.body for call in self.calls]


@contextmanager
def serving() -> Generator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()} | {"raw": raw.decode()}
            call = Call(self.command, self.path, headers, json.loads(raw) if raw else None)
            server.calls.append(call)
            status, content, more = (
                server.answers.pop(0) if server.answers else (server.judge(call) if server.judge else (200, {}, {}))
            )
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = _do  # noqa: N815 - the names that the server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
