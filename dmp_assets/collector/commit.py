"""Group commit: requests that arrive while a write is on its way to the disk share the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

logger = logging.getLogger("uvicorn.error")


class EventWriter(Protocol):
    """Where accepted lines go: files (``SegmentWriter``) or Kafka (``KafkaWriter``)."""

    def append(self, lines: Sequence[bytes]) -> None:
        """Return once the lines are durable; raise OSError if they are not."""

    def seal_if_due(self) -> None:
        """Do what is due without an append; called every second."""

    def close(self) -> None:
        """Finish; nothing is appended afterwards."""


class GroupCommit:
    """Runs a writer in one thread, so that the event loop never waits for the disk."""

    def __init__(self, writer: EventWriter) -> None:
        """Take the writer over; ``close`` closes it."""
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "commit")
        self._waiting: list[tuple[list[bytes], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._failed_at = float("-inf")

    async def commit(self, lines: list[bytes]) -> None:
        """Return once the lines are durable.

        Raises:
            OSError: they are not; none of them was acknowledged.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((lines, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_waiting())
        await done

    def seconds_since_failure(self) -> float:
        """Return how long ago a write failed; infinite if none did."""
        return time.monotonic() - self._failed_at

    async def seal_if_due(self) -> None:
        """Let the writer seal what is due."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.seal_if_due)

    async def close(self) -> None:
        """Write what waits and close the writer."""
        if self._task:
            await self._task
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()

    async def _write_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            lines = [line for request_lines, _ in group for line in request_lines]
            failure: Exception | None = None
            try:
                await loop.run_in_executor(self._thread, self._writer.append, lines)
            except Exception as error:  # noqa: BLE001 (each request of the group gets it and answers)
                logger.error("%d requests cannot be written: %s", len(group), error)
                failure = error
                self._failed_at = time.monotonic()
            for _, done in group:
                if done.done():
                    continue
                if failure:
                    done.set_exception(failure)
                else:
                    done.set_result(None)
