"""The commands of the audiences: try a rule, look at an audience, ask why of one customer, see what changed, export."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.terminal import AsJson, print_frame, print_json

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from dmp_assets.audiences.define import Audiences

app = typer.Typer(help="Audiences: whom to reach, by rules; who is in, why, and what changed.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The audience: its file's name without the ending.", show_default=False)]
Customer = Annotated[
    str, typer.Argument(help="The customer, such as cj:1609, or any id that is theirs.", show_default=False)
]
Sql = Annotated[bool, typer.Option("--sql", help="Print the rule as SQL too.")]

_SHOWN = 20


@app.callback()
def audiences() -> None:
    """Audiences: whom to reach, by rules; who is in, why, and what changed."""


@app.command(name="list")
def list_audiences(as_json: AsJson = False) -> None:
    """List every audience with its size, and what is wrong with those that are not made. Exit code 1 if one is wrong."""
    with _opened() as (connection, settings):
        defined = _defined(settings)
        made = _made(connection)
    new = [name for name in sorted(defined.right) if name not in set(made["audience"])]
    if as_json:
        print_json({"audiences": made.to_dict("records"), "not_built_yet": new, "wrong": dict(defined.wrong)})
    else:
        if not made.empty:
            print_frame(f"Audiences, as of {made['as_of_on'].iloc[0]:%Y-%m-%d}", made.drop(columns="as_of_on"))
        for name in new:
            typer.echo(f"{name} has not been built yet: run `dmp build --layer audiences`.")
        for words in defined.wrong.values():
            typer.secho(words, fg=typer.colors.RED)
        if not defined.names:
            typer.echo(f"There are no audiences: write one into {settings.audiences_dir}.")
    if defined.wrong:
        raise typer.Exit(1)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="A YAML file of an audience, anywhere.", show_default=False)],
    sql: Sql = False,
    as_json: AsJson = False,
) -> None:
    """Try a file of an audience: the rule in words, how many it would take, and some of them; nothing is kept."""
    from dmp_assets.audiences.preview import preview as try_out

    with _opened() as (connection, settings):
        found = try_out(connection, _defined(settings), file, _as_of(connection))
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    typer.echo(f"Rule: {found.words}.")
    typer.echo(
        f"{found.matching:,} of {found.judged:,} meet the rule as of {found.as_of_on}, {found.left_out:,} of them may not be "
        f"reached: {found.members:,} members. Of {found.open:,} something is unknown."
    )
    if found.examples:
        typer.echo(f"For example {', '.join(found.examples)}.")
    if sql:
        typer.echo(found.sql)


@app.command()
def show(name: Name, sql: Sql = False, as_json: AsJson = False) -> None:
    """Show an audience: the rule, its size over time, what sets members apart, overlaps, newest changes."""
    from dmp_assets.audiences.explain import shown

    with _opened() as (connection, settings):
        audience, tables = shown(connection, _defined(settings), name)
    if as_json:
        print_json({**audience, **{title: table.to_dict("records") for title, table in tables.items()}})
        return
    typer.echo(f"{audience['title']}: {audience['description']}")
    typer.echo(f"Rule: {audience['words']}.")
    reached = f"{audience['purpose']} by {audience['channel']}" if audience["purpose"] else "nobody is reached by it"
    typer.echo(f"For {reached}; looked after by {audience['owner']}.")
    if audience["is_small"]:
        typer.echo(f"It is small: fewer than {audience['threshold']} members.")
    for title, table in tables.items():
        if not table.empty:
            print_frame(title, table)
    if sql:
        typer.echo(audience["sql"])


@app.command()
def why(name: Name, customer: Customer, as_json: AsJson = False) -> None:
    """Print why a customer is in an audience, with the rows behind each condition; or why not."""
    _explain(name, customer, as_json=as_json)


@app.command(name="why-not")
def why_not(name: Name, customer: Customer, as_json: AsJson = False) -> None:
    """Print which conditions keep a customer out of an audience, and how far off they are; or why the customer is in."""
    _explain(name, customer, as_json=as_json)


def _explain(name: str, customer: str, *, as_json: bool) -> None:
    from dmp_assets.audiences.explain import explain

    with _opened() as (connection, settings):
        found = explain(connection, _defined(settings), name, customer, _as_of(connection))
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        for sentence in found.in_words():
            typer.echo(sentence)


@app.command()
def diff(
    name: Name,
    since: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="The first as-of date that counts.")],
    as_json: AsJson = False,
) -> None:
    """Print who entered and left an audience since a date, and why."""
    from dmp_assets.audiences.explain import difference, find

    with _opened() as (connection, settings):
        find(_defined(settings), name)
        found = difference(connection, name, since.date())
    if as_json:
        print_json(found.to_dict("records"))
        return
    counts = found["change"].value_counts()
    typer.echo(
        f"Since {since:%Y-%m-%d} {counts.get('entered', 0):,} entered {name} and {counts.get('left', 0):,} left."
    )
    if not found.empty:
        print_frame(f"The newest {min(_SHOWN, len(found))}", found.head(_SHOWN))


@app.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Where to: a .csv or .parquet file.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write the members' customer ids into a file; addresses and numbers are sent with `dmp activate`."""
    from dmp_assets.audiences.export import export_members

    with _opened() as (connection, settings):
        rows = export_members(connection, _defined(settings), name, file)
    if as_json:
        print_json({"audience": name, "file": file, "members": rows})
    else:
        typer.echo(f"wrote {rows:,} members of {name} to {file}")


@contextmanager
def _opened() -> Generator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    """Yield a connection to the warehouse, and the settings."""
    from dmp_assets.platform.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        with Warehouse.from_settings(settings).read() as connection:
            yield connection, settings


def _defined(settings: Settings) -> Audiences:
    from dmp_assets.audiences.define import load_audiences

    return load_audiences(settings.audiences_dir)


def _as_of(connection: duckdb.DuckDBPyConnection) -> dt.date:
    from dmp_assets.platform.warehouse import has_table

    if not has_table(connection, "marts.customer_features"):
        raise UserError("There is no marts.customer_features yet: run `dmp build`, which makes it.")
    ((as_of_on,),) = connection.execute("select max(as_of_on) from marts.customer_features").fetchall()
    if as_of_on is None:
        raise UserError("There are no customers with features yet: load orders and run `dmp build`.")
    return as_of_on


def _made(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the size of every audience as the last build found it."""
    import pandas as pd

    from dmp_assets.platform.warehouse import has_table

    columns = ["audience", "matching", "left_out", "members", "is_small", "as_of_on"]
    if not has_table(connection, "audiences.audiences"):
        return pd.DataFrame(columns=pd.Index(columns))
    return connection.execute(f"select {', '.join(columns)} from audiences.audiences order by audience").df()
