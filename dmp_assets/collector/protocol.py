"""uvicorn's HTTP protocol with bounds on what a connection may hold and how long it may take."""

from __future__ import annotations

import asyncio
import re
import time
from typing import ClassVar

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES = 64 << 10
HEADER_SECONDS = 10.0
BODY_SECONDS = 10.0
CONNECTIONS = 800

_HEAD_END = re.compile(rb"\r?\n\r?\n")
# The parser takes what follows a head with an upgrade for another protocol; RFC 9110 (7.8) lets a server ignore the offer.
_UPGRADE = re.compile(rb"(?im)^upgrade(?=[ \t]*:)")


class BoundedProtocol(HttpToolsProtocol):
    """Bounds on connections, on a request's headers and on the time that a request takes to arrive; no upgrade to other protocols.

    While all connections are taken a new one takes the place of the one that has been idle longest; with none idle it is answered
    by ``too_many``.
    """

    too_many: ClassVar[ASGIApp]

    _deadline: asyncio.TimerHandle | None = None
    _header_bytes: int | None = 0  # None while no headers are awaited
    _head: bytes = b""
    _is_between_requests = True
    _idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._idle_since = time.monotonic()
        self._wait_for(HEADER_SECONDS)
        if len(self.connections) > CONNECTIONS:
            others = [each for each in self.connections if isinstance(each, BoundedProtocol) and each.is_idle]
            idle = min((each for each in others if each is not self), key=lambda each: each._idle_since, default=None)
            if idle:
                self.connections.discard(idle)
                idle.transport.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has come that is not answered."""
        return self._is_between_requests and not self._head and (self.cycle is None or self.cycle.response_complete)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a later request's headers."""
        super().on_message_begin()
        self._is_between_requests = False
        if self._deadline is None:
            self._header_bytes = 0
            self._wait_for(HEADER_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Hand on what came, a head as a whole; close the connection if the headers are too large."""
        if self._is_between_requests:
            self._unset_keepalive_if_required()
            if self._deadline is None:
                self._wait_for(HEADER_SECONDS)
            data = self._head + data
            end = _HEAD_END.search(data)
            if end is None and len(data) <= HEADER_BYTES:
                self._head = data
                return
            self._head = b""
            if end is None:
                self.transport.abort()
                return
            head = data[: end.end()]
            if b"pgrade" in head:
                data = _UPGRADE.sub(b"ignored", head) + data[end.end() :]
        elif self._header_bytes is not None:
            if self._header_bytes > HEADER_BYTES:
                self.transport.abort()
                return
            self._header_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to wait for the body; longer than the endpoints that read it, which answer if it is late."""
        self._header_bytes = None
        self._wait_for(BODY_SECONDS + 5)
        # uvicorn's own limit would answer 503, an outage, and not when to come again.
        self.app = self.too_many if len(self.connections) > CONNECTIONS else self.config.loaded_app
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._is_between_requests = True
        self._idle_since = time.monotonic()
        super().on_message_complete()

    def eof_received(self) -> bool:  # ty: ignore[incompatible-method-override]
        """Stay open for the answer to a request that is whole, though its sender will send no more."""
        if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
