"""What the collector counts: events and refused requests, for Prometheus, for the terminal and, as lines, for quarantine.

No content and no person is counted, only sources, reasons and the names of events.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from dmp_assets.collector.events import Collected
from dmp_assets.collector.wire import RequestError

UNKNOWN_SOURCE = "unknown"
"""The source of a request whose write key is missing or not known."""

NEWEST = 15
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as the live view shows it: when it came, of which source, its type and name."""

    at: datetime
    source: str
    event_type: str
    name: str


class Tally:
    """Counts of one collector since its start."""

    def __init__(self, *, is_live: bool = False) -> None:
        """Begin at zero.

        Args:
            is_live: keep the newest events for ``newest``.
        """
        self.registry = CollectorRegistry()
        self._events = Counter(
            "dmp_collector_events",
            "Events received, by what became of them.",
            ["source", "outcome"],
            registry=self.registry,
        )
        self._refused = Counter(
            "dmp_collector_refused_requests",
            "Requests refused as a whole.",
            ["source", "status", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "dmp_collector_request_seconds",
            "From a request's head to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self.is_live = is_live
        self.newest: deque[Seen] = deque(maxlen=NEWEST)
        self.totals: Counts[tuple[str, str]] = Counts()
        self._untold: Counts[tuple[str, int, str]] = Counts()

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Add a value that is read whenever someone asks."""
        Gauge(f"dmp_collector_{name}", description, registry=self.registry).set_function(read)

    def show(self, source: str, events: Iterable[object]) -> None:
        """Keep the newest events for the live view."""
        self.newest.extend(_seen(source, event) for event in events)

    def take(self, source: str, collected: Collected, seconds: float) -> None:
        """Count a request's events, which are durable now."""
        self._seconds.observe(seconds)
        if collected.accepted:
            self._count(source, "accepted", collected.accepted)
        for reason in collected.reasons:
            self._count(source, reason, 1)

    def _count(self, source: str, outcome: str, events: int) -> None:
        counted = self._counters.get((source, outcome))
        if counted is None:
            # Finding a counter by its labels takes as long as all the rest.
            counted = self._counters[source, outcome] = self._events.labels(source, outcome)
        counted.inc(events)
        self.totals[source, outcome] += events

    def refuse(self, source: str | None, error: RequestError) -> None:
        """Count a request that is refused as a whole."""
        source = source or UNKNOWN_SOURCE
        self._refused.labels(source, str(error.status), error.code).inc()
        self.totals[source, error.code] += 1
        self._untold[source, error.status, error.code] += 1

    def lines(self) -> list[bytes]:
        """Return lines for a segment that tell how many requests were refused since the last call, and why."""
        untold, self._untold = self._untold, Counts()
        now = datetime.now(UTC).isoformat()
        return [
            orjson.dumps(
                {
                    "source": source,
                    "received_at": now,
                    "reason": f"request_refused_{code}",
                    "raw": orjson.dumps({"status": status, "code": code, "requests": count}).decode(),
                }
            )
            for (source, status, code), count in untold.items()
        ]

    def text(self) -> bytes:
        """Return the counts in Prometheus' text format."""
        return generate_latest(self.registry)


def _seen(source: str, event: object) -> Seen:
    told = event if isinstance(event, dict) else {}
    event_type, name = told.get("type"), told.get("event") or told.get("name")
    return Seen(datetime.now(UTC), source, str(event_type or "?"), str(name or ""))
