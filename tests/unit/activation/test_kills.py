"""A sender that is killed anywhere sends nothing twice in effect and loses nothing."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dmp_assets.activation.destinations import Webhook
from dmp_assets.activation.state import State, opened
from tests.unit.activation.world import Server, World, serving

KILLS = 20

# Forks a sender for each line that it reads: to import everything takes a hundred times as long as to send.
SENDER = """
import os, sys
from pathlib import Path
from dmp_assets.activation.config import destination_named
from dmp_assets.activation.destinations import Webhook
from dmp_assets.activation.sync import Activation
from dmp_assets.platform.settings import Settings
import duckdb, pandas
home, project = map(Path, sys.argv[1:])
Webhook.batch_size = 2
settings = Settings(home=home, dbt_project_dir=project, threads=1, lock_timeout_seconds=20)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        report = Activation(settings, "fans", destination_named(settings, "there")).run()
        os._exit(0 if report.state == "done" else 1)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def sender(world: World) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-c", SENDER, world.folder / "home", world.folder / "my_shop"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        yield process
        process.stdin.close()  # ty: ignore[missing-union-attribute]


def run(sender: subprocess.Popen[bytes], is_time: Callable[[], bool] = lambda: False) -> int:
    """Send in a process of its own, killed when it is time; return how it ended."""
    assert sender.stdin
    assert sender.stdout
    sender.stdin.write(b"send\n")
    pid = int(sender.stdout.readline())
    while not select.select([sender.stdout], [], [], 0.0005)[0]:
        if is_time():
            os.kill(pid, signal.SIGKILL)
            break
    return int(sender.stdout.readline())


def moments(recorded: list) -> Iterator[Callable[[], bool]]:
    """Yield conditions for moments by chance: some time after one of the next few things has been recorded."""
    dice = random.Random(17)  # noqa: S311
    while True:
        count, pause = len(recorded) + dice.randrange(4), dice.uniform(0, 0.01)

        def is_time(count: int = count, pause: float = pause) -> bool:
            return len(recorded) >= count and time.sleep(pause) is None

        yield is_time


def effects(server: Server) -> list[dict]:
    """Return what a server that knows idempotency keys did: of each key the first call; the others were the same."""
    first: dict[str, dict] = {}
    for call in server.calls:
        known = first.setdefault(call.headers["idempotency-key"], call.body)
        assert known == call.body, "one key stands for one body"
    return list(first.values())


def test_a_service_that_knows_the_key_gets_everyone_exactly_once_however_often_the_sender_is_killed(
    world: World, hook, server, sender
):
    server.judge = lambda call: (time.sleep(0.004), (200, {}, {}))[1]
    people = 10
    world.destinations(hook).crowd(range(people)).build()
    killed = 0
    for is_time in moments(server.calls):
        killed += run(sender, is_time) == signal.SIGKILL
        if killed == KILLS:
            break
        world.crowd(range(people, people := people + 10)).build()
    assert run(sender) == 0
    added = Counter(member["customer_id"] for body in effects(server) for member in body["members"])
    assert added == Counter({f"shop:{number}": 1 for number in range(people)})
    assert len(server.calls) > len(effects(server)), "some were under way when the sender was killed"
    with opened(world.settings) as state:
        assert set(state.present("fans", "there")) == set(state.frame("select record_key from present")["record_key"])
        assert len(state.present("fans", "there")) == people
        assert state.frame("select 1 from deliveries where state in ('planned', 'sending')").empty


def test_nobody_gets_a_mail_twice_and_what_nobody_knows_is_said(world: World, inbox, sender):
    people, killed = 6, 0
    world.crowd(range(people)).build()
    for is_time in moments(inbox.mails):
        killed += run(sender, is_time) == signal.SIGKILL
        if killed == KILLS // 2:
            break
        world.crowd(range(people, people := people + 6)).build()
    assert run(sender) == 0
    mails = Counter(mail["To"] for mail in inbox.mails)
    assert set(mails.values()) == {1}
    with opened(world.settings) as state:
        unknown = state.frame("select sync_id, customer_id from deliveries where state = 'unknown'")
    missing = {f"shop:{number}" for number in range(people)} - {f"shop:{to[1:].split('@')[0]}" for to in mails}
    assert missing <= set(unknown["customer_id"])
    assert unknown["sync_id"].is_unique, "at most one mail is under way"


class Died(BaseException):
    """Ends a process where it stands."""


@contextmanager
def dying(after: int) -> Generator[None]:
    """Have a sync die at one of its writes or requests, before or after it."""
    steps = iter(range(10_000))
    decide, send = State.decide, Webhook.send

    def step(is_before: bool) -> None:
        if next(steps) == after:
            raise Died

    def decided(self, *arguments):
        step(True)
        decide(self, *arguments)

    def sent(self, batch):
        step(True)
        answer = send(self, batch)
        step(False)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "decide", decided)
        patch.setattr(Webhook, "send", sent)
        patch.setattr(Webhook, "batch_size", 2)
        with suppress(Died):
            yield


@settings(max_examples=12)
@given(
    runs=st.lists(
        st.tuples(st.sets(st.integers(1, 7)), st.sets(st.integers(1, 7), max_size=2), st.integers(0, 12)),
        min_size=1,
        max_size=5,
    )
)
def test_whoever_comes_goes_and_refuses_between_crashes_the_destination_ends_with_the_audience(tmp_path_factory, runs):
    world = World(tmp_path_factory.mktemp("world"))
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOK_SECRET", "s")
        world.destinations({"name": "there", "kind": "webhook", "url": server.url, "secret_variable": "HOOK_SECRET"})
        world.crowd(range(1, 8)).build()
        for members, refusing, dies_after in runs:
            world.refused = {f"shop:{number}" for number in refusing}
            world.build().audience(*(f"shop:{number}" for number in sorted(members)))
            seen = len(effects(server))
            with dying(dies_after):
                world.send()
            added = {
                m["customer_id"] for body in effects(server)[seen:] if body["action"] == "add" for m in body["members"]
            }
            assert not added & world.refused
        assert world.send().state == "done"
    has: set[str] = set()
    for body in effects(server):
        named = {member["customer_id"] for member in body["members"]}
        has = has | named if body["action"] == "add" else has - named
    assert has == {f"shop:{number}" for number in members} - world.refused
