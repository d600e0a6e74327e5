"""How many events a write key may send: a bucket that fills by the minute (the token bucket of RFC 2697, with one rate)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from dmp_assets.collector.keys import WriteKey

SECONDS = 60.0


class Allowances:
    """What is left to each key that has a limit; a whole minute's events may come at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            clock: seconds that never run backwards.
        """
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, key: WriteKey) -> int:
        """Return how many whole seconds to wait until the key may send again; 0 if it may now."""
        limit = key.events_per_minute
        if limit is None:
            return 0
        left, _ = self._refilled(key, limit)
        return 0 if left >= 1 else math.ceil((1 - left) * SECONDS / limit)

    def take(self, key: WriteKey, events: int) -> None:
        """Take events from the key's bucket; a large batch may take more than is left, and the next one waits the longer."""
        limit = key.events_per_minute
        if limit is not None:
            left, now = self._refilled(key, limit)
            self._left[key.token_hash] = (left - events, now)

    def _refilled(self, key: WriteKey, limit: int) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(key.token_hash, (float(limit), now))
        return min(float(limit), left + (now - at) * limit / SECONDS), now
