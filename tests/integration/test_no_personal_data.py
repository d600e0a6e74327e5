"""Direct identifiers are in the encrypted vault and nowhere else: neither as text in any file nor in any table."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import open_vault
from dmp_assets.settings import Settings

EMAIL = re.compile(rb"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(rb"(?<![\d.])(?:\+|%2B)?1?[ .-]?\(?555\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)", re.IGNORECASE)


def digits(text: bytes) -> bytes:
    return re.sub(rb"\D|%2B", b"", text)[-10:]


@pytest.fixture
def identifiers(first_build, in_process: Settings) -> dict[str, set[bytes]]:
    with open_vault(in_process, read_keys(in_process)) as connection:
        rows = connection.execute(
            "select kind, value from vault.identifiers where kind in ('email', 'phone')"
        ).fetchall()
    return {
        "email": {value.strip().lower().encode() for kind, value in rows if kind == "email"},
        "phone": {digits(value.encode()) for kind, value in rows if kind == "phone"},
    }


def found_in(content: bytes, identifiers: dict[str, set[bytes]]) -> set[bytes]:
    emails = {match.replace(b"%40", b"@").lower() for match in EMAIL.findall(content)}
    phones = {digits(match) for match in PHONE.findall(content)}
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


def test_no_file_of_the_home_shows_one(identifiers, home: Path):
    seen = 0
    for path in files(home):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        assert not found_in(content, identifiers), path.relative_to(home)
        seen += 1
    assert seen > 50


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
