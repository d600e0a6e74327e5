"""What the files in ``deploy`` name is there: files that are copied, commands with their options, one volume, nobody is root."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from dmp_assets.cli import app

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ANALYZE = shutil.which("systemd-analyze") or ""
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def assert_command(arguments: list[str]) -> None:
    """Assert that `dmp` knows a command and takes its options, without running it."""
    group = typer.main.get_command(app)
    name, *options = arguments
    assert isinstance(group, TyperGroup)
    command = group.commands.get(name)
    assert command is not None, name
    command.make_context(name, list(options))


def test_every_file_that_the_image_copies_exists():
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert "requirements.lock" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert set(sources) & set(ignored) == set()


def test_the_image_and_every_service_run_as_an_ordinary_user_on_one_volume_with_a_health_check():
    assert re.search(r"^USER (?!root)\w+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    services = COMPOSE["services"]
    assert set(services) == {"setup", "collector", "webserver", "daemon"}
    for name, service in services.items():
        assert service["user"] == "1000:1000", name
        assert service["volumes"] == ["project:/project"], name
        assert service["logging"]["options"]["max-size"], name
        assert name == "setup" or service["healthcheck"]["test"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_every_service_of_compose_is_a_command(service):
    assert_command([str(word) for word in COMPOSE["services"][service]["command"]])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_runs_a_command_as_an_ordinary_user(unit):
    parser = ConfigParser(strict=False)
    parser.optionxform = str  # ty: ignore[invalid-assignment]
    parser.read(unit)
    program, *arguments = shlex.split(parser["Service"]["ExecStart"])
    assert Path(program).name == "dmp"
    assert_command(arguments)
    assert parser["Service"]["User"] not in ("", "root")


@pytest.mark.skipif(not ANALYZE, reason="there is no systemd-analyze on this machine")
def test_systemd_finds_no_fault_in_the_units(tmp_path):
    for unit in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        text = unit.read_text(encoding="utf-8").replace("/srv/dmp/venv/bin/dmp", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/srv/dmp/shop", str(tmp_path)).replace("=dmp\n", "=daemon\n"))
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    faults = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "dmp-" in line]
    assert faults == []
