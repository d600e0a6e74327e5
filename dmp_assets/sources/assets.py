"""The raw layer: the tables of every source as they arrived; without the collected events."""

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence

import dagster as dg

from dmp_assets.platform.domain import Domain
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import EMPTY_BECAUSE
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import PLACE_COLUMNS, RAW, DeclaredTable, declared_tables
from dmp_assets.sources.land import load_table
from dmp_assets.sources.newer_files import open_questions
from dmp_assets.sources.quarantine import replays
from dmp_assets.sources.raw_tables import REJECTED_LINES, create_tables
from dmp_assets.sources.read import files_of
from dmp_assets.sources.secrets import without_password
from dmp_assets.sources.sections import SECTIONS

REJECTED_LINES_KEY = dg.AssetKey([RAW, "rejected_lines"])


def _declared_spec(table: DeclaredTable) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(name, kind, description=table.descriptions.get(name) or _PLACE.get(name))
        for name, kind in {**table.columns, **PLACE_COLUMNS}.items()
    ]
    return dg.AssetSpec(
        [RAW, table.raw_name],
        description=f"{table.description} From {without_password(table.rule.location)} ({table.rule.format}).",
        group_name=RAW,
        owners=["team:data-engineering"],
        kinds={_KINDS[table.rule.format], "duckdb"},
        metadata={
            "dagster/table_name": f"{RAW}.{table.raw_name}",
            "dagster/column_schema": dg.TableSchema(columns),
        },
        skippable=True,
    )


_PLACE = {
    "_file": "File that held the row.",
    "_row": "Its line in a text file, its row in a sheet or Parquet file, its number in JSON that is taken apart; counted from 1.",
    "_load_id": "The load that brought the row.",
    "_loaded_at": "When it was loaded, UTC.",
}
_KINDS = {
    "csv": "csv",
    "jsonl": "json",
    "json": "json",
    "xlsx": "excel",
    "parquet": "parquet",
    "database": "sql",
    "web": "rest",
}
_CHECK = "columns_as_declared"
_FILES_CHECK = "files_leave_nothing_open"


def build_sources(tables: Sequence[DeclaredTable]) -> dg.AssetsDefinition:
    """Return the load of the tables that the dbt project declares, and of the lines of their files that cannot be read."""
    rejected_lines = dg.AssetSpec(
        REJECTED_LINES_KEY,
        description="Lines of files that are no row, with the reason. Append-only.",
        group_name=RAW,
        owners=["team:data-engineering"],
        kinds={"duckdb"},
        metadata={
            "dagster/table_name": f"{RAW}.rejected_lines",
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
                asset=[RAW, table.raw_name],
                description="The columns that arrive are those that the source's yml declares. No row is lost if they are not.",
            )
            for table in tables
        ]
        + [
            dg.AssetCheckSpec(
                _FILES_CHECK,
                asset=[RAW, table.raw_name],
                description="Every file has the columns that are read, and whether a newer file replaces an older one is said.",
            )
            for table in tables
            if table.mapping
        ],
        can_subset=True,
    )
    def load_sources(
        context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Load what is new in every source; a source that fails does not keep the others from being loaded."""
        failures = []
        for table in tables:
            key = dg.AssetKey([RAW, table.raw_name])
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
                    **({"sample_percent": settings.sample_percent} if table.rule.sample else {}),
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
            if dg.AssetCheckKey(key, _FILES_CHECK) in context.selected_asset_check_keys:
                with warehouse.read() as connection:
                    questions = open_questions(connection, table)
                yield dg.AssetCheckResult(
                    asset_key=key,
                    check_name=_FILES_CHECK,
                    passed=not questions,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(questions) or None,
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
        if table.rule.sample:
            yield f"{table.raw_name} {settings.sample_percent} %"
        try:
            files = files_of(table.rule)
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
    """Return the load of the sources that the dbt project lists."""
    load_sources = build_sources(declared_tables(settings))
    return Domain(assets=(load_sources,), sections=SECTIONS, depends_on=lambda: source_states(settings))
