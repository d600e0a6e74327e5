"""The commands for a user's own sources and for what was rejected."""

from __future__ import annotations

import sys
from typing import Annotated, get_args

import typer

from dmp_assets.onboarding.mapping import LineType, LineTypeRule, RowFilter, TableMapping
from dmp_assets.onboarding.presets import preset_names
from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.locks import one_build, this_command
from dmp_assets.platform.settings import get_settings


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
        bool | None,
        typer.Option(
            "--minor-units/--no-minor-units", help="Amounts are in the currency's smallest unit, such as cents."
        ),
    ] = None,
    utc_times: Annotated[
        bool | None,
        typer.Option(
            "--utc-times/--no-utc-times", help="Times without an offset are UTC; default: the time zone's wall time."
        ),
    ] = None,
    whole_orders: Annotated[
        bool | None,
        typer.Option(
            "--whole-orders/--no-whole-orders",
            help="A newer load of an order replaces all its lines; default: only those that come again.",
        ),
    ] = None,
    strip_zeros: Annotated[
        bool | None,
        typer.Option(
            "--strip-zeros/--no-strip-zeros", help="Zeros before an id tell nothing: 00123 is 123; default: they stay."
        ),
    ] = None,
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
        str | None, typer.Option(help="How times are written, as strptime has it, or epoch, epoch_ms, excel.")
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
    from dmp_assets.onboarding.add import add
    from dmp_assets.onboarding.decide import Said
    from dmp_assets.onboarding.project_settings import read_rates
    from dmp_assets.onboarding.recognise import Reading

    with user_errors():
        rate, rates = read_rates(exchange_rate or ())
        flags = {
            "minor_units": minor_units,
            "utc_times": utc_times,
            "whole_orders": whole_orders,
            "strip_zeros": strip_zeros,
        }
        said = Said(
            contract=contract,
            declared=TableMapping.model_validate(
                {
                    "line_type": tuple(map(LineTypeRule.said, line_type or ())),
                    "where": tuple(map(RowFilter.said, where or ())),
                    "fill_down": tuple(fill_down or ()),
                    "nobody": tuple(nobody) if nobody else None,
                    **{flag: is_so for flag, is_so in flags.items() if is_so is not None},
                }
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
        add(
            name,
            location,
            said,
            (like, (table, schema), reading),
            is_asked=is_asked,
            replace=replace,
            dry_run=dry_run,
            accept_doubts=accept_doubts,
        )


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
        with one_build(settings.home, this_command()):
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
        with one_build(settings.home, this_command()):
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
