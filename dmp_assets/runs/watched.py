"""What of the graph is watched: its blocking checks and how often its assets are due.

To make the graph takes seconds of imports, and to look after a platform needs no more than this of it. So it is kept in
``watched.json`` in the home, under a hash of what it follows from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from dmp_assets.platform.automation import cadence_of
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.fingerprint import graph_hash


@dataclass(frozen=True)
class Watched:
    """What is watched of a graph.

    Attributes:
        blocking: the checks that hold back what is downstream of them.
        cadences: how often each asset is made anew.
    """

    blocking: frozenset[dg.AssetCheckKey] = frozenset()
    cadences: Mapping[dg.AssetKey, str] = field(default_factory=dict)


def watched_of(gate: Gate, specs: Iterable[dg.AssetSpec]) -> Watched:
    """Return what is watched of a graph with this gate and these assets."""
    return Watched(frozenset().union(*gate.upstream.values()), {spec.key: cadence_of(spec) for spec in specs})


def keep_watched(settings: Settings, graph: dg.Definitions) -> Watched:
    """Return what is watched of the graph under these settings, and keep it in the home."""
    watched = watched_of((graph.resources or {})["gate"], graph.resolve_all_asset_specs())
    kept = {
        "graph": graph_hash(settings),
        "blocking": sorted([check.asset_key.to_user_string(), check.name] for check in watched.blocking),
        "cadences": {key.to_user_string(): cadence for key, cadence in sorted(watched.cadences.items())},
    }
    write_atomically(_file(settings), json.dumps(kept, indent=1))
    return watched


def read_watched(settings: Settings, graph: Callable[[], dg.Definitions]) -> Watched:
    """Return what is watched of the graph as it was kept; where that is of another graph, the graph is made.

    Args:
        settings: of the platform.
        graph: makes the graph under them.
    """
    try:
        kept = json.loads(_file(settings).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # what was cut is as good as none
        kept = {}
    if kept.get("graph") != graph_hash(settings):
        return keep_watched(settings, graph())
    key = dg.AssetKey.from_user_string
    return Watched(
        frozenset(dg.AssetCheckKey(key(asset), name) for asset, name in kept["blocking"]),
        {key(asset): cadence for asset, cadence in kept["cadences"].items()},
    )


def _file(settings: Settings) -> Path:
    return settings.home / "watched.json"
