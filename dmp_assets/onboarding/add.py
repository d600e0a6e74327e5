"""What ``dmp add-source`` does: find plans, try them on the first rows, show it all, and write."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.terminal import print_frame

if TYPE_CHECKING:
    from dmp_assets.dbt.project_file import ProjectFile
    from dmp_assets.onboarding.decide import Said
    from dmp_assets.onboarding.inspection import Found
    from dmp_assets.onboarding.plan import Plan
    from dmp_assets.onboarding.preview import Preview
    from dmp_assets.onboarding.questions import Ask
    from dmp_assets.onboarding.recognise import Reading
    from dmp_assets.sources.declare import LoadRule


def add(  # noqa: PLR0913 - what the command was given
    name: str,
    location: str | None,
    said: Said,
    hints: tuple[str | None, tuple[str | None, str | None], Reading],
    *,
    is_asked: bool,
    replace: bool,
    dry_run: bool,
    accept_doubts: bool,
) -> None:
    """Add a source, or map it anew.

    Args:
        name: the source's.
        location: of its data; None if what the source declares is changed.
        said: what the user said of its tables.
        hints: preset, table and schema of a database, and how files are read.
        is_asked: whether the user can be asked.
        replace: whether files that are there are written anew.
        dry_run: whether nothing is written.
        accept_doubts: whether it is written although the first rows speak against it.

    Raises:
        UserError: something is open or doubtful and nobody can be asked, or what was said does not fit what was found.
    """
    from dmp_assets.dbt.project_file import ProjectFile
    from dmp_assets.onboarding import project_settings, scaffold, source_files

    ask = _ask if is_asked else None
    project = ProjectFile(get_settings().dbt_project_dir)
    plans = (
        _plans(name, location, said, hints, ask) if location else _plans_anew(name, said, hints, ask, replace=replace)
    )
    changes = project_settings.set_rates(project, said.rates)
    for plan in plans:
        changes += project_settings.change_project(project, plan, said.exchange_rate, ask)
        typer.echo(f"\n{plan.table} becomes {plan.contract}:")
        for field, origin in plan.mapping.items():
            typer.echo(f"  {field:20} {origin}")
        for each in plan.declared.where:
            typer.echo(f"  {'only rows where':20} {each}")
        for rule in plan.declared.line_type:
            typer.echo(f"  {rule.type:20} {rule}")
        for column, kind in plan.rule.identifiers.items():
            typer.echo(f"  {'to the vault':20} {column} ({kind})")
        for each in plan.left_out if not said.preset else ():
            typer.echo(f"* not used is {each}")
        for column in plan.raw.undecided:
            typer.echo(
                f"* {column} differs from customer to customer. If it tells who somebody is, say --identifier '{column}=KIND', "
                f"else --identifier '{column}=none'."
            )
    typer.echo(f"\nIn {project.path}:\n  " + "\n  ".join(changes))
    seen = _show_preview(plans, project)
    doubts = [doubt for each in seen for doubt in each.doubts]
    if dry_run:
        for file, text in scaffold.files(plans, project.path.parent).items():
            typer.echo(f"\n--- {file}\n{text}")
        typer.echo("Nothing was written.")
        return
    if doubts and not is_asked and not accept_doubts:
        raise UserError(
            "Nothing was written, because this is doubtful: "
            + "; ".join(doubts)
            + ". If it is right as it is, say --accept-doubts; rejected rows are then kept in quarantine."
        )
    if is_asked and not typer.confirm("\nWrite this?", default=not doubts):
        raise typer.Exit(0)
    plans = [settled(plan, each) for plan, each in zip(plans, seen, strict=True)]
    for path in source_files.write_source(project, plans, replace=replace):
        typer.echo(f"wrote {path}")
    typer.echo("Now: `dmp build`.")


def settled(plan: Plan, seen: Preview) -> Plan:
    """Return a plan that was accepted although a customer may be nobody: it says that none is, so that nobody is asked again."""
    if not seen.customer_doubts:
        return plan
    declared = plan.declared.model_copy(update={"nobody": plan.declared.nobody or ()})
    return dataclasses.replace(plan, declared=declared)


def _show_preview(plans: Sequence[Plan], project: ProjectFile) -> list[Preview]:
    """Show what would become of the first rows, and return it."""
    from dmp_assets.onboarding.preview import preview

    typer.echo("\nTrying the rules on the first rows ...")
    found = preview(plans, project)
    for each in found:
        print_frame(f"{each.contract}: what would become of the first {sum(each.rows.values()):,} rows", each.frame())
        for name, value in each.facts.items():
            typer.echo(f"  {name:20} {value}")
        for note in [*each.notes, *each.doubts]:
            typer.echo(f"* {note}")
        if not each.examples.empty:
            fields = each.examples.T
            fields.columns = [f"row {number}" for number in range(1, len(each.examples) + 1)]
            print_frame("Rows as they will be", fields.reset_index(names="field"))
    return found


def _plans_anew(
    name: str,
    said: Said,
    hints: tuple[str | None, tuple[str | None, str | None], Reading],
    ask: Ask | None,
    *,
    replace: bool,
) -> list[Plan]:
    """Return the plans for what a source declares, changed by what was said."""
    from dmp_assets.onboarding.recognise import Reading
    from dmp_assets.onboarding.remap import planned_anew

    if not replace or hints != (None, (None, None), Reading()):
        raise UserError(
            "Say where the data is. Only --replace can do without: it changes how a source is mapped, and how its files are read "
            "stays as it is declared."
        )
    plans, notes = planned_anew(get_settings().dbt_project_dir, name, said, ask)
    for note in notes:
        typer.echo(f"* {note}")
    return plans


def _plans(
    name: str,
    location: str,
    said: Said,
    hints: tuple[str | None, tuple[str | None, str | None], Reading],
    ask: Ask | None,
) -> list[Plan]:
    """Return the plans for what is at a place, after showing what was found there."""
    from dmp_assets.onboarding.decide import plan_table
    from dmp_assets.onboarding.inspection import inspect
    from dmp_assets.onboarding.preset import planned

    like, (table, schema), reading = hints
    if like:
        plans, notes = planned(name, location, like, said, reading, table=table, ask=ask)
        for note in notes:
            typer.echo(f"* {note}")
        return plans
    tables = inspect(location, reading, table=table, schema=schema, ask=ask)
    if said.contract and len(tables) > 1:
        names = ", ".join(found.name for found in tables)
        raise UserError(f"--as names the contract table of one table: say with --table which ({names} fit).")
    plans = []
    for found in tables:
        _show(found)
        plans.append(plan_table(name, found, said if len(tables) == 1 else _of_table(said, found), ask))
    return plans


def _of_table(said: Said, found: Found) -> Said:
    """Return what was said of several tables for one of them, which may lack the columns that others have."""
    columns = [column.name for column in found.columns]
    return dataclasses.replace(
        said,
        cursor=said.cursor if said.cursor in columns else None,
        deleted_at=said.deleted_at if said.deleted_at in columns else None,
    )


def _show(found: Found) -> None:
    from dmp_assets.onboarding.inspection import example_frame

    print_frame(f"{found.name} ({found.rule.format}{_how(found.rule)})", example_frame(found))
    for note in found.notes:
        typer.echo(f"* {note}")


def _ask(question: str, choices: Sequence[str]) -> str:
    if choices:
        typer.echo(f"  ({', '.join(choices)})")
    return typer.prompt(question)


def _how(rule: LoadRule) -> str:
    if rule.format == "csv":
        return f", {rule.encoding}, columns separated by {rule.delimiter!r}"
    return f", {rule.encoding}" if rule.format in ("jsonl", "json") else ""
