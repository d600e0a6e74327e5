"""Who told of consent in events that have arrived and are in no table yet: nothing is sent to them before these are.

Such events are in the collector's open and sealed segments, or loaded and not built. What they decide is not worked out here:
whoever one of them names waits, whatever it says. Files that no build has loaded are not looked at, nor is what waits in Kafka.
"""

from __future__ import annotations

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from dmp_assets.collector.load import EVENTS, read_lines
from dmp_assets.collector.segments import OPEN_SUFFIX, sealed_segments
from dmp_assets.collector.tracking_plan import read_plan
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.platform.warehouse import has_relation, has_table
from dmp_assets.privacy.keys import Keys
from dmp_assets.privacy.texts import read_search

_BOUNCE = "Email Bounced"

_LOADED = """
    select customer_id, anonymous_id, email_token, phone_token,
        consent is not null or event_name in (select unnest(?)) or not coalesce(is_sale_allowed, true) as decides
    from intermediate.int_events_checked
    where reject_reason is null
        and _load_id in (
            select load_id from raw._loads
            where table_name = 'events' and load_id not in (select _load_id from marts.fct_events)
        )
        and event_id not in (select event_id from marts.fct_events)
"""


def waiting_segments(settings: Settings, keys: Keys) -> list[tuple[frozenset[str], bool]]:
    """Return the events in the collector's segments: what each names, as identifier ids, and whether it tells of consent.

    A segment that vanishes meanwhile has been loaded: so this is asked before `loaded_events`.

    Raises:
        UserError: as `read_plan` and `read_search`, or a segment cannot be read.
    """
    names = refusing_names(settings)
    plan, search = read_plan(settings.project_dir), partial(read_search, settings)
    found = []
    for path in (*sealed_segments(settings.collector_dir), *(settings.collector_dir / "open").glob(f"*{OPEN_SUFFIX}")):
        for row in read_lines(_lines(path), path.name, keys, search, plan).events:
            event = dict(zip(EVENTS, row, strict=True))
            decides = event["consent"] is not None or event["is_gpc"] or event["event_name"] in names
            found.append((frozenset(_named(event)), bool(decides)))
    return found


def loaded_events(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[tuple[frozenset[str], bool]]:
    """Return the events that are loaded and that no build has taken into the tables; as `waiting_segments`."""
    if not has_table(connection, "marts.fct_events") or not has_relation(connection, "intermediate.int_events_checked"):
        return []
    rows = connection.execute(_LOADED, [sorted(refusing_names(settings))]).fetchall()
    found = []
    for customer, device, email, phone, decides in rows:
        parts = (customer, device and f"device:{device}", email and f"email:{email}", phone and f"phone:{phone}")
        found.append((frozenset(filter(None, parts)), bool(decides)))
    return found


def undecided(events: Iterable[tuple[frozenset[str], bool]]) -> frozenset[str]:
    """Return the identifiers that events which tell of consent name, and all that other events name together with these."""
    beside: defaultdict[str, set[str]] = defaultdict(set)
    open_ = set()
    for names, decides in events:
        for name in names:
            beside[name] |= names
        if decides:
            open_ |= names
    found: set[str] = set()
    while open_:
        found |= open_
        open_ = {other for name in open_ for other in beside[name]} - found
    return frozenset(found)


def refusing_names(settings: Settings) -> frozenset[str]:
    """Return the events that refuse a channel by their name."""
    return frozenset([*(project_variables(settings).get("refusing_events") or {}), _BOUNCE])


def _named(event: Mapping[str, Any]) -> Iterator[str]:
    namespace = event["namespace"]
    for column, before in (("user_id", ""), ("previous_id", ""), ("anonymous_id", "device:")):
        if event[column]:
            yield f"{before}{namespace}:{event[column]}"
    for kind in ("email", "phone"):
        if event[f"{kind}_token"]:
            yield f"{kind}:{event[f'{kind}_token']}"


def _lines(path: Path) -> list[bytes]:
    """Return the whole lines of a segment: what was not written to its end was never acknowledged."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        return []
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"The segment {path} is damaged or cannot be read ({type(error).__name__}), and may hold refusals: nothing was sent. "
            "`dmp build` sets it aside; put it back from a backup."
        ) from None
    return [line for line in content.split(b"\n")[:-1] if line]
