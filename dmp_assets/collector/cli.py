"""The commands ``dmp collect`` and ``dmp keys``."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dmp_assets.platform.errors import user_errors
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.terminal import AsJson, print_json

if TYPE_CHECKING:
    from dmp_assets.collector.commit import EventWriter
    from dmp_assets.collector.tally import Tally

keys_app = typer.Typer(help="The write keys by which sources send events.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(help="The key's id, as `dmp keys list` shows it.")]


def collect(
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 is any free one.")] = 8080,
    public_url: Annotated[
        str | None,
        typer.Option(
            help="The address by which browsers reach the collector, such as https://events.shop.example: what a proxy before it "
            "is called. Without it the browser client sends to the host that it asked for its settings."
        ),
    ] = None,
    scripts: Annotated[
        Path | None,
        typer.Option(
            help="The folder node_modules with @segment/analytics-next, to serve the script to pages at "
            "/analytics.js/v1/WRITE_KEY/analytics.min.js."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Show what arrives: counts and the newest events, without personal values.")
    ] = False,
) -> None:
    """Receive events over HTTP until stopped, and keep them for the next refresh to load.

    /health tells whether events can be written, /metrics the counts in Prometheus' text format: keep both from the public.
    """
    with user_errors():
        settings = get_settings()
        from dmp_assets.collector.browser import Scripts, checked_address
        from dmp_assets.collector.keys import KeyReader
        from dmp_assets.collector.server import Collector, serve
        from dmp_assets.collector.tally import Tally
        from dmp_assets.platform.ports import listen

        keys = KeyReader(settings.collector_dir / "keys.json")
        tally = Tally(is_live=live)
        address = checked_address(public_url) if public_url else None
        script_files = Scripts(scripts)
        listening = listen(host, port, "The collector")
        collector = Collector(keys, _writer(settings), tally=tally, scripts=script_files, public_url=address)
        typer.echo(f"The collector listens on http://{host}:{listening.getsockname()[1]}")
        with _shown(tally) if live else contextlib.nullcontext():
            serve(collector, listening)


@keys_app.command()
def create(
    source: Annotated[str, typer.Argument(help="The source that will send with it: a-z, 0-9 and _.")],
    namespace: Annotated[
        str | None,
        typer.Option(
            help="What goes before the source's ids of customers and devices; the source's name unless given."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="The write key itself, for clients that have one already: 16 to 128 letters, digits, _ and -. Else one is made."
        ),
    ] = None,
    events_per_minute: Annotated[
        int | None,
        typer.Option(min=1, help="What it may send; more is told to come again later. Without it any number."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a write key and print it, this once: only its hash is kept."""
    with user_errors():
        from dmp_assets.collector.keys import create_key

        token, stored = create_key(
            get_settings().collector_dir / "keys.json",
            source,
            namespace or source,
            token=key,
            events_per_minute=events_per_minute,
        )
    if as_json:
        facts = {"write_key": token, "key_id": stored.key_id, "source": stored.source, "namespace": stored.namespace}
        print_json(facts)
    else:
        typer.echo(f"{token}\nThis is the write key of {source} (id {stored.key_id}). It is not shown again.")


@keys_app.command(name="list")
def list_keys(as_json: AsJson = False) -> None:
    """Print the write keys: id, source, namespace, when they were made, what they may send, whether they are disabled."""
    with user_errors():
        from dmp_assets.collector.keys import read_keys

        keys = read_keys(get_settings().collector_dir / "keys.json")
    if as_json:
        hidden = {"token_hash"}
        rows = [
            {"key_id": key.key_id} | {k: v for k, v in dataclasses.asdict(key).items() if k not in hidden}
            for key in keys
        ]
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "source", "namespace", "created", "events a minute", "state")
    for key in keys:
        limit = "any" if key.events_per_minute is None else f"{key.events_per_minute:,}"
        state = "disabled" if key.is_disabled else "enabled"
        table.add_row(key.key_id, key.source, key.namespace, key.created_at, limit, state)
    Console().print(table)


@keys_app.command()
def disable(key_id: KeyId) -> None:
    """Refuse a key's events until it is enabled again; a running collector follows within a second."""
    _set_disabled(key_id, is_disabled=True)


@keys_app.command()
def enable(key_id: KeyId) -> None:
    """Accept a key's events again."""
    _set_disabled(key_id, is_disabled=False)


@keys_app.command()
def revoke(key_id: KeyId) -> None:
    """Forget a key for good; clients that still use it are refused as unknown."""
    with user_errors():
        from dmp_assets.collector.keys import revoke_key

        key = revoke_key(get_settings().collector_dir / "keys.json", key_id)
    typer.echo(f"The write key {key.key_id} of {key.source} is revoked.")


def _set_disabled(key_id: str, *, is_disabled: bool) -> None:
    with user_errors():
        from dmp_assets.collector.keys import set_disabled

        key = set_disabled(get_settings().collector_dir / "keys.json", key_id, is_disabled=is_disabled)
    typer.echo(f"The write key {key.key_id} of {key.source} is {'disabled' if is_disabled else 'enabled'}.")


def _shown(tally: Tally) -> contextlib.AbstractContextManager[None]:
    from dmp_assets.collector.live import shown

    return shown(tally)


def _writer(settings: Settings) -> EventWriter:
    if settings.collector_kafka:
        from dmp_assets.collector.kafka import KafkaWriter

        return KafkaWriter(settings.collector_kafka, settings.collector_kafka_topic)
    from dmp_assets.collector.segments import SegmentWriter

    return SegmentWriter(settings.collector_dir)
