"""The commands for a user's own sources and for what was rejected."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from dmp_assets.onboarding.mapping import LineType, LineTypeRule, RowFilter, TableMapping
from dmp_assets.onboarding.presets import preset_names
from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.terminal import print_frame

if TYPE_CHECKING:
    from dmp_assets.dbt.project_file import ProjectFile
    from dmp_assets.onboarding.decide import Said
    from dmp_assets.onboarding.inspection import Found
    from dmp_assets.onboarding.plan import Plan
    from dmp_assets.onboarding.questions import Ask
    from dmp_assets.onboarding.recognise import Reading


def add_source(  # noqa: PLR0913, PLR0917 - one option for everything that can be said
    name: Annotated[str, typer.Argument(help="The source's name: lower-case letters, digits and _ .")],
    location: Annotated[
        str | None,
        typer.Argument(
            help="File, folder or pattern (CSV, Excel, JSON, Parquet), SQLAlchemy URL or web address; ${NAME} stands for an "
            "environment variable. With --replace and without it, what the source declares is changed by what you say."
        ),
    ] = None,
    contract: Annotated[
        str | None, typer.Option("--as", help="Contract table: order_lines, customers, products, campaigns, ...")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="Table or view of the database, or schema.table; default: all that fit a contract table."),
    ] = None,
    schema: Annotated[
        str | None, typer.Option(help="Schema of the database in which to look; default: the database's own.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            help=f"Preset of a shop system or data set ({', '.join(preset_names())}), or a file of your own such as ./my.yml; "
            "`dmp presets` shows them."
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="FIELD=COLUMN, such as customer_id=用户ID; known names need none. FIELD=COLUMN|COLUMN takes the first that has a "
            "value, FIELD=DAY+TIME joins two, FIELD==VALUE is a constant.",
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Read only rows with COLUMN=VALUE[,VALUE], COLUMN!=VALUE[,VALUE] or 'COLUMN is [not] null'. For a status that "
            "changes take --line-type: a row that is no longer read withdraws nothing."
        ),
    ] = None,
    line_type: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN=VALUE[,VALUE]:TYPE, such as Status=voided,failed:void or 'Invoice=C*:cancellation'; types are "
            f"{', '.join(get_args(LineType))}. The first that holds decides."
        ),
    ] = None,
    fill_down: Annotated[
        list[str] | None, typer.Option(help="Column that stands on one row of an order only and holds for all of them.")
    ] = None,
    minor_units: Annotated[
        bool, typer.Option("--minor-units", help="Amounts are in the currency's smallest unit, such as cents.")
    ] = False,
    utc_times: Annotated[
        bool, typer.Option("--utc-times", help="Times without an offset are UTC; default: the time zone's wall time.")
    ] = False,
    whole_orders: Annotated[
        bool,
        typer.Option(
            "--whole-orders",
            help="A newer load of an order replaces all its lines; default: only those that come again.",
        ),
    ] = False,
    strip_zeros: Annotated[
        bool, typer.Option("--strip-zeros", help="Zeros before an id tell nothing: 00123 is 123; default: they stay.")
    ] = False,
    nobody: Annotated[
        list[str] | None,
        typer.Option(
            help="Customer id that stands for nobody, such as 99999; the usual ones (0, guest, ...) are known."
        ),
    ] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of the amounts, if no column tells it.")] = None,
    exchange_rate: Annotated[
        list[str] | None,
        typer.Option(
            help="What one unit of the amounts' currency is worth in the platform's: 1.10, or by currency, JPY=0.0065, and from a "
            "date on, EUR=2025-07-01:1.20."
        ),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA time zone of the times and stores.")] = None,
    time_format: Annotated[
        str | None, typer.Option(help="How times are written, as strptime has it, or epoch, epoch_ms.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark of the numbers: . or ,")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text files, such as gbk; default: found out.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What separates the columns of a CSV; default: found out.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of an Excel workbook; default: the one that looks like a table.")
    ] = None,
    header_row: Annotated[
        int | None,
        typer.Option(min=1, help="Line of a CSV or row of a sheet that names the columns; default: found out."),
    ] = None,
    no_header: Annotated[
        bool, typer.Option("--no-header", help="No line names the columns: they are column_1, column_2, ...")
    ] = False,
    columns: Annotated[str | None, typer.Option(help="Their names, where no line has them: a,b,c.")] = None,
    records: Annotated[
        str | None, typer.Option(help="Path of the list of records in JSON, such as data.orders; default: found out.")
    ] = None,
    explode: Annotated[
        list[str] | None,
        typer.Option(
            help="List in a JSON record whose entries are rows, such as line_items or refunds.refund_line_items."
        ),
    ] = None,
    flatten: Annotated[
        bool,
        typer.Option("--flatten", help="Objects in JSON lines become columns: customer_id for the id in customer."),
    ] = False,
    identifier: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN=KIND (email, phone, name, ...): goes to the vault; known names need none. COLUMN=none: it has none."
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="What stands before its ids, if another source has the same customers.")
    ] = None,
    cursor: Annotated[
        str | None, typer.Option(help="Column of a database table that only grows: read on from its highest value.")
    ] = None,
    deleted_at: Annotated[
        str | None, typer.Option(help="Column with a value in rows that are deleted: these are withdrawn.")
    ] = None,
    full_copy: Annotated[
        bool | None,
        typer.Option(
            "--full-copy/--append",
            help="A changed file replaces its earlier rows, or adds to them; default: it adds, and what that leaves open is told.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Map a source anew: its files are written again, and what they said is kept beside them. Without LOCATION, all "
            "that is not said stays as it is declared.",
        ),
    ] = False,
    accept_doubts: Annotated[
        bool,
        typer.Option(
            "--accept-doubts",
            help="Write it although the first rows speak against it: under 99 % accepted, amounts like prices or cents.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; what is open is an error.")] = False,
) -> None:
    """Bring your own data: look at it, map it to the contract tables, write its declaration and staging models.

    The files are yours to edit from then on. `dmp build` loads the data.
    """
    from dmp_assets.onboarding.decide import Said
    from dmp_assets.onboarding.project_settings import read_rates
    from dmp_assets.onboarding.recognise import Reading

    with user_errors():
        rate, rates = read_rates(exchange_rate or ())
        said = Said(
            contract=contract,
            declared=TableMapping(
                line_type=tuple(map(LineTypeRule.said, line_type or ())),
                where=tuple(map(RowFilter.said, where or ())),
                fill_down=tuple(fill_down or ()),
                minor_units=minor_units,
                utc_times=utc_times,
                whole_orders=whole_orders,
                strip_zeros=strip_zeros,
                nobody=tuple(nobody) if nobody else None,
            ),
            mapping=_pairs(mapping, "--map"),
            identifiers=_pairs(identifier, "--identifier"),
            namespace=namespace,
            currency=currency,
            exchange_rate=rate,
            rates=rates,
            time_zone=time_zone,
            time_format=time_format,
            decimal_mark=decimal,
            cursor=cursor,
            deleted_at=deleted_at,
            keep=None if full_copy is None else "replace" if full_copy else "append",
        )
        reading = Reading(
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
            header_row=header_row,
            has_header=not no_header,
            names=[each.strip() for each in columns.split(",")] if columns else (),
            records=records,
            explode=explode or (),
            flatten=flatten,
        )
        is_asked = not yes and sys.stdin.isatty()
        _add(
            name,
            location,
            said,
            (like, (table, schema), reading),
            is_asked=is_asked,
            replace=replace,
            dry_run=dry_run,
            accept_doubts=accept_doubts,
        )


def _add(  # noqa: PLR0913 - what the command was given
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
        for column in plan.raw.undecided:
            typer.echo(
                f"* {column} differs from customer to customer. If it tells who somebody is, say --identifier '{column}=KIND', "
                f"else --identifier '{column}=none'."
            )
    typer.echo(f"\nIn {project.path}:\n  " + "\n  ".join(changes))
    doubts = _show_preview(plans, project)
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
    for path in source_files.write_source(project, plans, replace=replace):
        typer.echo(f"wrote {path}")
    typer.echo("Now: `dmp build`.")


def _show_preview(plans: Sequence[Plan], project: ProjectFile) -> list[str]:
    """Show what would become of the first rows; return what speaks against the mapping."""
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
    return [doubt for each in found for doubt in each.doubts]


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


def presets(
    name: Annotated[str | None, typer.Argument(help="One of them, to see its yml.")] = None,
) -> None:
    """List the presets for `dmp add-source --like`, or print one: copy it, change it and say --like ./my.yml."""
    from dmp_assets.onboarding.preset import load_preset
    from dmp_assets.onboarding.presets import preset_text

    with user_errors():
        if name:
            typer.echo(preset_text(name), nl=False)
            return
        for each in preset_names():
            preset = load_preset(each)
            typer.echo(f"{each:16} {preset.title}\n{'':16} {preset.export}")
            if preset.note:
                typer.echo(f"{'':16} {preset.note}")


def rename_source(
    old: Annotated[str, typer.Argument(help="A source of your own.")],
    new: Annotated[str, typer.Argument(help="Its new name: lower-case letters, digits and _ .")],
) -> None:
    """Rename a source: its files, its place in the project, its raw rows and identifiers. What stands before its ids stays."""
    from dmp_assets.onboarding import rename
    from dmp_assets.platform.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        for each in rename.rename_source(Warehouse.from_settings(settings), settings, old, new):
            typer.echo(f"renamed {each}")
        typer.echo("Its ids are as before. Now: `dmp build`.")


def remove_source(
    name: Annotated[str, typer.Argument(help="A source that the dbt project lists.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Remove a source: its staging files, its raw rows and what the vault has of it. The demo is only taken off the list."""
    from dmp_assets.onboarding import source_files
    from dmp_assets.onboarding.plan import PACKAGED
    from dmp_assets.platform.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        if not yes:
            if not sys.stdin.isatty():
                raise UserError("Say --yes: nobody can be asked whether it is meant.")
            if name not in PACKAGED:
                typer.confirm(f"Delete the files of {name}, its rows and its identifiers?", abort=True)
        for each in source_files.remove_source(Warehouse.from_settings(settings), settings, name):
            typer.echo(f"removed {each}")
        if name in PACKAGED:
            typer.echo("What was built from it stays in this home; `dmp clean` or another DMP_HOME begins without it.")
        typer.echo("Now: `dmp build`.")


def _pairs(given: list[str] | None, flag: str) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        left, separator, right = text.partition("=")
        if not (separator and left and right):
            raise UserError(f"{flag}: {text!r} is not of the form A=B.")
        pairs[left.strip()] = right.strip()
    return pairs


def _ask(question: str, choices: Sequence[str]) -> str:
    if choices:
        typer.echo(f"  ({', '.join(choices)})")
    return typer.prompt(question)


def _how(rule) -> str:
    if rule.format == "csv":
        return f", {rule.encoding}, columns separated by {rule.delimiter!r}"
    return f", {rule.encoding}" if rule.format in ("jsonl", "json") else ""
