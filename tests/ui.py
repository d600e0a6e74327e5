"""A Dagster UI that is started as a user does, asked and stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx

from dmp_assets.platform.ports import listen

LOADED_WITHIN = 300
"""Seconds that a busy machine gets to load the graph."""


@contextlib.contextmanager
def started_ui(dmp: Path, environment: dict[str, str], folder: Path) -> Generator[Callable[[str], dict[str, Any]]]:
    """Start ``dmp dev`` in a folder on a free port and yield a function that returns what it answers to a GraphQL query."""
    with listen("127.0.0.1", 0, "A probe") as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [dmp, "dev", "--port", str(port)],
        cwd=folder,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )

    def ask(query: str) -> dict[str, Any]:
        end = time.monotonic() + LOADED_WITHIN
        while True:
            try:
                answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, timeout=LOADED_WITHIN)
                return answer.json()["data"]
            except httpx.ConnectError:
                assert server.poll() is None, f"dmp dev ended with exit code {server.returncode}"
                assert time.monotonic() < end, f"nothing answers on port {port}"
                time.sleep(0.5)

    try:
        yield ask
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)
