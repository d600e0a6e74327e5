import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from dmp_assets.collector import keys
from dmp_assets.collector.keys import KeyReader, create_key, read_keys, revoke_key, set_disabled
from dmp_assets.platform.errors import UserError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "collector" / "keys.json"


def test_only_a_hash_of_a_key_is_kept_in_a_file_for_its_owner_alone(path):
    token, key = create_key(path, "web", "shop")
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(path) == [key]
    assert KeyReader(path).find(token) == key
    assert KeyReader(path).find(key.token_hash) is None


@pytest.mark.parametrize("name", ["", "Web", "my shop", "é", "web\n", "../web", "a-b"])
def test_other_names_are_refused(path, name):
    with pytest.raises(UserError, match=r"source .* not accepted"):
        create_key(path, name, "shop")
    with pytest.raises(UserError, match=r"namespace .* not accepted"):
        create_key(path, "web", name)
    assert not path.exists()


def test_a_running_reader_notices_changes_and_keeps_its_keys_while_the_file_is_damaged(path, monkeypatch):
    monkeypatch.setattr(keys, "REREAD_SECONDS", 0)
    reader = KeyReader(path)
    token, key = create_key(path, "web", "shop")
    assert reader.find(token) == key
    assert set_disabled(path, key.key_id, is_disabled=True).is_disabled
    found = reader.find(token)
    assert found
    assert found.is_disabled
    set_disabled(path, key.key_id, is_disabled=False)
    path.write_text("{")
    assert reader.find(token) is not None
    path.write_text(json.dumps([]))
    assert reader.find(token) is None


def test_a_revoked_key_is_gone_and_an_unknown_id_is_explained(path):
    _, key = create_key(path, "web", "shop")
    revoke_key(path, key.key_id)
    assert read_keys(path) == []
    for change in (lambda: revoke_key(path, "x"), lambda: set_disabled(path, "x", is_disabled=True)):
        with pytest.raises(UserError, match="There is no write key x"):
            change()


@pytest.mark.parametrize("content", ["{", "[1]", '[{"source": "web"}]', "5"])
def test_a_damaged_file_is_named(path, content):
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(UserError, match=r"keys\.json are damaged"):
        KeyReader(path)


def test_keys_made_at_the_same_time_are_all_kept(path):
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: create_key(path, f"source_{n}", "shop")[1], range(20)))
    assert sorted(key.source for key in read_keys(path)) == sorted(key.source for key in made)
