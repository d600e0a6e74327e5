"""The dbt project as Dagster assets: where it is, how it is parsed, how its models appear in the graph.

What lives here: the project accessor, the translator, the one step that builds the models. SQL belongs in ``dbt_project/``.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from dmp_assets.errors import UserError
from dmp_assets.settings import DBT_PROJECT_DIR, Settings

SOURCE_SUFFIXES = {".sql", ".yml", ".md", ".csv"}


def dbt_project(settings: Settings) -> DbtProject:
    """Return the dbt project, with its parsed state under the platform's home."""
    os.environ.update(settings.environment())  # dbt and its profile read their settings from the environment
    return DbtProject(DBT_PROJECT_DIR, target_path=settings.dbt_target_dir)


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """Return the resource that runs the dbt installed beside this Python."""
    return DbtCliResource(project_dir=project, dbt_executable=str(Path(sys.executable).with_name("dbt")))


def prepare_manifest(settings: Settings) -> Path:
    """Parse the dbt project if its manifest is missing or older than any of its files, and return the manifest's path.

    Raises:
        UserError: dbt cannot parse the project.
    """
    project = dbt_project(settings)
    newest_source = max(file.stat().st_mtime for file in project_files())
    manifest = project.manifest_path
    if not manifest.exists() or manifest.stat().st_mtime < newest_source:
        invocation = dbt_resource(project).cli(
            ["parse", "--quiet"], target_path=settings.dbt_target_dir, raise_on_error=False
        )
        if not invocation.wait().is_successful():
            raise UserError(f"dbt cannot parse the project: {invocation.get_error()}")
    return manifest


def project_files() -> list[Path]:
    """Return the files that make up the dbt project, sorted."""
    generated = {"target", "logs"}
    return sorted(
        path
        for path in DBT_PROJECT_DIR.rglob("*")
        if path.suffix in SOURCE_SUFFIXES and not generated & set(path.relative_to(DBT_PROJECT_DIR).parts)
    )


class Translator(DagsterDbtTranslator):
    """Names the group of a model after its layer, its DuckDB schema; source tests become checks of the raw assets."""

    def __init__(self) -> None:
        """Create the translator."""
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Return dagster-dbt's own specification with our group, owner and kinds."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        layer = spec.key.path[0]
        return spec.replace_attributes(group_name=layer, owners=["team:data-engineering"])


def build_dbt_assets(settings: Settings) -> dg.AssetsDefinition:
    """Return the dbt models as one multi-asset; ``dbt build`` runs and tests them in one process.

    Raises:
        UserError: the project has not been parsed yet.
    """
    project = dbt_project(settings)
    if not project.manifest_path.exists():
        raise UserError(
            f"There is no dbt manifest at {project.manifest_path}: run `dmp setup` (or `make setup`) first."
        )

    @dbt_assets(manifest=project.manifest_path, project=project, dagster_dbt_translator=Translator(), name="dbt")
    def models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        invocation = dbt.cli(
            ["build", "--exclude-resource-type", "unit_test"],
            context=context,
            target_path=settings.dbt_target_dir / "build",
            raise_on_error=False,
        )
        # Events before the error: a failed test must be seen as a failed check, and good models as built.
        yield from invocation.stream().fetch_row_counts().fetch_column_metadata()
        if not invocation.is_successful():
            raise dg.Failure(f"dbt build failed: {invocation.get_error()}", allow_retries=False)

    return models
