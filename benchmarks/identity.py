"""How long ten million links between six million identifiers take to become persons: ``python -m benchmarks.identity``.

The identifiers are those of two million people: a customer id, an e-mail address and a phone number each. Links lie at random
times; one in ten goes to somebody else's address or number, so that limits are breached and numbers move. First the walk over the
links alone, then the whole step ``resolve_identity`` in a home of its own, from 10.8 million rows of staging to checked tables:
first of all but a day's rows (one in 365), then with those too.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import dagster as dg
import duckdb
import numpy as np

from dmp_assets.identity.assets import identity_step
from dmp_assets.identity.observed import Staged
from dmp_assets.identity.resolve import NO_LIMIT, Identifiers, Links, resolve
from dmp_assets.identity.rules import load_rules
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse

PEOPLE = 2_000_000
LINKS = 10_000_000
KINDS = 3
WRONG_SHARE = 0.1
DAYS = 365


def people(count: int, links: int, seed: int = 1) -> tuple[Identifiers, Links]:
    """Return identifiers of so many people, three each, and so many links between them."""
    generator = np.random.default_rng(seed)
    group = np.tile(np.arange(KINDS, dtype=np.int32), count)
    identifiers = Identifiers(
        group, np.array([1, 5, 5], np.int32), np.zeros(count * KINDS, np.int64), group == 0, group == KINDS - 1
    )
    person = generator.integers(0, count, links)
    first = generator.integers(0, KINDS, links)
    second = (first + generator.integers(1, KINDS, links)) % KINDS
    is_wrong = generator.random(links) < WRONG_SHARE
    other = np.where(is_wrong, generator.integers(0, count, links), person)
    at = generator.integers(1, 10**9, links)
    a, b = (person * KINDS + first).astype(np.int32), (other * KINDS + second).astype(np.int32)
    return identifiers, Links(a, b, at, np.zeros(links, np.int32), np.zeros(links, bool))


def stage(file: Path, count: int) -> list[Staged]:
    """Write staging of so many people: 3.2 events and 2.2 order lines each, with two or three identifiers in a row."""

    def rows(each: float, seed: int) -> str:
        person = f"hash(n * 7 + {seed}) % {count}"
        other = f"if(hash(n * 13 + {seed}) % 10 = 0, hash(n * 17 + {seed}) % {count}, {person})"
        return (
            f"select n, {person} as person, {other} as other, hash(n * 11 + {seed}) % 3 as shape, "
            f"timestamp '2024-01-01' + to_seconds(cast(hash(n * 5 + {seed}) % 31536000 as bigint)) as seen_at "
            f"from range({int(each * count)}) as numbers(n)"
        )

    email, phone = "if(shape <> 1, md5('e' || other), null)", "if(shape <> 0, md5('p' || person), null)"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema staging; create schema identity")
        connection.execute(
            f"create table staging.all_events as select 'web:' || n as event_id, if(n % 4 = 0, 'identify', 'track') as "
            f"event_type, 'x' as event_name, 'shop:' || person as customer_id, {email} as email_token, {phone} as phone_token, "
            f"seen_at as occurred_at, false as is_bot from ({rows(3.2, 1)})"
        )
        connection.execute(
            f"create table staging.all_order_lines as select 'shop:' || person as customer_id, {email} as email, "
            f"if(shape = 1, md5('p' || other), {phone}) as phone, seen_at as ordered_at from ({rows(2.2, 2)})"
        )
        connection.execute(
            "create table identity.matches (identifier_id text, other_identifier_id text, probability double, is_accepted bool)"
        )
    return [Staged("web", "events"), Staged("till", "order_lines")]


def whole_step(home: Path) -> None:
    """Run the step on staged people, and say what it took."""
    settings = Settings(home=home, memory_limit="4GB", threads=2)
    views = stage(settings.warehouse_path, PEOPLE)
    tables, step = identity_step(load_rules(TEMPLATES_DIR / "rules" / "identity.yml"), views)
    warehouse = Warehouse.from_settings(settings)
    arrive(warehouse, until=DAYS - 1)
    start = time.process_time()
    _make(step, warehouse, settings)
    print(f"{time.process_time() - start:6.1f} s  the whole step")
    arrive(warehouse, until=DAYS)
    start = time.process_time()
    _make(step, warehouse, settings)
    rows = warehouse.row_counts()
    print(f"{time.process_time() - start:6.1f} s  with a day's rows; rows:")
    for table in tables:
        print(f"{rows[table.full_name]:12,} {table.full_name}")


def arrive(warehouse: Warehouse, *, until: int) -> None:
    """Let staging have the rows of so many days only."""
    with warehouse.write() as connection:
        for view, table, at in (
            ("stg_web__events", "all_events", "occurred_at"),
            ("stg_till__order_lines", "all_order_lines", "ordered_at"),
        ):
            connection.execute(
                f"create or replace view staging.{view} as from staging.{table} "
                f"where {at} < timestamp '2024-01-01' + interval {until} day"
            )


def _make(step: dg.AssetsDefinition, warehouse: Warehouse, settings: Settings) -> None:
    dg.materialize([step], resources={"warehouse": warehouse, "gate": Gate(), "settings": settings})


def main() -> None:
    """Resolve once to compile, then once for the clock; then run the whole step."""
    no_splits = np.empty((0, 2), np.int64)
    start = time.process_time()
    resolve(*people(10, 20), no_splits)
    print(f"{time.process_time() - start:6.1f} s  import and compile")
    identifiers, links = people(PEOPLE, LINKS)
    start = time.process_time()
    resolved = resolve(identifiers, links, no_splits)
    print(f"{time.process_time() - start:6.1f} s  {LINKS:,} links between {PEOPLE * KINDS:,} identifiers")
    print(f"{np.mean(resolved.breach == NO_LIMIT):6.1%} of the links accepted, {len(resolved.moved):,} moves")
    del identifiers, links, resolved
    print_peak()
    with tempfile.TemporaryDirectory() as home:
        whole_step(Path(home))
    print_peak()


def print_peak() -> None:
    """Print the most memory that was used so far."""
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:6.2f} GB at most")


if __name__ == "__main__":
    main()
