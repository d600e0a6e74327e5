"""Audiences as assets: each audience one of its own, and the tables of all; made in one step that scans every fact once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg
import duckdb
import pandas as pd
import pandera.pandas as pa

from dmp_assets.analysis import inputs
from dmp_assets.audiences import schema
from dmp_assets.audiences.build import TABLES, build_audiences
from dmp_assets.audiences.define import Audience, Audiences, load_audiences
from dmp_assets.audiences.plots import plot_audiences, plot_overlap
from dmp_assets.audiences.sections import CUSTOMER, PAGE, SECTIONS
from dmp_assets.platform.automation import cadence_tag
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.history import History
from dmp_assets.platform.permissions import PERMISSIONS
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import OWNER, Contents, Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse, has_table, literal
from dmp_assets.profiles.schema import CUSTOMER_PROFILES
from dmp_assets.rules.check import references
from dmp_assets.rules.customers import ALWAYS_READ, CUSTOMERS, reads
from dmp_assets.rules.words import in_words

LAYER = "audiences"
CHECK = "rule_is_right"
_PROFILE = tuple(CUSTOMER_PROFILES.columns)
_HISTORIES = ("audience_changes", "audience_counts")
_OVERLAPS_SHOWN = 12
_DAYS_SHOWN = 30


def columns_read(name: str, audiences: Mapping[str, Audience]) -> list[str]:
    """Return the columns that an audience and those that it asks about read, as ``layer.table.column``; sorted."""
    found, todo, seen = set(), [name], set()
    while todo:
        each = todo.pop()
        if each not in seen and each in audiences:
            seen.add(each)
            found.update(reads(audiences[each], _PROFILE))
            todo.extend(references(audiences[each]))
            if audiences[each].purpose:
                found.add(f"{PERMISSIONS}.is_allowed")
    return sorted(found | {f"{CUSTOMERS}.customer_id"})


def _table(name: str, columns: Iterable[str]) -> Table:
    contract: pa.DataFrameSchema = getattr(schema, name.upper())
    read = sorted({*columns, f"{CUSTOMERS}.customer_id"})
    history = History() if name in _HISTORIES else None
    return Table(LAYER, name, contract, dict.fromkeys(contract.columns, read), history=history, also_reads=ALWAYS_READ)


def audience_specs(audiences: Audiences) -> list[dg.AssetSpec]:
    """Return an asset for each audience: what it says, who looks after it, and the columns that it reads."""
    specs = []
    for name in audiences.names:
        audience = audiences.right.get(name)
        columns = columns_read(name, audiences.right) if audience else [f"{CUSTOMERS}.customer_id"]
        deps = [dg.AssetKey(column.split(".")[:2]) for column in columns]
        lineage = [dg.TableColumnDep(dg.AssetKey(column.split(".")[:2]), column.split(".")[2]) for column in columns]
        specs.append(
            dg.AssetSpec(
                [LAYER, name],
                deps=list(dict.fromkeys([dg.AssetKey(CUSTOMERS.split(".")), *deps])),
                description=_described(audience) if audience else f"Wrong: {audiences.wrong[name]}",
                group_name=LAYER,
                owners=[OWNER],
                kinds={"duckdb"},
                tags=cadence_tag("daily"),
                skippable=True,
                metadata={
                    "dagster/column_lineage": dg.TableColumnLineage({"customer_id": lineage}),
                    **({"owner": audience.owner} if audience else {}),
                },
            )
        )
    return specs


def _described(audience: Audience) -> str:
    reached = f" To be reached for {audience.purpose} by {audience.channel}." if audience.purpose else ""
    return f"{audience.title}: {audience.description}{reached}\n\nRule: {in_words(audience)}."


def audiences_step(audiences: Audiences) -> tuple[tuple[Table, ...], dg.AssetsDefinition]:
    """Return the tables of the layer and the step that makes them, with an asset and a check for each audience."""
    read = {column for name in audiences.right for column in columns_read(name, audiences.right)}
    by_name = {name: _table(name, read) for name in ("audience_members", *TABLES)}
    specs = audience_specs(audiences)

    @makes(*by_name.values(), others=specs, other_checks=[_check_spec(spec) for spec in specs])
    def define_audiences(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Results:
        """Judge every customer by every audience, say what changed, and compare the audiences."""
        as_of_on = inputs.as_of(warehouse)
        settings.spill_dir.mkdir(exist_ok=True)
        # What takes long only reads: the warehouse is held for as long as the tables are written and checked.
        file = settings.spill_dir / "audience_members.parquet"
        with warehouse.read() as connection:
            built = build_audiences(connection, audiences, as_of_on)
            connection.execute(f"copy ({built.members}) to {literal(str(file))}")

        def contents(connection: duckdb.DuckDBPyConnection) -> Contents:
            if has_table(connection, by_name["audience_changes"].full_name):
                # A rerun may find that nobody changed, where the run before found somebody.
                connection.execute(
                    f"delete from {by_name['audience_changes'].full_name} where as_of_on = date '{as_of_on}'"
                )
            found = {by_name[name]: table for name, table in built.tables.items()}
            return {by_name["audience_members"]: f"from {literal(str(file))}", **found}

        plots = {
            by_name["audiences"]: {"sizes": plot_audiences(built.tables["audiences"])},
            by_name["audience_overlap"]: {"overlap": plot_overlap(built.tables["audience_overlap"])},
        }
        yield from save(warehouse, contents, plots=plots)
        file.unlink()
        history = warehouse.query("select * from audiences.audience_counts order by audience, as_of_on")
        overlaps = built.tables["audience_overlap"]
        for audience in built.tables["audiences"].to_dict("records"):
            trend = history[history["audience"] == audience["audience"]]
            yield _reported(audience, trend, overlaps[overlaps["audience"] == audience["audience"]])
        for name, words in sorted(built.wrong.items()):
            yield dg.AssetCheckResult(
                passed=False,
                asset_key=dg.AssetKey([LAYER, name]),
                check_name=CHECK,
                description=f"{words}\nIts members stay as they were until this is mended; every other audience is made.",
            )

    return tuple(by_name.values()), define_audiences


def _check_spec(spec: dg.AssetSpec) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK,
        asset=spec.key,
        description="The audience's file can be read, and its rule fits the columns that there are. Harms no other audience.",
    )


def _reported(audience: Mapping, trend: pd.DataFrame, overlaps: pd.DataFrame) -> dg.MaterializeResult:
    """Return what Dagster records of one audience."""
    key = dg.AssetKey([LAYER, audience["audience"]])
    most = overlaps.sort_values(["share", "other_audience"], ascending=[False, True]).head(_OVERLAPS_SHOWN)
    return dg.MaterializeResult(
        asset_key=key,
        check_results=[dg.AssetCheckResult(passed=True, asset_key=key, check_name=CHECK)],
        metadata={
            "dagster/row_count": audience["members"],
            "matching": audience["matching"],
            "left_out": audience["left_out"],
            "entered": audience["entered"],
            "left": audience["left"],
            "is_small": bool(audience["is_small"]),
            "rule": audience["words"],
            "sql": dg.MetadataValue.md(f"```sql\n{audience['sql']}\n```"),
            "trend": _in_markdown(
                ("as of", "match", "left out", "members"),
                trend[["as_of_on", "matching", "left_out", "members"]].tail(_DAYS_SHOWN)[::-1],
            ),
            "overlap": _in_markdown(
                ("also in", "members", "share"), most[["other_audience", "shared_members", "share"]]
            ),
        },
    )


def _in_markdown(heading: Sequence[str], frame: pd.DataFrame) -> dg.MarkdownMetadataValue:
    rows = [
        " | ".join(
            f"{value:.1%}"
            if isinstance(value, float)
            else f"{value:%Y-%m-%d}"
            if isinstance(value, pd.Timestamp)
            else f"{value}"
            for value in row
        )
        for row in frame.itertuples(index=False)
    ]
    lines = [" | ".join(heading), " | ".join("---" for _ in heading), *rows]
    return dg.MetadataValue.md("\n".join(f"| {line} |" for line in lines))


def domain(settings: Settings) -> Domain:
    """Return the audiences of the project."""
    audiences = load_audiences(settings.audiences_dir)
    tables, step = audiences_step(audiences)

    def depends_on() -> Iterable[str]:
        files = sorted(settings.audiences_dir.glob("*.y*ml"))
        return [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]

    return Domain(
        tables=tables,
        assets=(step,),
        sections=SECTIONS,
        customer_sections=(CUSTOMER,),
        pages=(PAGE,),
        depends_on=depends_on,
    )
