from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import add_identifiers, count_identifiers, forget_source, open_vault

JANE = ("web", "42", "a1", "email", "jane@example.com", "t1", "2017-01-01T00:00:00Z")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def rows(settings: Settings) -> list[tuple]:
    with open_vault(settings, read_keys(settings)) as connection:
        return connection.execute("select * from vault.identifiers order by all").fetchall()


def test_what_is_kept_can_be_read_with_the_key_only(settings: Settings):
    add_identifiers(settings, read_keys(settings), [JANE])
    assert [row[:6] for row in rows(settings)] == [JANE[:6]]
    assert b"jane" not in settings.vault_path.read_bytes()
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(settings.vault_path))
    other = Settings(home=settings.home, vault_key=SecretStr("x" * 32))
    with pytest.raises(UserError, match="cannot be opened with the key from DMP_VAULT_KEY"):
        rows(other)


def test_only_its_owner_may_read_the_file(settings: Settings):
    add_identifiers(settings, read_keys(settings), [JANE])
    assert settings.vault_path.stat().st_mode & 0o777 == 0o600


def test_a_repetition_only_moves_the_times(settings: Settings):
    later = (*JANE[:6], "2017-03-01T00:00:00+01:00")
    for found in ([JANE, JANE], [later], [JANE], []):
        add_identifiers(settings, read_keys(settings), found)
    (row,) = rows(settings)
    assert [f"{when:%Y-%m-%d %H:%M}" for when in row[6:]] == ["2017-01-01 00:00", "2017-02-28 23:00"]


def test_ids_may_be_missing_and_kinds_are_counted_by_pseudonym(settings: Settings):
    nobody = ("web", None, None, "email", "JANE@example.com", "t1", None)
    add_identifiers(settings, read_keys(settings), [JANE, nobody, (*JANE[:3], "phone", "+1", "t2", JANE[6])])
    assert count_identifiers(settings, read_keys(settings)) == {"email": 1, "phone": 1}


def test_a_source_is_forgotten_and_no_other(settings: Settings):
    others = [("shop", *JANE[1:]), ("webshop", *JANE[1:])]
    add_identifiers(settings, read_keys(settings), [JANE, *others])
    forget_source(settings, read_keys(settings), "web")
    assert [row[0] for row in rows(settings)] == ["shop", "webshop"]
    forget_source(settings, read_keys(settings), "unknown")
    assert len(rows(settings)) == 2


def test_a_failed_write_keeps_nothing(settings: Settings):
    add_identifiers(settings, read_keys(settings), [JANE])
    with pytest.raises(duckdb.Error), open_vault(settings, read_keys(settings)) as connection:
        connection.execute("delete from vault.identifiers")
        connection.execute("select no_such_column from vault.identifiers")
    assert len(rows(settings)) == 1
