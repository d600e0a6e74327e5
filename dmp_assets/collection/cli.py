"""The commands for a user's own sources and for what was rejected."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dmp_assets.errors import UserError, user_errors
from dmp_assets.settings import get_settings

if TYPE_CHECKING:
    import pandas as pd

    from dmp_assets.collection.adding import Said

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of text.")]

quarantine_app = typer.Typer(
    help="Rows that were rejected: see them, export them, take corrected ones back.", no_args_is_help=True
)


def add_source(  # noqa: PLR0913, PLR0917 - one option for everything that can be said
    name: Annotated[str, typer.Argument(help="The source's name: lower-case letters, digits and _ .")],
    location: Annotated[
        str,
        typer.Argument(
            help="File, folder or pattern (CSV, JSON lines, Parquet), SQLAlchemy URL or web address; ${NAME} stands for an "
            "environment variable."
        ),
    ],
    contract: Annotated[
        str | None, typer.Option("--as", help="Contract table: order_lines, customers, products, campaigns, ...")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Table of the database; default: all that fit a contract table.")
    ] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=COLUMN, such as customer_id=用户ID; known names need none.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of the amounts, if no column tells it.")] = None,
    exchange_rate: Annotated[
        float | None, typer.Option(help="What one unit of it is worth in the platform's currency.")
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
    identifier: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND (email, phone, name, ...): goes to the vault; known names need none."),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="What stands before its ids, if another source has the same customers.")
    ] = None,
    cursor: Annotated[
        str | None, typer.Option(help="Column of a database table that only grows: read on from its highest value.")
    ] = None,
    full_copy: Annotated[
        bool, typer.Option("--full-copy", help="A changed file replaces its earlier rows; default: it adds to them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; what is open is an error.")] = False,
) -> None:
    """Bring your own data: look at it, map it to the contract tables, write its declaration and staging models.

    The files are yours to edit from then on. `dmp build` loads the data.
    """
    from dmp_assets.collection.adding import Said

    with user_errors():
        said = Said(
            contract=contract,
            mapping=_pairs(mapping, "--map"),
            identifiers=_pairs(identifier, "--identifier"),
            namespace=namespace,
            currency=currency,
            exchange_rate=exchange_rate,
            time_zone=time_zone,
            time_format=time_format,
            decimal_mark=decimal,
            cursor=cursor,
            is_full_copy=full_copy,
        )
        is_asked = not yes and sys.stdin.isatty()
        _add(name, location, said, (table, encoding, delimiter), is_asked=is_asked, dry_run=dry_run)


def _add(
    name: str,
    location: str,
    said: Said,
    hints: tuple[str | None, str | None, str | None],
    *,
    is_asked: bool,
    dry_run: bool,
) -> None:
    from dmp_assets.collection import adding, scaffold
    from dmp_assets.collection.inspection import example_frame, inspect
    from dmp_assets.collection.project import ProjectFile

    table, encoding, delimiter = hints
    ask = _ask if is_asked else None
    tables = inspect(location, encoding=encoding, delimiter=delimiter, table=table)
    if said.contract and len(tables) > 1:
        names = ", ".join(found.name for found in tables)
        raise UserError(f"--as names the contract table of one table: say with --table which ({names} fit).")
    project = ProjectFile(get_settings().dbt_project_dir)
    plans, changes = [], []
    for found in tables:
        _print_frame(f"{found.name} ({found.rule.format}{_how(found.rule)})", example_frame(found))
        if found.unread_lines:
            typer.echo(f"{found.unread_lines} lines cannot be read as a row; they will be in quarantine.")
        has_cursor = len(tables) == 1 or said.cursor in [column.name for column in found.columns]
        plan = adding.plan_table(name, found, said if has_cursor else dataclasses.replace(said, cursor=None), ask)
        plans.append(plan)
        changes += adding.change_project(project, plan, said.exchange_rate, ask)
        typer.echo(f"\n{found.name} becomes {plan.contract}:")
        for field, column in plan.mapping.items():
            typer.echo(f"  {field:20} {column}")
        for column, kind in plan.rule.identifiers.items():
            typer.echo(f"  {'to the vault':20} {column} ({kind})")
    typer.echo(f"\nIn {project.path}:\n  " + "\n  ".join(changes))
    if dry_run:
        for plan in plans:
            for file, text in scaffold.files(plan).items():
                typer.echo(f"\n--- {file}\n{text}")
        typer.echo("Nothing was written.")
        return
    if is_asked and not typer.confirm("\nWrite this?", default=True):
        raise typer.Exit(0)
    for path in adding.write_source(project, plans):
        typer.echo(f"wrote {path}")
    typer.echo("Now: `dmp build`.")


def remove_source(
    name: Annotated[str, typer.Argument(help="A source that the dbt project lists.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Remove a source: its staging files, its raw rows and what the vault has of it. The demo is only taken off the list."""
    from dmp_assets.collection import adding
    from dmp_assets.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        if not yes:
            if not sys.stdin.isatty():
                raise UserError("Say --yes: nobody can be asked whether it is meant.")
            if name not in adding.PACKAGED:
                typer.confirm(f"Delete the files of {name}, its rows and its identifiers?", abort=True)
        for each in adding.remove_source(Warehouse.from_settings(settings), settings, name):
            typer.echo(f"removed {each}")
        if name in adding.PACKAGED:
            typer.echo("What was built from it stays in this home; `make clean` or another DMP_HOME begins without it.")
        typer.echo("Now: `dmp build`.")


@quarantine_app.command(name="list")
def list_rejected(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    contract_table: Annotated[str | None, typer.Option("--table", help="Only for this contract table.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only for this reason.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many rows to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show how many rows were rejected and why, and the newest of them."""
    from dmp_assets.collection import quarantine
    from dmp_assets.warehouse import Warehouse

    with user_errors():
        with Warehouse.from_settings(get_settings()).read() as connection:
            counts, rows = quarantine.rejected(connection, source=source, contract_table=contract_table, reason=reason)
        if as_json:
            content = {"counts": counts.to_dict("records"), "rows": rows.head(limit).to_dict("records")}
            typer.echo(json.dumps(content, indent=2, default=str, ensure_ascii=False))
        elif counts.empty:
            typer.echo("Nothing was rejected.")
        else:
            _print_frame("Rejected rows", counts)
            shown = rows.head(limit)[["source", "contract_table", "reason", "_file", "_row", "row_json"]]
            if limit:
                _print_frame(f"The newest {len(shown)} of {len(rows):,}", shown)


@quarantine_app.command(name="export")
def export_rejected(
    source: Annotated[str, typer.Argument(help="A source of your own.")],
    table: Annotated[str, typer.Argument(help="Its raw table, such as order_lines.")],
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
    reason: Annotated[str | None, typer.Option(help="Only rows rejected for this reason.")] = None,
) -> None:
    """Write the rejected rows of a table to a CSV file, as they arrived, to be corrected and replayed."""
    from dmp_assets.collection import quarantine
    from dmp_assets.collection.sources import declared_table
    from dmp_assets.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        declared = declared_table(settings.dbt_project_dir, source, table)
        with Warehouse.from_settings(settings).read() as connection:
            rows = quarantine.export_rejected(connection, declared, reason=reason)
        rows.to_csv(file, index=False)
        typer.echo(
            f"{len(rows)} rows in {file}. Correct them, delete what shall stay rejected, then `dmp quarantine replay`."
        )


@quarantine_app.command()
def replay(
    source: Annotated[str, typer.Argument(help="As for export.")],
    table: Annotated[str, typer.Argument(help="As for export.")],
    file: Annotated[Path, typer.Argument(help="The corrected file.")],
) -> None:
    """Put corrected rows in the place of the rejected ones; the originals are kept in raw._replaced_rows."""
    from dmp_assets.collection import quarantine
    from dmp_assets.collection.sources import declared_table
    from dmp_assets.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        declared = declared_table(settings.dbt_project_dir, source, table)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        rows = quarantine.replay(Warehouse.from_settings(settings), settings, declared, file, now=now)
        typer.echo(f"{rows} corrected rows took the place of the rejected ones. Now: `dmp build`.")


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
    return f", {rule.encoding}" if rule.format == "jsonl" else ""


def _print_frame(title: str, frame: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in frame:
        table.add_column(str(column))
    for row in frame.itertuples(index=False):
        table.add_row(*(Text("" if value is None or value != value else str(value)) for value in row))  # noqa: PLR0124 - NaN
    Console().print(table)
