"""Direct identifiers are in the encrypted vault and nowhere else: neither as text in any file nor in any table."""

import base64
import gzip
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dmp_assets.activation.destinations import Csv, Mailchimp, Webhook
from dmp_assets.activation.sync import Activation
from dmp_assets.demo.simulation.people import simulate_persons
from dmp_assets.demo.simulation.purchases import read_purchases
from dmp_assets.demo.simulation.rates import Rates
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import open_vault
from tests.unit.activation.world import serving

EMAIL = re.compile(rb"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
# The pages pack their data: gzip in base64.
PACKED = re.compile(rb"H4sI[A-Za-z0-9+/]{100,}={0,2}")
PHONE = re.compile(rb"(?<![\d.])(?:\+|%2B)?1?[ .-]?\(?555\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)", re.IGNORECASE)


def digits(text: bytes) -> bytes:
    return re.sub(rb"\D|%2B", b"", text)[-10:]


@pytest.fixture
def identifiers(first_build, in_process: Settings) -> dict[str, set[bytes]]:
    """Return what the simulator made up, simulated again, and what else the vault holds: misspelt and as it was typed."""
    with Warehouse.from_settings(in_process).read() as connection:
        households = read_purchases(connection).households
    persons = simulate_persons(households["household"].to_numpy(), households["size"].to_numpy(), Rates())
    with open_vault(in_process, read_keys(in_process)) as connection:
        rows = connection.execute(
            "select kind, value from vault.identifiers where kind in ('email', 'phone')"
        ).fetchall()
    rows += [(kind, value) for kind in ("email", "phone") for value in persons[kind] if value]
    return {
        "email": {value.strip().lower().encode() for kind, value in rows if kind == "email"},
        "phone": {digits(value.encode()) for kind, value in rows if kind == "phone"},
    }


def near(mark: bytes, content: bytes) -> Iterator[bytes]:
    """Yield what stands around a mark wherever it is: the searches are slow on the long words of binary files."""
    return (content[max(0, found.start() - 80) : found.end() + 80] for found in re.finditer(mark, content))


def found_in(content: bytes, identifiers: dict[str, set[bytes]]) -> set[bytes]:
    emails = {match.replace(b"%40", b"@").lower() for part in near(b"@|%40", content) for match in EMAIL.findall(part)}
    phones = {digits(match) for part in near(b"555", content) for match in PHONE.findall(part)}
    return (emails & identifiers["email"]) | (phones & identifiers["phone"])


def files(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file())


def test_the_simulator_has_given_the_vault_something_to_keep(identifiers):
    assert len(identifiers["email"]) > 50
    assert len(identifiers["phone"]) > 50


def test_the_search_finds_what_it_looks_for(identifiers):
    email, phone = min(identifiers["email"]), min(identifiers["phone"])
    assert found_in(b'{"q":"' + email.upper() + b'"}', identifiers) == {email}
    assert found_in(b"call +1 (555) " + phone[3:6] + b"-" + phone[6:] + b" now", identifiers) == {phone}
    assert found_in(b"?tel=%2B1" + phone, identifiers) == {phone}


def test_no_file_of_the_home_shows_one_or_the_secret(identifiers, home: Path, in_process: Settings):
    secret = read_keys(in_process)
    folders = set()
    for path in files(home):
        name = path.relative_to(home)
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        for packed in PACKED.findall(content):
            content += gzip.decompress(base64.b64decode(packed))
        assert not found_in(content, identifiers), name
        assert secret.encryption.encode() not in content, name
        assert secret.secret not in content or name == Path("vault.key")
        folders |= {str(parent) for parent in (name, *name.parents)}
    assert {"warehouse.duckdb", "published", "dagster/history", "dagster/storage", "dbt", "collector/loaded"} <= folders


def test_no_table_and_no_published_file_holds_one(identifiers, home: Path, in_process: Settings):
    texts = 0
    with duckdb.connect(str(in_process.warehouse_path), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns where data_type = 'VARCHAR'"
        ).fetchall()
        relations = [(f'"{schema}"."{table}"', column) for schema, table, column in columns]
        for file in (in_process.published_dir / "tables").rglob("*.parquet"):
            described = connection.execute(f"describe select * from read_parquet('{file}')").fetchall()
            relations += [(f"read_parquet('{file}')", name) for name, kind, *_ in described if kind == "VARCHAR"]
        for relation, column in relations:
            suspects = connection.execute(
                f'select distinct "{column}" from {relation} where contains("{column}", \'@\') or contains("{column}", \'%40\') '
                f"or contains(\"{column}\", '555')"
            ).fetchall()
            texts += len(suspects)
            content = "\n".join(text for (text,) in suspects).encode()
            assert not found_in(content, identifiers), (relation, column)
    assert len(relations) > 300
    assert texts > 0


LOAD = """
import datetime, sys
from pathlib import Path
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.land import land_files

home, file = map(Path, sys.argv[1:])
settings = Settings(home=home, memory_limit="60MB", threads=1)
prepare_home(settings)
rule = LoadRule(location=str(file), format="csv", contract="customers", identifiers={"email": "email"})
table = DeclaredTable("shop", "people", "People.", {}, rule)
print(land_files(Warehouse.from_settings(settings), settings, table, {file.name: file}, now=datetime.datetime(2026, 1, 1)))
"""


def test_a_load_that_is_killed_under_a_small_memory_limit_leaves_none_on_the_disk(tmp_path: Path):
    home, file = tmp_path / "home", tmp_path / "people.csv"
    rows = (f"c{number},jane.{number}@clear.example,note {number}\n" for number in range(400_000))
    # The last line is no row: what was read goes through a temporary table.
    file.write_text("customer,email,note\n" + "".join(rows) + "torn\n")
    load = subprocess.Popen([sys.executable, "-c", LOAD, home, file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    give_up_at = time.monotonic() + 300
    while load.poll() is None and time.monotonic() < give_up_at:
        if sum(path.stat().st_size for path in home.glob("spill-*/*") if path.exists()) > 5_000_000:
            break
        time.sleep(0.02)
    assert load.poll() is None, "it has spilled before it ended"
    load.kill()
    load.communicate()
    spilled = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.parent.name.startswith("spill-") for path in spilled)
    for path in spilled:
        assert b"@clear.example" not in path.read_bytes(), path.relative_to(home)
    before = os.umask(0o022)
    prepare_home(Settings(home=home))
    os.umask(before)
    assert not list(home.glob("spill-*"))


def test_what_is_sent_is_in_clear_at_its_destinations_and_nowhere_else(
    identifiers, in_process: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = tmp_path / "home"
    copy.mkdir()
    for file in (in_process.warehouse_path, in_process.vault_path, in_process.home / "vault.key"):
        shutil.copy2(file, copy)
    settings = Settings(home=copy, dbt_project_dir=in_process.dbt_project_dir)
    audience = "anyone"
    with Warehouse.from_settings(settings).write() as connection:
        connection.execute(
            """
            create schema if not exists audiences;
            create or replace table audiences.audience_members as
            select 'anyone' as audience, customer_id from marts.contact_permissions
            where purpose = 'marketing' and channel = 'email' and is_allowed;
            create or replace table audiences.audiences as
            select 'anyone' as audience, 'marketing' as purpose, 'email' as channel, 0 as left_out, false as is_small,
                date '2018-01-01' as as_of_on;
            """
        )
    monkeypatch.setenv("SECRET", "of-the-service")
    with serving() as service, serving() as list_:
        destinations = [
            Csv(name="file", kind="csv", folder=str(tmp_path / "exports")),
            Webhook(name="hook", kind="webhook", url=service.url, secret_variable="SECRET"),  # noqa: S106 - its name
            Mailchimp(name="list", kind="mailchimp", url=list_.url, list_id="1", key_variable="SECRET"),
        ]
        for destination in destinations:
            assert Activation(settings, audience, destination).run().state == "done"
            assert Activation(settings, audience, destination).run().fates == {}
        # A service that repeats what it was sent.
        service.judge = lambda call: (400, {"error": call.headers["raw"]}, {})
        again = destinations[1].model_copy(update={"name": "again"})
        report = Activation(settings, audience, again).run()
        assert set(report.fates) == {"rejected"}
    exported = (tmp_path / "exports" / f"file__{audience}.csv").read_bytes()
    assert found_in(exported, identifiers)
    assert found_in(str(service.bodies()).encode(), identifiers)
    assert found_in(str(list_.bodies()).encode(), identifiers)
    assert (copy / "activation" / "state.sqlite").exists()
    for path in files(copy):
        content = path.read_bytes()
        assert not found_in(content, identifiers), path.name
        assert b"of-the-service" not in content
