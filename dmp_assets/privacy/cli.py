"""The commands of the vault; what they print never holds an identifier."""

from __future__ import annotations

import typer

from dmp_assets.platform.errors import user_errors
from dmp_assets.platform.terminal import AsJson, print_json

app = typer.Typer(help="The encrypted vault of direct identifiers.", no_args_is_help=True)


@app.callback()
def vault() -> None:
    """The encrypted vault of direct identifiers."""


@app.command()
def status(as_json: AsJson = False) -> None:
    """Print where the vault is, where its key comes from, and how many identifiers of each kind it holds."""
    from dmp_assets.platform.settings import get_settings
    from dmp_assets.privacy.keys import read_keys
    from dmp_assets.privacy.vault import count_identifiers

    with user_errors():
        settings = get_settings()
        keys = read_keys(settings)
        counts = count_identifiers(settings, keys)
    if as_json:
        print_json({"vault": settings.vault_path, "key": keys.origin, "identifiers": counts})
        return
    typer.echo(f"Vault: {settings.vault_path}, opened with the key from {keys.origin}.")
    for kind, count in counts.items():
        typer.echo(f"{count:>12,}  {kind}")
    if not counts:
        typer.echo("It is empty.")
