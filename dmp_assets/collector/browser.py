"""What the browser clients ask for before they send: their settings, and the script itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dmp_assets.collector.wire import RequestError
from dmp_assets.platform.errors import UserError

# The file's name in a page's address, and where the npm package has it. Both are under the MIT licence.
_SEGMENT = "@segment/analytics-next/dist/umd"
_BUNDLE = re.compile(r"[A-Za-z0-9._-]+\.js")


def checked_address(url: str) -> str:
    """Return the address by which browsers reach the collector, without a slash behind it.

    Raises:
        UserError: it is none, or has more than scheme and host.
    """
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise UserError(
            f"--public-url {url} is not accepted: give scheme and host, such as https://events.shop.example."
        )
    return f"{parts.scheme}://{parts.netloc}"


def segment_settings(token: str, address: str) -> dict[str, Any]:
    """Return what analytics.js (`@segment/analytics-next`) needs to start: it sends here, and to nobody else.

    Args:
        token: the write key that the page has.
        address: the collector's, as the browser sees it: ``https://events.shop.example``.
    """
    scheme, _, host = address.partition("://")
    destination = {"apiKey": token, "apiHost": f"{host}/v1", "protocol": scheme, "type": "server"}
    return {
        "integrations": {"Segment.io": destination},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def rudder_source_config(token: str, source: str) -> dict[str, Any]:
    """Return what `@rudderstack/analytics-js` needs to start: a source without destinations, and no reports to its maker."""
    off = {"enabled": False}
    return {
        "source": {
            "id": source,
            "name": source,
            "writeKey": token,
            "enabled": True,
            "workspaceId": source,
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "connections": [],
            "destinations": [],
            "dataplanes": {},
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }


class Scripts:
    """The browser client's files, from an npm package that someone installed."""

    def __init__(self, node_modules: Path | None) -> None:
        """Look whether the package is there.

        Args:
            node_modules: the folder into which npm installed it; None serves no scripts.

        Raises:
            UserError: it is not there.
        """
        self._folder = node_modules and node_modules / _SEGMENT
        if self._folder and not (self._folder / "standalone.js").is_file():
            raise UserError(
                f"{node_modules} has no @segment/analytics-next: run `npm install @segment/analytics-next` and name "
                "the folder node_modules that it fills."
            )

    def read(self, name: str | None) -> bytes:
        """Return a file of the client: the script for pages, or a part that it loads later by name.

        Raises:
            RequestError: 404, there is no such file or no script is served.
        """
        if self._folder is None:
            raise RequestError(404, "no_scripts", "this collector serves no scripts: start it with --scripts")
        try:
            if name is not None and not _BUNDLE.fullmatch(name):
                raise FileNotFoundError
            return (self._folder / (name or "standalone.js")).read_bytes()
        except OSError:
            raise RequestError(404, "unknown_script", f"there is no script {name}") from None
