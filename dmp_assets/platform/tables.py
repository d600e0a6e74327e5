"""What a Python asset promises: its table's name, schema and column lineage; and the write that holds it to that.

What lives here: the `Table` that every domain declares, the step that makes tables, and the one call that writes, checks
and reports them; how rows are held against a schema is in `checks`. Never put a domain's columns here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pandas as pd
import pandera.pandas as pa

from dmp_assets.platform.automation import Cadence, cadence_tag
from dmp_assets.platform.checks import CHECK, validate, validate_stored
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.gate import gated
from dmp_assets.platform.history import History, add_to_history
from dmp_assets.platform.lineage import TRACED_AS_A_WHOLE
from dmp_assets.platform.permissions import IDENTIFIERS, PERMISSIONS, leave_out
from dmp_assets.platform.pictures import shown
from dmp_assets.platform.warehouse import Part, Warehouse, count, is_date, replace_part, replace_table

if TYPE_CHECKING:
    from dmp_assets.platform.pictures import Picture

OWNER = "team:data-science"

PRIMARY_KEY = "primary_key"
"""Metadata of a schema that checks its key in a way of its own: the key's columns."""

_CUSTOMERS_LEFT_OUT = "customers_left_out"

EMPTY_BECAUSE = "dmp/empty_because"
"""Metadata of a table without rows: why there are none."""


@dataclass(frozen=True)
class Alarm:
    """A check that warns about a table that keeps its schema, and blocks nothing.

    Attributes:
        name: of the check.
        description: what holds while all is well.
        causes: returns, in words, what does not hold in the stored table; it reads nothing else but what the table is made from.
    """

    name: str
    description: str
    causes: Callable[[Warehouse], Iterable[str]]


@dataclass(frozen=True, eq=False)
class Table:
    """One table that Python makes.

    Attributes:
        layer: asset group, DuckDB schema and docs section.
        name: the table's name.
        schema: Pandera schema; its description says what one row is, each column's what it holds and in which unit.
        lineage: for each column, the upstream columns it is computed from, as ``layer.table.column``.
        cadence: how often it is made anew: what is trained or compared weekly, what is served daily.
        history: what it keeps of earlier runs; None if each run replaces it.
        also_reads: tables that its step reads and no column comes from, such as for its plots, as ``layer.table``.
        alarm: what is watched in it beside its schema.
        is_profiling: whether rows about customers say what was found out about them; such a table has none of customers who are
            left out (see `permissions`).
    """

    layer: str
    name: str
    schema: pa.DataFrameSchema
    lineage: Mapping[str, Sequence[str]]
    cadence: Cadence = "daily"
    history: History | None = None
    also_reads: Sequence[str] = ()
    alarm: Alarm | None = None
    is_profiling: bool = True

    @property
    def key(self) -> dg.AssetKey:
        """The asset's key."""
        return dg.AssetKey([self.layer, self.name])

    @property
    def full_name(self) -> str:
        """The table's name in the warehouse."""
        return f"{self.layer}.{self.name}"

    @property
    def primary_key(self) -> list[str]:
        """The columns that together identify a row, as the schema names them."""
        singles = [str(name) for name, column in self.schema.columns.items() if column.unique][:1]
        return [*(self.schema.unique or singles or (self.schema.metadata or {})[PRIMARY_KEY])]

    @property
    def profiles_customers(self) -> bool:
        """Whether customers who refuse that are left out of it."""
        return self.is_profiling and "customer_id" in self.schema.columns

    @property
    def upstream(self) -> set[str]:
        """The tables that its step reads, as ``layer.table``."""
        return {
            *(column.rsplit(".", 1)[0] for columns in self.lineage.values() for column in columns),
            *self.also_reads,
            *([PERMISSIONS, IDENTIFIERS] if self.profiles_customers else []),
        }

    @property
    def traced_as_a_whole(self) -> list[str]:
        """The columns whose lineage says what the table as a whole is made from, and not what decides a single column.

        So it is where most columns share one list of several upstream columns, as those of a trained model do.
        """
        sharing = Counter(frozenset(sources) for sources in self.lineage.values())
        shared = [sources for sources, count in sharing.items() if len(sources) > 1 and 2 * count > len(self.lineage)]
        return [column for column, sources in self.lineage.items() if frozenset(sources) in shared]

    def spec(self) -> dg.AssetSpec:
        """Return the asset's specification; it depends on exactly the tables that its step reads."""
        return dg.AssetSpec(
            self.key,
            deps=[dg.AssetKey(name.split(".")) for name in sorted(self.upstream - {self.full_name})],
            description=self.schema.description,
            group_name=self.layer,
            owners=[OWNER],
            kinds={"python", "duckdb"},
            tags=cadence_tag(self.cadence),
            metadata={
                "dagster/table_name": self.full_name,
                "dagster/column_schema": self.column_schema(),
                "dagster/column_lineage": self.column_lineage(),
                **({TRACED_AS_A_WHOLE: self.traced_as_a_whole} if self.traced_as_a_whole else {}),
            },
        )

    def check_specs(self) -> Iterator[dg.AssetCheckSpec]:
        """Yield the check that the table keeps its schema, and its alarm; they are made where the table is written."""
        yield dg.AssetCheckSpec(
            CHECK,
            asset=self.key,
            blocking=True,
            description="The stored table keeps its Pandera schema: columns, types, ranges, keys. Blocks everything downstream.",
        )
        if self.alarm:
            yield dg.AssetCheckSpec(
                self.alarm.name, asset=self.key, description=f"{self.alarm.description} Warns only."
            )

    def column_schema(self) -> dg.TableSchema:
        """Return the columns as Dagster shows them."""
        return dg.TableSchema(
            [
                dg.TableColumn(
                    name=name,
                    type=_type_shown(name, column),
                    description=column.description,
                    constraints=dg.TableColumnConstraints(
                        nullable=column.nullable,
                        unique=column.unique,
                        other=[str(check.error or check.name) for check in column.checks],
                    ),
                )
                for name, column in self.schema.columns.items()
            ]
        )

    def column_lineage(self) -> dg.TableColumnLineage:
        """Return where each column comes from, as Dagster shows it."""
        return dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(dg.AssetKey(source.rsplit(".", 1)[0].split(".")), source.rsplit(".", 1)[1])
                    for source in sources
                ]
                for column, sources in self.lineage.items()
            }
        )


def _type_shown(name: str, column: pa.Column) -> str:
    if is_date(name):
        return "date"
    return (column.metadata or {}).get("type", "str" if str(column.dtype) == "object" else str(column.dtype))


def lineage(
    schema: pa.DataFrameSchema, *, source: str, derived: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Sequence[str]]:
    """Return the lineage of every column of a schema.

    Args:
        schema: the table's schema.
        source: the upstream table, ``layer.table``, whose column of the same name a column is, unless `derived` says otherwise.
        derived: for the other columns, the upstream columns they are computed from; ``column`` alone means one of `source`.
    """
    return {
        column: [name if "." in name else f"{source}.{name}" for name in (derived or {}).get(column, [column])]
        for column in schema.columns
    }


Results = Iterator[dg.MaterializeResult | dg.AssetCheckResult]
"""What a step that makes tables yields."""


def makes(
    *tables: Table, others: Sequence[dg.AssetSpec] = (), other_checks: Sequence[dg.AssetCheckSpec] = ()
) -> Callable[[Callable[..., Iterator[Any]]], dg.AssetsDefinition]:
    """Return the decorator of a step that makes tables: their specifications, their checks, and the gate before it.

    Args:
        tables: what the step writes with `save`.
        others: what else it makes, such as a file.
        other_checks: the checks of these.
    """

    def decorate(make: Callable[..., Iterator[Any]]) -> dg.AssetsDefinition:
        return dg.multi_asset(
            specs=[*(table.spec() for table in tables), *others],
            check_specs=[*(check for table in tables for check in table.check_specs()), *other_checks],
        )(gated(make))

    return decorate


Contents = Mapping[Table, pd.DataFrame | str | Part]
"""The new content of tables: frames, of a history the rows to add; queries, for tables that may not fit into memory; or parts."""


def save(
    warehouse: Warehouse,
    contents: Contents | Callable[[duckdb.DuckDBPyConnection], Contents],
    *,
    plots: Mapping[Table, Mapping[str, "Picture"]] | None = None,
    facts: Mapping[Table, Mapping[str, Any]] | None = None,
) -> Results:
    """Write tables, leave out whom no profile may be made of, read them back and check them in one transaction; then report them.

    Readers see all of the new version or all of the old. If a check fails everything is rolled back, the last good tables stay, and
    the failed checks are reported with their rows.

    Args:
        warehouse: where to.
        contents: the new content of each table; or what makes it, from temporary tables in the transaction that writes.
        plots: pictures of a table, by name.
        facts: further metadata of a table.

    Raises:
        dagster.Failure: a check failed.
    """
    outcomes: dict[Table, dg.AssetCheckResult] = {}
    rows: dict[Table, int] = {}
    left_out: dict[Table, int] = {}
    try:
        with warehouse.write() as connection:
            for table, content in (contents if isinstance(contents, Mapping) else contents(connection)).items():
                descriptions = {str(name): column.description or "" for name, column in table.schema.columns.items()}
                if isinstance(content, Part):
                    replace_part(connection, table.full_name, content)
                    outcomes[table] = validate_stored(table, connection, part=content.rows)
                elif isinstance(content, str):
                    replace_table(connection, table.full_name, content, descriptions)
                    left_out |= _without_refusers(connection, table)
                    outcomes[table] = validate_stored(table, connection, is_rest=bool(left_out.get(table)))
                else:
                    rest = content[list(table.schema.columns)]
                    if table.history is None:
                        replace_table(connection, table.full_name, rest, descriptions)
                    else:
                        add_to_history(connection, table.full_name, rest, descriptions, table.history)
                    left_out |= _without_refusers(connection, table)
                    written = connection.execute(_just_written(table, rest)).df()
                    outcomes[table] = validate(table, written, is_rest=bool(left_out.get(table)))
                rows[table] = count(connection, table.full_name)
            if not all(outcome.passed for outcome in outcomes.values()):
                raise _RejectedError
    except _RejectedError:
        failed = {table: outcome for table, outcome in outcomes.items() if not outcome.passed}
        yield from failed.values()
        raise dg.Failure(
            "; ".join(f"{table.full_name} does not keep its schema: {why.description}" for table, why in failed.items())
            + ". Nothing was written; the last good version stays.",
            allow_retries=False,
        ) from None
    for table, outcome in outcomes.items():
        checks = [outcome, *([_sound(table, table.alarm, warehouse)] if table.alarm else [])]
        told = {_CUSTOMERS_LEFT_OUT: left_out[table]} if table in left_out else {}
        yield _reported(table, rows[table], checks, (plots or {}).get(table), {**told, **(facts or {}).get(table, {})})


def _without_refusers(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[Table, int]:
    """Take those who refuse profiles out of a table that has any; return how many customers that were."""
    return {table: leave_out(connection, table.full_name)} if table.profiles_customers else {}


def _just_written(table: Table, frame: pd.DataFrame) -> str:
    """Return the query of what a run wrote into a table; of a history that it added nothing to, of everything."""
    everything = f"select * from {table.full_name}"
    if table.history is None or frame.empty:
        return everything
    days = ", ".join(f"date '{day:%Y-%m-%d}'" for day in sorted(frame["as_of_on"].unique()))
    return f"{everything} where as_of_on in ({days})"


class _RejectedError(Exception):
    """Rolls back what did not pass its checks."""


def kept(warehouse: Warehouse, table: Table) -> dg.MaterializeResult:
    """Check a table that an earlier run wrote and this one has found to be current, and report it."""
    frame = warehouse.query(f"select * from {table.full_name}")
    return _reported(table, len(frame), [validate(table, frame)])


def _reported(
    table: Table,
    rows: int,
    checks: Sequence[dg.AssetCheckResult],
    plots: Mapping[str, "Picture"] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> dg.MaterializeResult:
    """Return what Dagster records of a table: rows or why there are none, columns, lineage, plots, further facts, checks."""
    reason = empty_because(table.schema) if not rows else None
    return dg.MaterializeResult(
        asset_key=table.key,
        check_results=checks,
        metadata={
            "dagster/row_count": rows,
            **({EMPTY_BECAUSE: reason} if reason else {}),
            "dagster/column_schema": table.column_schema(),
            "dagster/column_lineage": table.column_lineage(),
            **{name: dg.MetadataValue.md(_shown(table, picture, name)) for name, picture in (plots or {}).items()},
            **(facts or {}),
        },
    )


def _shown(table: Table, picture: "Picture", name: str) -> str:
    storage = dg.AssetExecutionContext.get().instance.storage_directory()
    return shown(picture, Path(storage), (table.layer, table.name, name))


def _sound(table: Table, alarm: Alarm, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Return the outcome of a table's alarm: passed without a cause, else failed with all of them."""
    words = "; ".join(alarm.causes(warehouse))
    return dg.AssetCheckResult(
        asset_key=table.key,
        check_name=alarm.name,
        passed=not words,
        severity=dg.AssetCheckSeverity.WARN,
        description=words or None,
    )
