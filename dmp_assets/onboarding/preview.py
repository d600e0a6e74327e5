"""What would become of a source, before anything of it is written: its first rows, under the real rules.

The staging models that would be written and the platform's own rules for rows run in a project and a home that are thrown away,
on at most so many rows; the files themselves are read no further.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.inspection import SAMPLE_ROWS
from dmp_assets.onboarding.plan import Plan, RawTable
from dmp_assets.onboarding.preview_notes import amount_doubts, currency_notes, id_notes
from dmp_assets.onboarding.unused_columns import nobody_notes, unused_doubts
from dmp_assets.platform.access import private_folder
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.warehouse import columns_of, literal, quoted
from dmp_assets.sources.catalogue import missing_products
from dmp_assets.sources.declare import PLACE_COLUMNS, RAW, DeclaredTable, source_tables, staging_folder
from dmp_assets.sources.dominant_customers import dominant_customers
from dmp_assets.sources.extract import extract
from dmp_assets.sources.newer_files import open_questions
from dmp_assets.sources.read import files_of, read_file

ENOUGH = 0.99
"""Share of the rows that must be accepted for a mapping to be written without a question."""

_EXAMPLES = 5
_COMPARED = {"order_lines", "products"}
_GENERATED = shutil.ignore_patterns("target", "logs", "dbt_packages", ".*")


@dataclass(frozen=True)
class Preview:
    """What would become of the first rows of one contract table.

    Attributes:
        contract: its name.
        rows: rows of each outcome: ``accepted``, or the reason for which they are rejected; the most first.
        amounts: sales of each outcome, for order lines; of one that has no amount, none.
        facts: the accepted rows' period, and how many orders, customers and products they have.
        examples: a few accepted rows as they will be.
        notes: what is to be known of ids, in words.
        amount_doubts: what speaks against the reading of amounts, in words.
        customer_doubts: which customers may be nobody, in words.
    """

    contract: str
    rows: Mapping[str, int]
    amounts: Mapping[str, Decimal | None] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    examples: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: Sequence[str] = ()
    amount_doubts: Sequence[str] = ()
    customer_doubts: Sequence[str] = ()

    @property
    def doubts(self) -> list[str]:
        """What speaks against the mapping, in words: too few rows are accepted, or amounts look like something else."""
        few = (
            f"{self.accepted:.1%} of the first rows of {self.contract} would be accepted: correct the mapping (--map, "
            "--time-format, --decimal, --where, ...) or the data"
        )
        return [*([few] if self.accepted < ENOUGH else []), *self.amount_doubts, *self.customer_doubts]

    @property
    def accepted(self) -> float:
        """Share of the rows that are accepted; 1 if there are none."""
        total = sum(self.rows.values())
        return self.rows.get("accepted", 0) / total if total else 1.0

    def frame(self) -> pd.DataFrame:
        """Return a row per outcome and one for what was read, with rows, share and sales."""
        total = sum(self.rows.values())
        lines = [
            {"outcome": outcome, "rows": rows, "share": f"{rows / total:.1%}", "sales": self.amounts.get(outcome)}
            for outcome, rows in self.rows.items()
        ]
        read = {
            "outcome": "read",
            "rows": total,
            "share": "",
            "sales": sum(each or 0 for each in self.amounts.values()),
        }
        frame = pd.DataFrame([*lines, read])
        return frame if self.amounts else frame.drop(columns="sales")


def preview(plans: Sequence[Plan], project: ProjectFile) -> list[Preview]:
    """Return what would become of the first rows of each plan.

    Args:
        plans: of one source.
        project: the project's settings as they would be written.

    Raises:
        UserError: the models that would be written cannot be run.
    """
    beside = _declared_beside(plans, project)
    with private_folder(get_settings()) as folder:
        _write_project(plans, project, folder / "project", {table.rule.contract for table in beside})
        settings = Settings(home=folder / "home", dbt_project_dir=folder / "project")
        settings.home.mkdir(mode=0o700)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            connection.execute(f"create schema {RAW}")
            unread = {
                plan.contract: sum(_land(connection, settings, _as_declared(plan, table)) for table in _tables(plan))
                for plan in plans
            }
            for table in beside:
                _land(connection, settings, table)
        checked = _checked(settings)
        models = [f"+int_{plan.contract}_checked" if plan.contract in checked else plan.model for plan in plans]
        _run(settings, models + [f"+int_{table.rule.contract}_checked" for table in beside])
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            found = [
                _judged(connection, plan, unread[plan.contract], is_checked=plan.contract in checked) for plan in plans
            ]
            missing = missing_products(connection, plans[0].source)
        return [*found[:-1], dataclasses.replace(found[-1], notes=[*found[-1].notes, *missing])]


def _tables(plan: Plan) -> list[RawTable]:
    return [plan.raw, *plan.joined.values()]


def _as_declared(plan: Plan, table: RawTable) -> DeclaredTable:
    """Return a raw table as the project will declare it."""
    columns = {column.name: column.data_type for column in table.columns}
    mapping = plan.declared.content() if table is plan.raw else {}
    return DeclaredTable(plan.source, table.name, "", columns, table.rule, mapping=mapping)


def _declared_beside(plans: Sequence[Plan], project: ProjectFile) -> list[DeclaredTable]:
    """Return the raw tables of the source's catalogue beside its order lines, or the other way round, that are declared already."""
    planned, source = {plan.contract for plan in plans}, plans[0].source
    wanted = _COMPARED - planned if planned & _COMPARED else set()
    names = {table.name for plan in plans for table in _tables(plan)}
    return [
        table
        for table in source_tables(project.path.parent, source)
        if table.rule.contract in wanted.intersection(project.sources.get(source, [])) and table.name not in names
    ]


def _write_project(plans: Sequence[Plan], project: ProjectFile, folder: Path, beside: Collection[str]) -> None:
    """Copy the project as it would be, with this source alone: the plans' contract tables, and others of it beside them."""
    home = get_settings().home.resolve()

    def ignored(place: str, names: list[str]) -> set[str]:
        return _GENERATED(place, names) | {name for name in names if Path(place, name).resolve() == home}

    shutil.copytree(project.path.parent, folder, ignore=ignored)
    source = plans[0].source
    staging_folder(folder, source).mkdir(parents=True, exist_ok=True)
    for name, text in scaffold.files(plans, project.path.parent).items():
        (staging_folder(folder, source) / name).write_text(text, encoding="utf-8")
    (folder / "dbt_project.yml").write_text(
        project.text({source: [*(plan.contract for plan in plans), *beside]}), encoding="utf-8"
    )
    if project.path.parent != PACKAGE_DIR:
        packages = folder / "dbt_packages"
        packages.mkdir()
        (packages / "dmp").symlink_to(PACKAGE_DIR)
        link = folder / ".dmp" / "platform"
        link.parent.mkdir()
        link.symlink_to(PACKAGE_DIR)


def _land(connection: duckdb.DuckDBPyConnection, settings: Settings, table: DeclaredTable) -> int:
    """Read the first rows of a raw table; return how many lines are no rows but should be. Direct identifiers are hashed."""
    types = ", ".join(f"{quoted(name)} {kind}" for name, kind in {**table.columns, **PLACE_COLUMNS}.items())
    connection.execute(f"create or replace table {table.relation} ({types})")
    files = files_of(table.rule)
    if files is None:
        files = extract(settings, table, is_sample=True)
    left, unread = SAMPLE_ROWS, 0
    for name, file in files.items():
        if left <= 0:
            break
        read_file(connection, file, table.rule, rows=left)
        columns = [column for column in columns_of(connection, "arrived") if column in table.columns]
        values = [
            f"md5(lower(trim(cast({quoted(column)} as varchar)))) as {quoted(column)}"
            if column in table.rule.identifiers
            else quoted(column)
            for column in columns
        ]
        connection.execute(
            f"insert into {table.relation} by name select {', '.join([*values, f'{literal(name)} as _file', '_row'])}, "
            f"{literal(name)} as _load_id, {literal(_now())}::timestamp as _loaded_at from arrived limit {left}"
        )
        ((rows,),) = connection.execute("select count(*) from arrived").fetchall()
        left -= rows
        ((lines,),) = connection.execute(
            "select count(*) from unread where reason not in ('repeated_header', 'totals_row')"
        ).fetchall()
        unread += lines
    return unread


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _checked(settings: Settings) -> set[str]:
    """Return the contract tables whose rows are judged by a model of their own."""
    folders = [folder / "models" for folder in (settings.dbt_project_dir, PACKAGE_DIR)]
    found = [file.stem for folder in folders for file in folder.rglob("int_*_checked.sql")]
    return {name.removeprefix("int_").removesuffix("_checked") for name in found}


def _run(settings: Settings, models: Sequence[str]) -> None:
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--quiet", "run", "--select", *models),
        *("--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(PACKAGE_DIR), "--no-use-colors"),
    ]
    finished = subprocess.run(  # noqa: S603 - dbt itself
        command, env=os.environ | settings.environment(), capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise UserError(
            f"What would be written cannot be run on the first rows, so nothing was written:\n{finished.stdout[-2000:]}"
        )


def _judged(connection: duckdb.DuckDBPyConnection, plan: Plan, unread: int, *, is_checked: bool) -> Preview:
    relation = f"intermediate.int_{plan.contract}_checked" if is_checked else f"staging.{plan.model}"
    reason = "coalesce(reject_reason, 'accepted')" if is_checked else "'accepted'"
    amount = "sum(sales_amount)" if plan.contract == "order_lines" else "null"
    found = connection.execute(
        f"select {reason} as outcome, count(*), {amount} from {relation} group by 1 order by 2 desc, 1"
    ).fetchall()
    rows = {outcome: count for outcome, count, _ in found} | ({"no row": unread} if unread else {})
    amounts = {outcome: value for outcome, _, value in found} if plan.contract == "order_lines" else {}
    accepted = f"(select * from {relation} {'where reject_reason is null' if is_checked else ''})"
    columns = [
        name for name in plan.contract_table.types if name in plan.mapping or name in ("sales_amount", "line_type")
    ]
    examples = connection.execute(
        f"select {', '.join(columns)} from {accepted} order by _file, _row limit {_EXAMPLES}"
    ).df()
    examples = examples.dropna(axis="columns", how="all")
    facts, notes = _facts(connection, plan, accepted), id_notes(connection, plan, relation)
    table = _as_declared(plan, plan.raw)
    return Preview(
        plan.contract,
        rows,
        amounts,
        facts,
        examples,
        [*notes, *currency_notes(connection, plan), *nobody_notes(plan), *open_questions(connection, table)],
        [*amount_doubts(connection, plan), *unused_doubts(plan)],
        dominant_customers(connection, table),
    )


def _facts(connection: duckdb.DuckDBPyConnection, plan: Plan, accepted: str) -> dict[str, str]:
    """Return the period of accepted rows and how many orders, customers and products they have."""
    columns = plan.contract_table.types

    def one(expression: str) -> Any:
        return connection.execute(f"select {expression} from {accepted}").fetchall()[0][0]

    facts = {}
    if plan.contract == "order_lines":
        period = one("min(ordered_at_local)::date || ' to ' || max(ordered_at_local)::date")
        facts["period"] = str(period or "none")
    for name, field_name in (("orders", "order_id"), ("customers", "customer_id"), ("products", "product_id")):
        if field_name in columns:
            facts[name] = f"{one(f'count(distinct {field_name})'):,}"
    return facts
