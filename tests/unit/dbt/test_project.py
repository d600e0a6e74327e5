import json
import os
from pathlib import Path

import pytest

from dmp_assets.dbt import project
from dmp_assets.dbt.project import PARSED, dbt_project_files, prepare_project, project_hash
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

PROFILE = "shop: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a project with one model."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("{name: shop, version: '1.0', profile: shop}")
    (folder / "profiles.yml").write_text(PROFILE)
    (folder / "models" / "first.sql").write_text("select 1 as n")
    settings = Settings(home=tmp_path / "home", dbt_project_dir=folder)
    settings.dbt_target_dir.mkdir(parents=True)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return settings


def models_of(settings: Settings) -> set[str]:
    manifest = json.loads((settings.dbt_target_dir / "manifest.json").read_text())
    return {node["name"] for node in manifest["nodes"].values()}


def parsed_at(settings: Settings) -> int:
    return (settings.dbt_target_dir / "manifest.json").stat().st_mtime_ns


def test_a_project_is_parsed_again_if_its_content_changed_whatever_the_times_of_its_files(settings: Settings):
    prepare_project(settings)
    assert models_of(settings) == {"first"}

    first = parsed_at(settings)
    for file in dbt_project_files(settings.dbt_project_dir):
        os.utime(file)
    prepare_project(settings)
    assert parsed_at(settings) == first

    # As an upgrade brings it: another content, older than what was parsed.
    changed = settings.dbt_project_dir / "models" / "second.sql"
    changed.write_text("select 2 as n")
    os.utime(changed, (0, 0))
    prepare_project(settings)
    assert models_of(settings) == {"first", "second"}


def test_a_project_that_cannot_be_parsed_is_an_error_and_not_taken_for_parsed(settings: Settings):
    (settings.dbt_target_dir / PARSED).write_text("an earlier version")
    (settings.dbt_project_dir / "models" / "second.sql").write_text("select * from {{ ref('no_such_model') }}")
    with pytest.raises(UserError, match="no_such_model"):
        prepare_project(settings)
    assert not (settings.dbt_target_dir / PARSED).exists()


def test_the_hash_follows_content_names_and_the_version_of_dbt(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    before = project_hash(settings)
    (settings.dbt_project_dir / "logs").mkdir()
    (settings.dbt_project_dir / "logs" / "written_by_dbt.sql").write_text("select 3")
    assert project_hash(settings) == before

    file = settings.dbt_project_dir / "models" / "first.sql"
    file.write_text("select 2 as n")
    os.utime(file, (0, 0))
    changed = project_hash(settings)
    file.rename(file.with_name("renamed.sql"))
    renamed = project_hash(settings)
    monkeypatch.setattr(project, "version", lambda package: f"{package} 99")
    assert len({before, changed, renamed, project_hash(settings)}) == 4
