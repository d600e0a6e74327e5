import json
import logging
import os
import subprocess
import sys
import threading

import pytest

from dmp_assets.platform import locks
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.locks import alive, is_alive, one_build

HOLD = """
import pathlib, sys
from dmp_assets.platform.locks import alive, one_build
home = pathlib.Path(sys.argv[1])
with one_build(home, "dmp build"), alive(home, "r1"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Return another process that builds in the home."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_build_waits_says_for_whom_and_goes_on_when_the_first_one_ends(tmp_path, holder, caplog):
    with caplog.at_level(logging.WARNING, "dmp"):
        threading.Timer(0.5, holder.stdin.close).start()
        with one_build(tmp_path, "another"):
            assert holder.wait(10) == 0
            (note,) = (tmp_path / "locks").glob("build.json")
            assert json.loads(note.read_text())["pid"] == os.getpid()
    assert f"Waiting for process {holder.pid} (dmp build)" in caplog.text
    assert list((tmp_path / "locks").glob("*.json")) == []


def test_a_killed_holder_frees_its_lock_and_its_run_is_known_to_be_dead(tmp_path, holder):
    assert is_alive(tmp_path, "r1")
    holder.kill()
    holder.wait()
    assert is_alive(tmp_path, "r1") is False
    with one_build(tmp_path, "the next"):
        pass


def test_a_process_may_hold_its_own_locks_twice_and_lives_until_it_gave_back_both(tmp_path):
    assert is_alive(tmp_path, "r2") is None
    with alive(tmp_path, "r2"):
        with one_build(tmp_path, "outer"), one_build(tmp_path, "inner"), alive(tmp_path, "r2"):
            assert is_alive(tmp_path, "r2")
        assert is_alive(tmp_path, "r2")
    assert is_alive(tmp_path, "r2") is None
    assert list((tmp_path / "locks").glob("run-*")) == []


def test_a_run_has_one_process(tmp_path, holder):
    with pytest.raises(UserError, match="Another process makes run r1"), alive(tmp_path, "r1"):
        pass


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.FileLock, "acquire", fail)
    with pytest.raises(UserError, match=r"build\.lock has no locks.*local disk"), one_build(tmp_path, "x"):
        pass
