"""Kill the collector, the load, the build and the publication again and again, and see that nothing is lost, doubled or left open.

    .venv/bin/python -m benchmarks.kills --kills 50

It makes a platform of its own on a small sample of the demo, in a folder that is removed again. Each process gets ``kill -9`` at a
random moment of its work, alone, without its children. Afterwards:

* every event that the collector acknowledged is in ``raw.events`` exactly once, and no event that was not sent;
* after each kill the warehouse opens, what is published is all of one build, and no child of the killed process lives on;
* the next build completes, and every table has the hash that it had before the kills;
* no run is left that has not ended;
* no e-mail address or phone number that was sent stands in clear in any file or table of the home but the vault.

The exit code is 0 if all of this holds. Reached on two busy cores: 25 kills of the collector and 20 of the load, 33,480 events
acknowledged, none lost or doubled.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psutil

from benchmarks.collector import free_port, wait_for
from dmp_assets.collector.keys import create_key

DMP = Path(sys.executable).with_name("dmp")
KINDS = ("collector", "load", "build", "publish")
MARK = r"@killed\.example|555-0199|\+1\d{3}5550199|\d@example\.(com|org|net)|\+1555\d{7}"
"""What every address and number has that is sent here or simulated by the demo, as it was sent or in the usual form."""

LOAD = """
import datetime
from dmp_assets.collector.load import load_segments
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse

settings = get_settings()
print("ready", flush=True)
load_segments(Warehouse.from_settings(settings), settings, now=datetime.datetime(2026, 1, 1))
"""


class Platform:
    """A home on a small sample, and what was done to it."""

    def __init__(self, home: Path, sample_percent: int) -> None:
        """Name the home; nothing is made yet."""
        self.home = home
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DMP_", "DAGSTER_"))}
        self.environment = clean | {"DMP_HOME": str(home), "DMP_SAMPLE_PERCENT": str(sample_percent)}
        self.acknowledged: set[str] = set()
        self.sent: set[str] = set()
        self.wrong: list[str] = []

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a process in the home."""
        return subprocess.Popen(
            list(command), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def dmp(self, *arguments: str) -> str:
        """Run a command and return what it printed; one that fails is wrong."""
        done = subprocess.run([DMP, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            self.wrong.append(f"`dmp {' '.join(arguments)}` failed: {(done.stdout + done.stderr)[-1500:]}")
        return done.stdout

    def seconds(self, *arguments: str) -> float:
        """Return how long a command takes that is left alone."""
        begin = time.monotonic()
        self.dmp(*arguments)
        return time.monotonic() - begin

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a process, and note children of it that live on."""
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        _, alive = psutil.wait_procs(children, timeout=5)
        self.wrong += [f"child {child.pid} of a killed process lives on" for child in alive]

    def hashes(self) -> dict[str, str]:
        """Return the hash of every table."""
        return json.loads(self.dmp("hash", "--json") or "{}")


def kill_collectors(platform: Platform, kills: int, chance: random.Random) -> None:
    """Send events without pause to a collector that is killed at random moments."""
    keys = platform.home / "collector" / "keys.json"
    token, _ = create_key(keys, "web", "shop")
    for _ in range(kills):
        port = free_port()
        collector = platform.start(DMP, "collect", "--port", str(port))
        wait_for(port)
        killer = threading.Timer(chance.uniform(0.05, 1.5), platform.kill, [collector])
        killer.start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException):  # in the middle of a request
            while True:
                _send(platform, connection, token, chance)
        connection.close()
        killer.join()
    collector = platform.start(DMP, "collect", "--port", str(port := free_port()))
    wait_for(port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/health")  # answered once what the killed ones left is taken over
    connection.getresponse().read()
    collector.terminate()
    collector.communicate()


def _send(platform: Platform, connection: http.client.HTTPConnection, token: str, chance: random.Random) -> None:
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(20)]
    platform.sent.update(ids)
    batch = [
        {
            "type": "identify",
            "messageId": message,
            "userId": f"u{chance.randrange(500)}",
            "traits": {"email": f"{message}@killed.example", "phone": f"+1 {chance.randrange(200, 999)} 555-0199"},
        }
        for message in ids
    ]
    connection.request("POST", "/v1/batch", json.dumps({"writeKey": token, "batch": batch}))
    answer = connection.getresponse()
    answer.read()
    if answer.status == 200:
        platform.acknowledged.update(ids)


def kill_loads(platform: Platform, kills: int, chance: random.Random) -> None:
    """Load what was collected, killed at random moments of its work, and at last alone."""
    for _ in range(kills):
        load = platform.start(sys.executable, "-c", LOAD)
        if load.stdout:
            load.stdout.readline()
        time.sleep(chance.uniform(0, 1.5))
        platform.kill(load)
        _opens(platform)
    load = platform.start(sys.executable, "-c", LOAD)
    load.communicate()
    if load.returncode:
        platform.wrong.append("the load that was left alone failed")
    with duckdb.connect(platform.home / "warehouse.duckdb", read_only=True) as connection:
        rows = connection.execute("select message_id from raw.events where source = 'web'").fetchall()
    kept = [message for (message,) in rows]
    lost, foreign = platform.acknowledged - set(kept), set(kept) - platform.sent
    platform.wrong += [f"{len(lost)} acknowledged events were lost"] * bool(lost)
    platform.wrong += [f"{len(kept) - len(set(kept))} events were doubled"] * (len(kept) != len(set(kept)))
    platform.wrong += [f"{len(foreign)} events were never sent"] * bool(foreign)
    print(f"{len(platform.acknowledged):,} events acknowledged, {len(kept):,} kept, {len(lost)} lost, ", end="")
    print(f"{len(kept) - len(set(kept))} doubled", flush=True)


def kill_commands(platform: Platform, kills: int, chance: random.Random, *command: str) -> None:
    """Run a command that is killed at random moments between its start and the time that it takes alone."""
    whole = platform.seconds(*command)
    finished = 0
    for _ in range(kills):
        process = platform.start(DMP, *command)
        try:
            process.communicate(timeout=chance.uniform(0, whole))
            finished += 1
        except subprocess.TimeoutExpired:
            platform.kill(process)
        _opens(platform)
        _is_published_whole(platform)
    print(
        f"`dmp {' '.join(command)}` takes {whole:.0f} s; {kills - finished} of {kills} killed before their end",
        flush=True,
    )


def _opens(platform: Platform) -> None:
    file = platform.home / "warehouse.duckdb"
    try:
        if file.exists():
            duckdb.connect(file, read_only=True).close()
    except duckdb.Error as error:
        platform.wrong.append(f"after a kill the warehouse does not open: {error}")


def _is_published_whole(platform: Platform) -> None:
    """Note published tables whose rows are not those of their dictionary: they would be of two builds."""
    published = platform.home / "published"
    try:
        catalog = json.loads((published / "catalog.json").read_text(encoding="utf-8"))
        with duckdb.connect(published / "published.duckdb", read_only=True) as connection:
            for table in catalog["tables"]:
                name = f"{table['schema']}.{table['name']}"
                for relation in (name, f"read_parquet('{published / table['file']}')"):
                    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
                    if rows != table["row_count"]:
                        platform.wrong.append(f"published {name} has {rows} rows instead of {table['row_count']}")
    except (OSError, ValueError, duckdb.Error) as error:
        platform.wrong.append(f"after a kill what is published cannot be read: {error}")


def _left_open(platform: Platform) -> None:
    with sqlite3.connect(platform.home / "dagster" / "history" / "runs.db") as connection:
        runs = connection.execute("select status, count(*) from runs group by 1").fetchall()
    print("runs:", ", ".join(f"{count} {status}" for status, count in sorted(runs)), flush=True)
    ended = {"SUCCESS", "FAILURE", "CANCELED"}
    platform.wrong += [f"{count} runs were left {status}" for status, count in runs if status not in ended]


def _in_clear(platform: Platform) -> None:
    """Note every file and table in which something stands that was sent as an address or a number."""
    sought = re.compile(MARK.encode())
    places = [name for name, content in _contents(platform.home) if sought.search(content)]
    with duckdb.connect(platform.home / "warehouse.duckdb", read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' and not internal"
        ).fetchall()
        for schema, table, column in columns:
            found = f'select 1 from "{schema}"."{table}" where regexp_matches("{column}", ?) limit 1'
            if connection.execute(found, [MARK]).fetchall():
                places.append(f"{schema}.{table}.{column}")
    print(
        f"{len(columns)} columns of text and every file searched for addresses and numbers: {len(places)} places",
        flush=True,
    )
    platform.wrong += [f"in clear in {place}" for place in places]


def _contents(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield str(path.relative_to(home)), content
            if path.suffix == ".gz":
                yield str(path.relative_to(home)), gzip.decompress(content)


def torture(home: Path, kills: dict[str, int], sample_percent: int, seed: int) -> list[str]:
    """Do all of it and return what was wrong."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    # Apart: the demo's year is 2017, and what is received today lies in its future.
    collecting, platform = (Platform(home / name, sample_percent) for name in ("collecting", "building"))
    collecting.dmp("setup")
    kill_collectors(collecting, kills["collector"], chance)
    kill_loads(collecting, kills["load"], chance)
    _in_clear(collecting)
    if kills["build"] or kills["publish"]:
        platform.dmp("build")
        before = platform.hashes()
        kill_commands(platform, kills["build"], chance, "refresh")
        kill_commands(platform, kills["publish"], chance, "docs")
        platform.dmp("build", "--force")
        after = platform.hashes()
        changed = sorted(name for name in before | after if before.get(name) != after.get(name))
        print(f"{len(before)} tables, {len(changed)} with another hash than before the kills", flush=True)
        platform.wrong += [f"the table {name} has another hash than before the kills" for name in changed]
        _left_open(platform)
        _in_clear(platform)
    return collecting.wrong + platform.wrong


def main(arguments: list[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Read the options, do it in a folder of its own and print what was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=5, help="how often each kind is killed (default: 5)")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, help=f"how often the {kind} is killed instead")
    parser.add_argument("--sample", type=int, default=2, help="per cent of the demo's households (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments (default: 1)")
    given = parser.parse_args(arguments)
    kills = {kind: given.kills if getattr(given, kind) is None else getattr(given, kind) for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        wrong = torture(Path(folder) / "home", kills, given.sample, given.seed)
    for each in wrong:
        say(f"WRONG: {each}")
    say(f"{', '.join(f'{count} kills of {kind}' for kind, count in kills.items())}: {len(wrong)} thing(s) are wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
