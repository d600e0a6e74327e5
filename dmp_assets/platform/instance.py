"""Dagster's configuration in the home: what the platform needs, under what a site has set itself.

``dagster/dagster.yaml`` belongs to the site. What the platform needs is merged into it, so that settings of the site and their
comments stay; a value that the site never changed follows the platform's from version to version.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically

DEFAULTS = Path(__file__).with_name("dagster.yaml")
"""What the platform needs."""

NAME = "dagster.yaml"
LAST_DEFAULTS = ".dagster.defaults.yaml"
"""File beside it: the platform's own values that were merged last."""

_OF_AN_OLDER_VERSION = "Edit here: the copy is overwritten."


def write_instance(dagster_home: Path) -> None:
    """Write Dagster's configuration, or merge what the platform needs into what is there.

    Raises:
        UserError: the site's file is no YAML mapping.
    """
    file, record = dagster_home / NAME, dagster_home / LAST_DEFAULTS
    defaults = DEFAULTS.read_text(encoding="utf-8")
    present = file.read_text(encoding="utf-8") if file.exists() else ""
    last = record.read_text(encoding="utf-8") if record.exists() else ""
    if not present.strip() or _OF_AN_OLDER_VERSION in present:
        merged = defaults
    elif last == defaults:
        return
    else:
        merged = merged_text(present, defaults, last, file)
    write_atomically(file, merged)
    write_atomically(record, defaults)


def merged_text(present: str, defaults: str, last: str, file: Path) -> str:
    """Return a site's configuration with the platform's new values.

    Args:
        present: the site's text.
        defaults: the platform's present values.
        last: the platform's values that were merged last; a value that equals them is not the site's.
        file: the site's, for the message.

    Raises:
        UserError: the site's text is no YAML mapping.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 200
    try:
        site = yaml.load(present)
    except YAMLError as error:
        raise UserError(f"{file} is no valid YAML: {' '.join(str(error).split())[:300]}. Correct it.") from None
    if not isinstance(site, dict):
        raise UserError(f"{file} is no mapping of Dagster's settings: correct it, or delete it to get the platform's.")
    _merge(site, YAML().load(defaults), YAML().load(last) or {})
    written = io.StringIO()
    yaml.dump(site, written)
    return written.getvalue()


def _merge(site: Any, defaults: Mapping[str, Any], last: Mapping[str, Any]) -> None:
    for name, value in defaults.items():
        was = last.get(name)
        if name not in site:
            if was != value:  # otherwise the site has taken it out
                site[name] = value
        elif isinstance(value, dict) and isinstance(site[name], dict):
            _merge(site[name], value, was if isinstance(was, dict) else {})
        elif site[name] == was:
            site[name] = value
    for name in set(last) - set(defaults):
        if site.get(name) == last[name]:
            del site[name]
