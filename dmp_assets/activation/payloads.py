"""The fields of rows that are on their way or at a destination, in the vault: what was sent is sent again and removed as it was.

So a crash in between changes nothing, and a row is removed at its destination although the address it holds is meanwhile somebody
else's, or nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from dmp_assets.activation.records import Record
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import Keys
from dmp_assets.privacy.vault import open_vault

_TABLE = """
    create table if not exists vault.activated_rows (
        destination varchar, audience varchar, record_key varchar, record_content varchar, fields varchar,
        primary key (destination, audience, record_key, record_content)
    )
"""
_OF = "destination = ? and audience = ?"


def keep_fields(settings: Settings, keys: Keys, destination: str, audience: str, records: Iterable[Record]) -> None:
    """Keep the fields of rows that will be sent.

    Raises:
        UserError: as `open_vault`.
    """
    frame = pd.DataFrame(
        [(destination, audience, each.key, each.content, json.dumps(each.fields)) for each in records],
        columns=pd.Index(["destination", "audience", "record_key", "record_content", "fields"]),
    ).astype(object)
    if frame.empty:
        return
    with open_vault(settings, keys) as vault:
        vault.execute(_TABLE)
        vault.register("kept", frame)
        vault.execute("insert into vault.activated_rows from kept on conflict do nothing")


def read_fields(
    settings: Settings, keys: Keys, destination: str, audience: str, record_keys: Collection[str]
) -> Mapping[tuple[str, str], dict[str, str]]:
    """Return the fields that were kept of these rows, by key and content.

    Raises:
        UserError: as `open_vault`.
    """
    if not record_keys:
        return {}
    with open_vault(settings, keys) as vault:
        vault.execute(_TABLE)
        vault.register("asked", pd.DataFrame({"record_key": list(record_keys)}, dtype=object))
        rows = vault.execute(
            f"select record_key, record_content, fields from vault.activated_rows where {_OF} "
            "and record_key in (select record_key from asked)",
            [destination, audience],
        ).fetchall()
    return {(key, content): json.loads(fields) for key, content, fields in rows}


def forget_fields(settings: Settings, keys: Keys, destination: str, audience: str, still: Collection[str]) -> None:
    """Remove what was kept of rows that the destination has no more.

    Args:
        settings: name the vault.
        keys: of the vault.
        destination: of the rows.
        audience: of the rows.
        still: the keys of those that it has or may have.

    Raises:
        UserError: as `open_vault`.
    """
    with open_vault(settings, keys) as vault:
        vault.execute(_TABLE)
        vault.register("still", pd.DataFrame({"record_key": list(still)}, dtype=object))
        vault.execute(
            f"delete from vault.activated_rows where {_OF} and record_key not in (select record_key from still)",
            [destination, audience],
        )
