"""The commands of identity: look at who is who and why, and decide otherwise. A plain address or number is stored nowhere."""

from __future__ import annotations

import dataclasses
import datetime as dt
import getpass
import os
from collections.abc import Generator
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer

from dmp_assets.platform.errors import UserError, user_errors
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.terminal import AsJson, print_json

if TYPE_CHECKING:
    import duckdb

    from dmp_assets.identity.decisions import Action, Decision

app = typer.Typer(
    help="Who is who: which identifiers are one person's, why, and decisions about it.", no_args_is_help=True
)

_FORMS = (
    "a customer id (shop:42), a device (device:shop:7f3a), a plain e-mail address or phone number, or any identifier_id"
)
One = Annotated[str, typer.Argument(help=f"An identifier: {_FORMS}.", show_default=False)]
Other = Annotated[str, typer.Argument(help="Another one.", show_default=False)]
Reason = Annotated[
    str, typer.Option(help="Why, in a few words; kept with the decision. Direct identifiers in it are taken out.")
]


@app.callback()
def identity() -> None:
    """Who is who: which identifiers are one person's, why, and decisions about it."""


@app.command()
def why(one: One, other: Other, as_json: AsJson = False) -> None:
    """Print why two identifiers are one person's, link by link, or what keeps them apart."""
    from dmp_assets.identity import explain

    with _asked(one, other) as (_, connection, names):
        answer = explain.why(connection, *names)
    if as_json:
        print_json(dataclasses.asdict(answer))
    else:
        for sentence in answer.in_words():
            typer.echo(sentence)


@app.command()
def match(one: One, other: Other, as_json: AsJson = False) -> None:
    """Print how alike two customers of two sources are, comparison by comparison, and what each adds to the odds; no values."""
    from dmp_assets.identity import waterfall

    with _asked(one, other) as (_, connection, names):
        found = waterfall.match(connection, *names)
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        for line in found.in_words():
            typer.echo(line)


@app.command()
def show(one: One, as_json: AsJson = False) -> None:
    """Print all that is known of an identifier: whose it was when, what else is that person's, links, merges and splits."""
    from dmp_assets.identity import explain
    from dmp_assets.platform.terminal import print_frame

    with _asked(one) as (_, connection, names):
        shown = explain.show(connection, *names)
    if as_json:
        print_json(dataclasses.asdict(shown))
        return
    identifier = shown.identifier
    typer.echo(f"{identifier['identifier_id']} is of {shown.person_id or 'nobody'}.")
    if identifier["blocked_because"]:
        typer.echo(f"It is blocked by {identifier['blocked_because']}.")
    for title, rows in (
        ("Whose it was", shown.history),
        (f"All identifiers of {shown.person_id}", shown.of_person),
        ("Merges and splits", shown.changes),
    ):
        if rows:
            print_frame(title, explain.as_shown(rows))
    for link in shown.links:
        typer.echo(explain.link_in_words(link))


@app.command()
def split(
    one: One,
    other: Annotated[str, typer.Option("--from", help="The identifier that is somebody else's.", show_default=False)],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Decide that two identifiers are not one person's: from the next build on it is as if nothing had ever joined them."""
    _decide("split", one, other, reason=reason, as_json=as_json)


@app.command()
def join(one: One, other: Other, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that two identifiers are one person's, whatever the limits say; known from now on."""
    _decide("join", one, other, reason=reason, as_json=as_json)


@app.command()
def block(one: One, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that a value is nobody's: it joins nobody, and belongs to nobody."""
    _decide("block", one, reason=reason, as_json=as_json)


@app.command()
def take_back(
    one: One,
    reason: Reason,
    other: Annotated[
        str | None, typer.Argument(help="The other one; leave it out for a value that is blocked.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take back the decision that holds of a value or of two identifiers: as if it had never been taken, and kept in the list."""
    from dmp_assets.identity.decisions import add_decision, read_decisions, states
    from dmp_assets.identity.explain import possible_names

    with user_errors():
        settings = get_settings()
        texts = [one] if other is None else [one, other]
        names = [possible_names(settings, text) for text in texts]
        taken = read_decisions(settings.home)
        held = [
            decision
            for decision, state in zip(taken, states(taken), strict=True)
            if state == "holds" and decision.subject in map(frozenset, product(*names))
        ]
        if not held:
            raise UserError("No decision about that holds: `dmp identity decisions` lists all of them.")
        back = _decision("take_back", held[0].identifier_id, held[0].other_identifier_id, reason=reason)
        add_decision(settings.home, back)
        taken.append(back)
    again = next(
        (
            decision
            for decision, state in zip(taken, states(taken), strict=True)
            if state == "holds" and decision.subject == back.subject
        ),
        None,
    )
    if as_json:
        print_json({"taken_back": held[0].model_dump(), "holds_again": again and again.model_dump()})
        return
    typer.echo(f"Taken back: {_in_words(held[0])}. Now: `dmp build`.")
    if again:
        typer.echo(f"So what was decided before holds again: {_in_words(again)}.")


@app.command()
def decisions(as_json: AsJson = False) -> None:
    """Print every decision that was ever taken, in their order: what, by whom, when and why, and whether it holds."""
    from dmp_assets.identity.decisions import read_decisions, states

    with user_errors():
        taken = read_decisions(get_settings().home)
    became = list(zip(taken, states(taken), strict=True))
    if as_json:
        print_json([{**decision.model_dump(), "state": state} for decision, state in became])
        return
    for decision, state in became:
        typer.echo(f"{_in_words(decision)} ({state})")
    if not became:
        typer.echo("Nobody decided anything yet.")


@contextmanager
def _asked(*texts: str) -> Generator[tuple[Settings, duckdb.DuckDBPyConnection, list[str]]]:
    """Yield settings, the warehouse, and what the texts name."""
    from dmp_assets.identity.explain import known_identifier
    from dmp_assets.platform.warehouse import Warehouse

    with user_errors():
        settings = get_settings()
        with Warehouse.from_settings(settings).read() as connection:
            yield settings, connection, [known_identifier(connection, settings, text) for text in texts]


def _decide(action: Action, *texts: str, reason: str, as_json: bool) -> None:
    from dmp_assets.identity.decisions import add_decision
    from dmp_assets.identity.rules import project_rules

    with _asked(*texts) as (settings, connection, names):
        if len(set(names)) < len(names):
            raise UserError(f"Both are the same identifier, {names[0]}: name two.")
        glue = project_rules(settings).glue
        for name, kind, blocked in connection.execute(
            "select identifier_id, kind, blocked_because from identity.identifiers where identifier_id in (select unnest(?))",
            [names],
        ).fetchall():
            if action != "block" and kind not in glue:
                raise UserError(
                    f"{name} is of kind {kind}, which joins nobody: it belongs to whoever is named with it. "
                    f"Name identifiers of kind {', '.join(glue)}."
                )
            if action == "join" and blocked:
                raise UserError(f"{name} is nobody's by {blocked}, so nobody can be joined with it.")
        decision = _decision(action, *names, reason=reason)
        add_decision(settings.home, decision)
    if as_json:
        print_json(decision.model_dump())
    else:
        typer.echo(f"Decided: {action} {' and '.join(names)}. Now: `dmp build`.")


def _decision(action: Action, one: str, other: str | None = None, *, reason: str) -> Decision:
    """Return a decision that is taken now, by whoever is at the keyboard."""
    from dmp_assets.identity.decisions import Decision
    from dmp_assets.privacy.texts import without_identifiers

    return Decision(
        decided_at=dt.datetime.now(dt.UTC).replace(tzinfo=None),
        decided_by=_account(),
        action=action,
        identifier_id=one,
        other_identifier_id=other,
        reason=without_identifiers(reason),
    )


def _in_words(decision: Decision) -> str:
    about = " and ".join(filter(None, (decision.identifier_id, decision.other_identifier_id)))
    when = f"{decision.decided_at:%Y-%m-%d %H:%M} UTC"
    return f"{decision.action.replace('_', ' ')} {about}, decided by {decision.decided_by} at {when}: {decision.reason}"


def _account() -> str:
    """Return who is at the keyboard."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user {os.getuid()}"
