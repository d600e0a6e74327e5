import json
import os
from pathlib import Path

import pytest

from dmp_assets.dbt import project
from dmp_assets.dbt.project import PARSED, dbt_project_files, prepare_project, project_hash
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform import settings as settings_module
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

PROFILE = "shop: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}"


def replace_platform(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (project, settings_module):
        monkeypatch.setattr(module, "PACKAGE_DIR", folder)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a project with one model, in the place of the platform's own."""
    folder = tmp_path / "project"
    replace_platform(folder, monkeypatch)
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("{name: shop, version: '1.0', profile: shop}")
    (folder / "profiles.yml").write_text(PROFILE)
    (folder / "models" / "first.sql").write_text("select 1 as n")
    settings = Settings(home=tmp_path / "home", dbt_project_dir=folder)
    settings.dbt_target_dir.mkdir(parents=True)
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
    of_a_step = settings.dbt_target_dir / "build" / "partial_parse.msgpack"
    of_a_step.parent.mkdir()
    of_a_step.touch()
    prepare_project(settings)
    assert models_of(settings) == {"first", "second"}
    assert not of_a_step.exists(), "the step would parse the changed project once more"


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


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """Return the folder of a platform as small as one can be."""
    folder = tmp_path / "version_1"
    (folder / "macros").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("{name: dmp, version: '1.0'}")
    (folder / "profiles.yml").write_text(PROFILE.replace("shop:", "dmp:"))
    (folder / "macros" / "layer.sql").write_text(
        "{% macro generate_schema_name(name, node) %}layer_{{ name }}{% endmacro %}"
    )
    return folder


def test_a_project_reads_the_platforms_macros_wherever_that_is_installed(
    platform: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shop = tmp_path / "shop"
    create_project(shop)
    (shop / "models" / "staging" / "first.sql").write_text("select 1 as n")
    for version in ("version_1", "version_2"):
        here = tmp_path / version
        if not here.exists():
            platform.rename(here)
            (here / "models").mkdir()
            (here / "models" / "second.sql").write_text("select n from {{ ref('first') }}")
        replace_platform(here, monkeypatch)
        settings = Settings(home=shop / ".dmp", dbt_project_dir=shop)
        settings.dbt_target_dir.mkdir(parents=True, exist_ok=True)
        prepare_project(settings)
        manifest = json.loads((settings.dbt_target_dir / "manifest.json").read_text())
        assert manifest["nodes"]["model.shop.first"]["schema"] == "layer_staging"
        assert (shop / "dbt_packages" / "dmp").resolve() == here
    assert manifest["nodes"]["model.dmp.second"]["depends_on"]["nodes"] == ["model.shop.first"]
