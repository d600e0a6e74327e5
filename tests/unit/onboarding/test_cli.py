"""Commands that change what a build reads wait until none is at work."""

import json
import logging
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dmp_assets.cli import app
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings, get_settings

HOLD = """
import pathlib, sys
from dmp_assets.platform.locks import one_build
with one_build(pathlib.Path(sys.argv[1]), "dmp build"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    create_project(tmp_path / "shop")
    monkeypatch.setenv("DMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(tmp_path / "shop"))
    get_settings.cache_clear()
    settings = get_settings()
    prepare_home(settings)
    yield settings
    get_settings.cache_clear()


@pytest.fixture
def builder(settings: Settings):
    """Return another process that builds in the home."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "command",
    ["clean --yes", "rename-source till shop", "remove-source till --yes", "quarantine replay till rows x.csv"],
)
def test_what_a_build_reads_is_changed_when_it_has_ended(settings, builder, monkeypatch, command):
    holders = []

    def look(*_: object, **__: object) -> list[str]:
        holders.append(json.loads((settings.home / "locks" / "build.json").read_text())["pid"])
        return []

    for changing in (
        "platform.home.shutil.rmtree",
        "onboarding.rename.rename_source",
        "onboarding.source_files.remove_source",
        "sources.quarantine.replay",
    ):
        monkeypatch.setattr(f"dmp_assets.{changing}", look)
    monkeypatch.setattr("dmp_assets.sources.declare.declared_table", lambda *_: None)
    told = []

    class EndTheBuild(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())
            builder.stdin.close()

    handler = EndTheBuild()
    logging.getLogger("dmp.locks").addHandler(handler)
    done = CliRunner().invoke(app, command.split())
    logging.getLogger("dmp.locks").removeHandler(handler)
    assert holders == [os.getpid()], done.output
    assert told == [f"Waiting for process {builder.pid} (dmp build), which is at work in {settings.home}."]


def test_clean_deletes_the_home_with_the_lock_that_it_holds(settings):
    assert CliRunner().invoke(app, ["clean", "--yes"]).exit_code == 0
    assert not settings.home.exists()
