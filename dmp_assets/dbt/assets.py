"""The dbt project as Dagster assets: how its models appear in the graph.

What lives here: the translator, the two steps that build the models. SQL belongs in ``dbt_project/``.
"""

import datetime as dt
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from pydantic import Field

from dmp_assets.dbt.artifacts import (
    BUSY_SECONDS,
    busy_seconds,
    column_lineage,
    failed_nodes,
    no_rows_because,
    said_by_dbt,
)
from dmp_assets.dbt.checks import in_words
from dmp_assets.dbt.project import DBT_STEP, STAGING_STEP, dbt_project
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.gate import gated
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import EMPTY_BECAUSE
from dmp_assets.platform.warehouse import CLOSE_IT, Warehouse, is_locked, lock_holder

RUN_RESULTS = "run_results.json"
_STAGING = "config.schema:staging"


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

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Return dagster-dbt's own specification of a test, with what it demands in words."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec._replace(description=in_words(manifest["nodes"][unique_id])) if spec else None


class AsOf(dg.Config):
    """What a run is given: the date as of which everything is computed."""

    as_of: str | None = Field(
        default=None,
        description="A date YYYY-MM-DD; only what happened before it counts. Default: the setting DMP_AS_OF, or else the day after "
        "the newest order.",
    )

    def environment(self, settings: Settings) -> dict[str, str]:
        """Return the variables by which dbt receives it.

        A test that spans layers runs with the last of them: it is left out where a table that it reads is neither made nor
        upstream.

        Raises:
            UserError: the date is none.
        """
        try:
            as_of = dt.date.fromisoformat(self.as_of) if self.as_of else settings.as_of
        except ValueError:
            raise UserError(f"as_of: {self.as_of!r} is no date: write it as YYYY-MM-DD.") from None
        return {"DMP_AS_OF": as_of.isoformat() if as_of else "", "DBT_INDIRECT_SELECTION": "buildable"}


def build_dbt_assets(settings: Settings, manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """Return the dbt models as two multi-assets, for identity lies between: the staging views, which it reads, and all else.

    ``dbt build`` runs and tests the models of each in one process.
    """
    project = dbt_project(settings)
    translator = Translator()

    @dbt_assets(
        manifest=manifest, project=project, dagster_dbt_translator=translator, name=STAGING_STEP, select=_STAGING
    )
    @gated
    def staging(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        warehouse: Warehouse,
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[Any]:
        yield from _build(context, dbt, warehouse, settings, AsOf(), translator, project)

    @dbt_assets(manifest=manifest, project=project, dagster_dbt_translator=translator, name=DBT_STEP, exclude=_STAGING)
    @gated
    def models(
        context: dg.AssetExecutionContext,
        config: AsOf,
        dbt: DbtCliResource,
        warehouse: Warehouse,
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[Any]:
        yield from _build(context, dbt, warehouse, settings, config, translator, project)

    return [staging, models]


def _build(
    context: dg.AssetExecutionContext,
    dbt: DbtCliResource,
    warehouse: Warehouse,
    settings: Settings,
    as_of: AsOf,
    translator: Translator,
    project: DbtProject,
) -> Iterator[Any]:
    """Build and test the models of the step in one dbt process, and yield what became of them."""
    # dbt opens the warehouse itself, and would fail at once while a notebook has it open.
    warehouse.wait_until_free()
    (settings.dbt_target_dir / "build" / RUN_RESULTS).unlink(missing_ok=True)
    with _environment(as_of.environment(settings) | {"DMP_KEEP_OPEN": "True"}):
        invocation = dbt.cli(
            ["build", "--exclude-resource-type", "unit_test"],
            context=context,
            target_path=settings.dbt_target_dir / "build",
            raise_on_error=False,
        )
    # DuckDB lets nobody else in while dbt runs, so rows are counted at its end. Events before the error: a failed
    # test must be seen as a failed check, and a model that was built as built.
    events = list(invocation.stream())
    # Also of a build that failed: what was made before is there, and its lineage is kept.
    is_made = any(isinstance(event, dg.Output | dg.AssetMaterialization) for event in events)
    facts = _facts(invocation.get_artifact("manifest.json"), warehouse, translator, project) if is_made else {}
    if not (settings.dbt_target_dir / "build" / RUN_RESULTS).exists():
        raise UserError(not_begun(str(invocation.get_error()), str(settings.warehouse_path)))
    results = invocation.get_artifact(RUN_RESULTS)
    busy = {BUSY_SECONDS: busy_seconds(results)}
    for event in events:
        if isinstance(event, dg.Output | dg.AssetMaterialization):
            yield event.with_metadata(
                {**event.metadata, **busy, **facts.get(str(event.metadata["unique_id"].value), {})}
            )
        else:
            yield event
    if not invocation.is_successful():
        raise dg.Failure("dbt build failed: " + "\n".join(failed_nodes(results)), allow_retries=False)


def not_begun(error: str, warehouse: str) -> str:
    """Return why dbt came to no model at all, in words: another process holds the warehouse, or what dbt itself says."""
    if is_locked(error):
        return f"dbt cannot open the warehouse {warehouse}: {lock_holder(error)} has it open. {CLOSE_IT}"
    return f"dbt came to no model: {said_by_dbt(error) or 'it ended without a word, as if it had been killed'}"


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    """Set environment variables for a process that is started within."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _facts(
    manifest: Mapping[str, Any], warehouse: Warehouse, translator: Translator, project: DbtProject
) -> dict[str, dict[str, Any]]:
    """Return what Dagster records of each model besides dbt's own: column lineage, and the rows of tables or why there are none.

    Views are not counted: that would run their query.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    lineage = column_lineage(manifest)
    # Upstream of a layer that is built alone lie models that were not compiled.
    upstream = {source for columns in lineage.values() for sources in columns.values() for source, _ in sources}
    keys = {name: translator.get_asset_spec(manifest, name, project).key for name in {*lineage, *upstream}}
    rows = warehouse.row_counts()
    facts: dict[str, dict[str, Any]] = {}
    for model, columns in lineage.items():
        dependencies = {
            column: [dg.TableColumnDep(keys[source], source_column) for source, source_column in sources]
            for column, sources in columns.items()
        }
        facts[model] = {"dagster/column_lineage": dg.TableColumnLineage(dependencies)}
        table = f"{nodes[model]['schema']}.{nodes[model]['name']}"
        if table in rows:
            facts[model]["dagster/row_count"] = rows[table]
        if rows.get(table) == 0:
            facts[model][EMPTY_BECAUSE] = no_rows_because(model, manifest)
    return facts
