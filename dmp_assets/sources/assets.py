"""The raw layer: the tables of every source as they arrived; without the collected events."""

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence

import dagster as dg

from dmp_assets.demo import complete_journey
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import EMPTY_BECAUSE
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable, declared_tables, listed_sources
from dmp_assets.sources.extract import without_password
from dmp_assets.sources.land import REJECTED_LINES, create_tables, load_table
from dmp_assets.sources.loader import LOAD_COLUMNS, SourceTable, check_file, load_file
from dmp_assets.sources.quarantine import replays
from dmp_assets.sources.read import files_at
from dmp_assets.sources.sections import SECTIONS

LAYER = "raw"


def raw_key(table: SourceTable) -> dg.AssetKey:
    """Return the asset key of a source's table."""
    return dg.AssetKey([LAYER, table.raw_name])


def _spec(table: SourceTable) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(table),
        description=f"{table.description} As it arrived from the source {table.source}, append-only.",
        group_name=LAYER,
        owners=["team:data-engineering"],
        kinds={"parquet", "duckdb"},
        metadata={"dagster/table_name": f"{LAYER}.{table.raw_name}", "dagster/column_schema": _column_schema(table)},
        skippable=True,
    )


def _column_schema(table: SourceTable) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in {**table.columns, **LOAD_COLUMNS}.items()])


@dg.multi_asset(
    name="load_complete_journey", specs=[_spec(table) for table in complete_journey.TABLES], can_subset=True
)
def load_complete_journey(
    context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult]:
    """Check every file first, then load each table in a transaction of its own."""
    folder = complete_journey.data_folder(settings.complete_journey_dir)
    selected = [table for table in complete_journey.TABLES if raw_key(table) in context.selected_asset_keys]
    with warehouse.write() as connection:
        for table in selected:
            check_file(connection, table, folder)
    for table in selected:
        with warehouse.write() as connection:
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            load = load_file(connection, table, folder, sample_percent=settings.sample_percent, now=now)
        yield dg.MaterializeResult(
            asset_key=raw_key(table),
            metadata={
                "dagster/row_count": load.rows_total,
                "dagster/column_schema": _column_schema(table),
                "rows_added": load.rows_added,
                "load_id": load.load_id,
                "file": table.file(folder).name,
                "sample_percent": settings.sample_percent if table.sample else 100,
            },
        )


REJECTED_LINES_KEY = dg.AssetKey([LAYER, "rejected_lines"])


def _declared_spec(table: DeclaredTable) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(name, kind, description=table.descriptions.get(name) or _PLACE.get(name))
        for name, kind in {**table.columns, **PLACE_COLUMNS}.items()
    ]
    return dg.AssetSpec(
        [LAYER, table.raw_name],
        description=f"{table.description} From {without_password(table.rule.location)} ({table.rule.format}).",
        group_name=LAYER,
        owners=["team:data-engineering"],
        kinds={_KINDS[table.rule.format], "duckdb"},
        metadata={
            "dagster/table_name": f"{LAYER}.{table.raw_name}",
            "dagster/column_schema": dg.TableSchema(columns),
        },
        skippable=True,
    )


_PLACE = {
    "_file": "File that held the row.",
    "_row": "Its line in the file, or in a Parquet file its row, counted from 1.",
    "_load_id": "The load that brought the row.",
    "_loaded_at": "When it was loaded, UTC.",
}
_KINDS = {"csv": "csv", "jsonl": "json", "parquet": "parquet", "database": "sql", "web": "rest"}
_CHECK = "columns_as_declared"


def build_sources(tables: Sequence[DeclaredTable]) -> dg.AssetsDefinition:
    """Return the load of the tables that the dbt project declares, and of the lines of their files that cannot be read."""
    rejected_lines = dg.AssetSpec(
        REJECTED_LINES_KEY,
        description="Lines of your own files that could not be read as a row, with the reason. Append-only.",
        group_name=LAYER,
        owners=["team:data-engineering"],
        kinds={"duckdb"},
        metadata={
            "dagster/table_name": f"{LAYER}.rejected_lines",
            "dagster/column_schema": dg.TableSchema([dg.TableColumn(*column) for column in REJECTED_LINES.items()]),
        },
        skippable=True,
    )

    @dg.multi_asset(
        name="load_sources",
        specs=[*map(_declared_spec, tables), rejected_lines],
        check_specs=[
            dg.AssetCheckSpec(
                _CHECK,
                asset=[LAYER, table.raw_name],
                description="The columns that arrive are those that the source's yml declares. No row is lost if they are not.",
            )
            for table in tables
        ],
        can_subset=True,
    )
    def load_sources(
        context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Load what is new in every source; a source that fails does not keep the others from being loaded."""
        failures = []
        for table in tables:
            key = dg.AssetKey([LAYER, table.raw_name])
            if key not in context.selected_asset_keys:
                continue
            try:
                landing = load_table(warehouse, settings, table, now=dt.datetime.now(dt.UTC).replace(tzinfo=None))
            except UserError as error:
                failures.append(str(error))
                continue
            failures += [
                f"{table.raw_name}: {each} cannot be read; nothing of it was kept." for each in landing.damaged
            ]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "dagster/row_count": landing.rows_total,
                    "rows_added": landing.rows_added,
                    "files_read": landing.files,
                    "lines_rejected": landing.lines_rejected,
                },
            )
            if dg.AssetCheckKey(key, _CHECK) in context.selected_asset_check_keys:
                yield dg.AssetCheckResult(
                    asset_key=key,
                    check_name=_CHECK,
                    passed=not landing.changes,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(landing.changes) or None,
                )
        if REJECTED_LINES_KEY in context.selected_asset_keys:
            with warehouse.write() as connection:
                create_tables(connection)
                ((rows,),) = connection.execute("select count(*) from raw.rejected_lines").fetchall()
            reason = {} if rows else {EMPTY_BECAUSE: "Every line of every file was read."}
            yield dg.MaterializeResult(asset_key=REJECTED_LINES_KEY, metadata={"dagster/row_count": rows, **reason})
        if failures:
            raise UserError("\n".join(failures))

    return load_sources


def source_states(settings: Settings) -> Iterator[str]:
    """Yield what tells whether a source has something new: its files, and the rows that were corrected.

    Only the load tells whether a database has, or what has become of a file that is gone: these are never twice the same.
    """
    for table in declared_tables(settings):
        try:
            files = files_at(table.rule.resolved_location(), table.rule.file_format) if table.rule.file_format else None
        except UserError:
            files = None
        if files is None:
            yield secrets.token_hex(8)
            continue
        for name, path in files.items():
            status = path.stat()
            yield f"{table.raw_name} {name} {status.st_size} {status.st_mtime_ns}"
    if replays(settings).exists():
        yield replays(settings).read_text(encoding="utf-8")


def domain(settings: Settings) -> Domain:
    """Return the load of the demo and of the users' own sources."""
    tables = declared_tables(settings)
    demo = (load_complete_journey,) if complete_journey.SOURCE in listed_sources(settings) else ()
    return Domain(assets=(*demo, build_sources(tables)), sections=SECTIONS, depends_on=lambda: source_states(settings))
