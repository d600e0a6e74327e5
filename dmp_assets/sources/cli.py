"""The commands for what became of the sources, and for what was rejected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from dmp_assets.platform.errors import user_errors
from dmp_assets.platform.locks import one_build, this_command
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.terminal import AsJson, print_frame, print_json

app = typer.Typer(
    help="Rows that were rejected: see them, export them, take corrected ones back.", no_args_is_help=True
)


def sources(
    source: Annotated[str | None, typer.Argument(help="Only of this source.")] = None, as_json: AsJson = False
) -> None:
    """Show what became of each source's rows by file, with sales and dates, and what the sources leave open."""
    from dmp_assets.platform.warehouse import Warehouse
    from dmp_assets.sources.notes import open_notes
    from dmp_assets.sources.totals import by_file, totals

    with user_errors():
        settings = get_settings()
        with Warehouse.from_settings(settings).read() as connection:
            found = totals(connection, source=source)
            notes = open_notes(connection, settings, source=source)
        if as_json:
            print_json({"totals": found.to_dict("records"), "open": notes})
        elif found.empty:
            typer.echo("No rows were judged yet: run `dmp build`.")
        else:
            for title, rows in by_file(found).items():
                print_frame(title, rows)
            for note in notes:
                typer.echo(f"* {note}")


@app.command(name="list")
def list_rejected(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    contract_table: Annotated[str | None, typer.Option("--table", help="Only for this contract table.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only for this reason.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many rows to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show how many rows were rejected and why, and the newest of them."""
    from dmp_assets.platform.warehouse import Warehouse
    from dmp_assets.sources import quarantine

    with user_errors():
        with Warehouse.from_settings(get_settings()).read() as connection:
            counts, rows = quarantine.rejected(connection, source=source, contract_table=contract_table, reason=reason)
        if as_json:
            print_json({"counts": counts.to_dict("records"), "rows": rows.head(limit).to_dict("records")})
        elif counts.empty:
            typer.echo("Nothing was rejected.")
        else:
            print_frame("Rejected rows", counts)
            shown = rows.head(limit)[["source", "contract_table", "reason", "_file", "_row", "row_json"]]
            if limit:
                print_frame(f"The newest {len(shown)} of {len(rows):,}", shown)


@app.command(name="export")
def export_rejected(
    source: Annotated[str, typer.Argument(help="A source of your own.")],
    table: Annotated[str, typer.Argument(help="Its raw table, such as order_lines.")],
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
    reason: Annotated[str | None, typer.Option(help="Only rows rejected for this reason.")] = None,
) -> None:
    """Write the rejected rows of a table to a CSV file, as they arrived, to be corrected and replayed."""
    from dmp_assets.platform.spreadsheets import without_formulas
    from dmp_assets.platform.warehouse import Warehouse
    from dmp_assets.sources import quarantine
    from dmp_assets.sources.declare import declared_table

    with user_errors():
        settings = get_settings()
        declared = declared_table(settings, source, table)
        with Warehouse.from_settings(settings).read() as connection:
            rows = quarantine.export_rejected(connection, declared, reason=reason)
        without_formulas(rows).to_csv(file, index=False)
        typer.echo(
            f"{len(rows)} rows in {file}. Correct them, delete what shall stay rejected, then `dmp quarantine replay`."
        )


@app.command()
def replay(
    source: Annotated[str, typer.Argument(help="As for export.")],
    table: Annotated[str, typer.Argument(help="As for export.")],
    file: Annotated[Path, typer.Argument(help="The corrected file.")],
) -> None:
    """Put corrected rows in the place of the rejected ones; the originals are kept in raw._replaced_rows."""
    from dmp_assets.platform.warehouse import Warehouse
    from dmp_assets.sources import quarantine
    from dmp_assets.sources.declare import declared_table

    with user_errors():
        settings = get_settings()
        declared = declared_table(settings, source, table)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        with one_build(settings.home, this_command()):
            rows = quarantine.replay(Warehouse.from_settings(settings), settings, declared, file, now=now)
        typer.echo(f"{rows} corrected rows took the place of the rejected ones. Now: `dmp build`.")
