"""The vault: the one place with direct identifiers, a DuckDB database encrypted with AES-256.

The extension ``httpfs``, which comes as a Python package, brings the cryptography that DuckDB needs to write an encrypted file.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import encrypt_spill, literal
from dmp_assets.privacy.keys import Keys

COLUMNS = ("source", "user_id", "anonymous_id", "kind", "value", "token", "seen_at")

_TABLE = """
    create table if not exists vault.identifiers (
        source varchar, user_id varchar, anonymous_id varchar, kind varchar, value varchar, token varchar,
        first_seen_at timestamp, last_seen_at timestamp,
        primary key (source, user_id, anonymous_id, kind, value)
    )
"""


def add_identifiers(settings: Settings, keys: Keys, found: list[tuple]) -> None:
    """Keep identifiers; what is known already is only seen again, so that a repetition changes nothing.

    Args:
        settings: name the vault.
        keys: of the vault.
        found: rows of `COLUMNS`: ids as in raw.events (None where the event has none), the value as it was sent, its
            pseudonym, and when it was seen (UTC, ISO 8601 text).

    Raises:
        UserError: as `open_vault`.
    """
    import pandas as pd

    frame = pd.DataFrame(found, columns=pd.Index(COLUMNS)).astype(object)
    if frame.empty:
        return
    with open_vault(settings, keys) as connection:
        connection.register("found", frame)
        connection.execute(_TABLE)
        connection.execute(
            """
            insert into vault.identifiers
            select source, coalesce(user_id, ''), coalesce(anonymous_id, ''), kind, value, any_value(token),
                min(cast(cast(seen_at as timestamptz) at time zone 'UTC' as timestamp)),
                max(cast(cast(seen_at as timestamptz) at time zone 'UTC' as timestamp))
            from found
            group by all
            on conflict do update set
                first_seen_at = least(first_seen_at, excluded.first_seen_at),
                last_seen_at = greatest(last_seen_at, excluded.last_seen_at)
            """
        )


def count_identifiers(settings: Settings, keys: Keys) -> dict[str, int]:
    """Return how many values of each kind the vault holds, for people and devices counted once.

    Raises:
        UserError: as `open_vault`.
    """
    with open_vault(settings, keys) as connection:
        connection.execute(_TABLE)
        rows = connection.execute(
            "select kind, count(distinct token) from vault.identifiers group by kind order by kind"
        ).fetchall()
    return dict(rows)


def forget_source(settings: Settings, keys: Keys, source: str) -> None:
    """Remove all identifiers that came from a source.

    Raises:
        UserError: as `open_vault`.
    """
    with open_vault(settings, keys) as connection:
        connection.execute(_TABLE)
        connection.execute("delete from vault.identifiers where source = ?", [source])


def rename_source(settings: Settings, keys: Keys, source: str, name: str) -> None:
    """Give the source that identifiers came from another name.

    Raises:
        UserError: as `open_vault`.
    """
    with open_vault(settings, keys) as connection:
        connection.execute(_TABLE)
        connection.execute("update vault.identifiers set source = ? where source = ?", [name, source])


@contextmanager
def private_connection(settings: Settings) -> Generator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a database in memory that encrypts what does not fit into it."""
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    limits = {"memory_limit": settings.memory_limit, "temp_directory": str(settings.spill_dir)}
    with duckdb.connect(config={**offline, **limits}) as connection:
        encrypt_spill(connection)
        connection.execute("set timezone = 'UTC'")
        yield connection


@contextmanager
def open_vault(settings: Settings, keys: Keys) -> Generator[duckdb.DuckDBPyConnection]:
    """Yield a connection to the vault as the database ``vault``, made if there is none; in one transaction.

    Raises:
        UserError: the key is not the vault's, or another process has the vault open.
    """
    with private_connection(settings) as connection:
        try:
            connection.execute(
                f"attach {literal(str(settings.vault_path))} as vault (encryption_key {literal(keys.encryption)})"
            )
        except duckdb.Error as error:
            raise UserError(_explain(settings.vault_path, keys, error)) from None
        settings.vault_path.chmod(0o600)
        connection.begin()
        try:
            yield connection
        except duckdb.Error as error:
            if any(words in str(error) for words in ("Could not read enough bytes", "Corrupt database", "AES tag")):
                raise UserError(_explain(settings.vault_path, keys, error)) from None
            connection.rollback()
            raise
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def _explain(path: Path, keys: Keys, error: duckdb.Error) -> str:
    if "lock" in str(error):
        return f"The vault {path} is open in another process: wait for it to end, then try again."
    if "Wrong encryption key" in str(error):
        return (
            f"The vault {path} cannot be opened with the key from {keys.origin}: give the key that it was made with "
            "(DMP_VAULT_KEY, or the file vault.key beside it)."
        )
    return (
        f"The vault {path} is damaged: put back a copy of it from a backup. Without one, move it away: the next load makes a new "
        "vault, and the direct identifiers that it held are lost."
    )
