from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import pseudonym, read_keys

SECRET = "sixteen characters and sixteen more"  # noqa: S105 - a test's own


def test_the_first_run_makes_a_secret_that_only_its_owner_may_read(tmp_path: Path):
    keys = read_keys(Settings(home=tmp_path))
    file = tmp_path / "vault.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_keys(Settings(home=tmp_path)) == keys
    assert list(tmp_path.iterdir()) == [file]


def test_the_environment_comes_first_and_leaves_no_file(tmp_path: Path):
    keys = read_keys(Settings(home=tmp_path, vault_key=SecretStr(SECRET)))
    assert keys.origin == "DMP_VAULT_KEY"
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_never_shown(tmp_path: Path):
    settings = Settings(home=tmp_path, vault_key=SecretStr(SECRET))
    keys = read_keys(settings)
    assert SECRET not in repr(settings) + repr(keys)
    assert keys.encryption not in repr(keys)
    with pytest.raises(UserError) as caught:
        read_keys(Settings(home=tmp_path, vault_key=SecretStr("short secret")))
    assert "DMP_VAULT_KEY is too short" in str(caught.value)
    assert "short secret" not in str(caught.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path):
    read_keys(Settings(home=tmp_path))
    (tmp_path / "vault.key").chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        read_keys(Settings(home=tmp_path))


def test_a_vault_without_its_secret_gets_no_new_one(tmp_path: Path):
    (tmp_path / "vault.duckdb").touch()
    with pytest.raises(UserError, match=r"vault\.key is missing"):
        read_keys(Settings(home=tmp_path))
    assert not (tmp_path / "vault.key").exists()


def test_the_two_keys_differ_from_each_other_and_the_secret(tmp_path: Path):
    keys = read_keys(Settings(home=tmp_path, vault_key=SecretStr(SECRET)))
    assert len({keys.encryption, keys.pseudonyms.hex(), SECRET}) == 3


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Jane@Example.com ", "jane@example.com"),
        ("phone", "+1 (555) 000-1111", "+15550001111"),
        ("phone", "0032 470 00 00 00", "+32470000000"),
    ],
)
def test_writings_of_one_identifier_have_one_pseudonym(kind: str, one: str, other: str):
    assert pseudonym(kind, one, b"key") == pseudonym(kind, other, b"key")


@given(st.text(max_size=20), st.text(max_size=20))
def test_pseudonyms_are_hexadecimal_and_depend_on_kind_value_and_key(one: str, other: str):
    found = pseudonym("name", one, b"key")
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")
    assert found not in (pseudonym("name", one, b"other"), pseudonym("address", one, b"key"))
    assert (found == pseudonym("name", other, b"key")) is (one.strip().lower() == other.strip().lower())
