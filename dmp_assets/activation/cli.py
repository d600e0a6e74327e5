"""The commands of activation: send an audience, look at destinations and deliveries, and say whom nothing is sent to."""

from __future__ import annotations

import getpass
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.terminal import AsJson, print_frame, print_json

if TYPE_CHECKING:
    from dmp_assets.activation.sync import Planned

suppress_app = typer.Typer(help="Whom nothing is sent to, whatever else holds.", no_args_is_help=True)

_COUNTS = ("members", "added", "changed", "removed", "unchanged", "left_out")

_FILE = typer.Option(
    "--file",
    exists=True,
    dir_okay=False,
    help="A text file with an e-mail address, telephone number or customer id in each line; without it they are asked for.",
    show_default=False,
)
File = Annotated[Path | None, _FILE]


def activate(
    audience: Annotated[str, typer.Argument(help="The audience, such as at_risk.", show_default=False)],
    destination: Annotated[str, typer.Argument(help="One of destinations.yml.", show_default=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent; write and send nothing.")
    ] = False,
    even_small: Annotated[
        bool, typer.Option("--even-small", help="Send an advertiser also an audience below its threshold.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send an audience to a destination: what differs from what was sent before, with consent checked now."""
    from dmp_assets.activation.config import destination_named
    from dmp_assets.activation.sync import Activation

    with user_errors():
        settings = get_settings()
        activation = Activation(settings, audience, destination_named(settings, destination), even_small=even_small)
        report = None if dry_run else activation.run()
        planned = activation.dry_run() if report is None else report.planned
    facts = _facts(planned)
    if report is not None:
        facts |= {"sync_id": report.sync_id, "state": report.state, "reason": report.reason}
        facts |= {"fates": report.fates, "rejected": report.rejected}
    if as_json:
        print_json(facts)
    else:
        _print_plan(facts, destination)
        if report is None:
            typer.echo("Nothing was sent: this was a dry run.")
        else:
            fates = ", ".join(f"{number:,} {state}" for state, number in report.fates.items()) or "nothing to send"
            typer.echo(f"Sync {report.sync_id}: {report.state}; {fates}.")
            for words, number in report.rejected.items():
                typer.echo(f"* {number:,} rejected: {words}")
            if report.state != "done":
                typer.secho(
                    f"{report.reason}. Run the command again: it goes on from here.", fg=typer.colors.RED, err=True
                )
    if report is not None and report.state != "done":
        raise typer.Exit(1)


def destinations(as_json: AsJson = False) -> None:
    """List the destinations of destinations.yml, and whether each can be sent to as far as that is known without sending."""
    from dmp_assets.activation.config import FILE, project_destinations

    with user_errors():
        settings = get_settings()
        found = project_destinations(settings)
    listed: list[dict[str, Any]] = []
    for each in found.values():
        problem = None
        try:
            each.prepare(settings)
        except UserError as error:
            problem = str(error)
        listed.append(
            {
                "name": each.name,
                "kind": each.kind,
                "takes": each.identifiers,
                "secrets": each.secrets,
                "problem": problem,
            }
        )
    if as_json:
        print_json(listed)
    else:
        for one in listed:
            typer.echo(f"{one['name']} ({one['kind']}): takes {', '.join(one['takes'])}; {one['problem'] or 'ready'}")
        if not listed:
            typer.echo(f"{settings.project_dir / FILE} names no destination.")
    if any(one["problem"] for one in listed):
        raise typer.Exit(1)


def deliveries(
    sync_id: Annotated[
        str | None, typer.Argument(help="A sync, for its rows by what became of them.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what was sent, newest first; or what became of the rows of one sync, and why."""
    from dmp_assets.activation.state import opened

    with user_errors():
        settings = get_settings()
        with opened(settings, is_read_only=True) as state:
            if sync_id is None:
                frame = state.frame(
                    "select sync_id, audience, destination, started_at, state, members, added, changed, removed, unchanged, "
                    "left_out, reason from syncs order by number desc limit 50"
                )
            else:
                frame = state.frame(
                    "select action, state, reason, count(*) as number_of_rows from deliveries where sync_id = ? group by 1, 2, 3 "
                    "order by 1, 2, 4 desc, 3",
                    [sync_id],
                )
                if frame.empty:
                    raise UserError(f"There is no sync {sync_id}: `dmp deliveries` lists them.")
    if as_json:
        print_json(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    elif sync_id is not None:
        print_frame(f"Sync {sync_id}", frame)
    else:
        for sync in frame.to_dict("records"):
            counts = ", ".join(f"{sync[name]:,} {name.replace('_', ' ')}" for name in _COUNTS)
            line = f"{sync['sync_id']}  {sync['started_at'][:16]} UTC  {sync['audience']} to {sync['destination']}: {sync['state']}"
            typer.echo("; ".join(filter(None, [line, counts, sync["reason"]])))
        if frame.empty:
            typer.echo("Nothing was sent yet.")


@suppress_app.callback()
def suppress() -> None:
    """Whom nothing is sent to, whatever else holds; kept as pseudonyms, never in clear."""


@suppress_app.command()
def add(
    file: File = None,
    reason: Annotated[
        str, typer.Option(help="Why, in a few words; direct identifiers in it are taken out.")
    ] = "asked for it",
) -> None:
    """Put addresses, numbers or customers on the list; they are asked for, or read from a file, so that no history has them."""
    from dmp_assets.activation.state import opened
    from dmp_assets.privacy.texts import without_identifiers

    with user_errors():
        settings = get_settings()
        rows = _read(settings, file)
        with opened(settings) as state:
            number = state.suppress(rows, without_identifiers(reason), _account())
    typer.echo(f"{number:,} added. The next sync removes them where they were sent.")


@suppress_app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Print the list, as pseudonyms."""
    from dmp_assets.activation.state import opened

    with user_errors(), opened(get_settings(), is_read_only=True) as state:
        frame = state.frame(
            "select identifier_id, kind, reason, added_at, added_by from suppressions order by added_at, 1"
        )
    if as_json:
        print_json(frame.to_dict("records"))
    elif frame.empty:
        typer.echo("Nobody is on the list.")
    else:
        print_frame("Suppression list", frame)


@suppress_app.command()
def remove(file: File = None) -> None:
    """Take addresses, numbers or customers off the list; they are asked for, or read from a file."""
    from dmp_assets.activation.state import opened

    with user_errors():
        settings = get_settings()
        rows = _read(settings, file)
        with opened(settings) as state:
            number = state.release(identifier for identifier, _ in rows)
    typer.echo(f"{number:,} removed.")


def _read(settings: Settings, file: Path | None) -> list[tuple[str, str]]:
    """Return what a file or the person at the keyboard names, as identifier ids with their kinds."""
    from dmp_assets.activation.suppression import read_lines
    from dmp_assets.privacy.keys import read_keys

    if file is None:
        lines = [typer.prompt("E-mail address, telephone number or customer id", hide_input=True)]
    else:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{file} cannot be read as text in UTF-8 ({type(error).__name__}).") from None
    rows = read_lines(lines, read_keys(settings).pseudonyms)
    if not rows:
        raise UserError("Nobody is named: give an e-mail address, a telephone number or a customer id in each line.")
    return rows


def _facts(planned: Planned) -> dict[str, Any]:
    """Return a plan without anything that is in a row."""
    todo = planned.plan
    reasons = Counter(planned.left_out.values())
    return {
        "audience": planned.audience.name,
        "as_of_on": planned.audience.as_of_on,
        "members": planned.members,
        "not_allowed_in_audience": planned.audience.left_out,
        "adds": len(todo.adds),
        "changes": len(todo.changes),
        "removes": len(todo.removes),
        "unchanged": todo.unchanged,
        "left_out": dict(reasons),
        "unsettled": planned.unsettled,
        "match_rates": [
            {
                "identifier": rate.identifier,
                "members": rate.members,
                "known": rate.known,
                "usable": rate.usable,
                "repairs": rate.repairs,
            }
            for rate in planned.rates
        ],
    }


def _print_plan(facts: dict[str, Any], destination: str) -> None:
    from dmp_assets.activation.records import WORDS

    typer.echo(
        f"{facts['audience']} to {destination}: {facts['members']:,} members as of {facts['as_of_on']} "
        f"({facts['not_allowed_in_audience']:,} more meet its rule and do not allow it)"
    )
    for name in ("adds", "changes", "removes", "unchanged"):
        typer.echo(f"{facts[name]:>10,}  {name}")
    for reason, number in facts["left_out"].items():
        typer.echo(f"{number:>10,}  left out: {WORDS[reason]}")
    for rate in facts["match_rates"]:
        share = f"{rate['usable'] / rate['members']:.1%}" if rate["members"] else "-"
        typer.echo(f"{rate['identifier']}: {rate['usable']:,} of {rate['members']:,} can be matched by it ({share})")
        for words, number in rate["repairs"].items():
            typer.echo(f"* {number:,}: {words}")
    if facts["unsettled"]:
        typer.echo(
            f"{facts['unsettled']:,} rows of an earlier sync are settled first: it ended while they were on their way."
        )


def _account() -> str:
    """Return who is at the keyboard."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user {os.getuid()}"
