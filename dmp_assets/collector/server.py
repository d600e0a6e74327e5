"""The collector's HTTP server: the endpoints of the Segment tracking API over a group commit.

An event is acknowledged (200) only once it is durable. What a client can make the server hold is bounded in bytes and in time:
the size of a body and of the headers, how long they may take to arrive, and how much may wait for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dmp_assets.collector import events, wire
from dmp_assets.collector.commit import EventWriter, GroupCommit
from dmp_assets.collector.events import Collected, Receipt, Source
from dmp_assets.collector.keys import KeyReader
from dmp_assets.collector.wire import RequestError

# What all requests together may hold, as bodies and as lines that wait; the parsed objects of one request come on top.
WAITING_BYTES = 32 << 20
# A refused body is read to this size, so that the client sees the answer and not a broken connection.
DRAIN_BYTES = 32 << 20
HEADER_BYTES = 64 << 10
HEADER_SECONDS = 10.0
BODY_SECONDS = 10.0
CONNECTIONS = 800
RETRY_SECONDS = 1
OUTAGE_SECONDS = 5
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

# The last part of the path, long or as the browser client shortens it; None is a batch.
CALLS: dict[str, str | None] = {
    **{event_type: event_type for event_type in events.EVENT_TYPES},
    **{event_type[0]: event_type for event_type in events.EVENT_TYPES},
    **dict.fromkeys(("batch", "b", "import")),
}

logger = logging.getLogger("uvicorn.error")


class Collector:
    """The endpoints, over the write keys and a writer."""

    def __init__(self, keys: KeyReader, writer: EventWriter, *, waiting_bytes: int = WAITING_BYTES) -> None:
        """Take the writer over; the application closes it when it stops."""
        self._keys = keys
        self._commit = GroupCommit(writer)
        self._room = waiting_bytes

    def app(self) -> Starlette:
        """Return the ASGI application."""
        app = Starlette(
            routes=[
                Route("/v1/{call}", self._call, methods=["POST"]),
                Route("/beacon/v1/batch", self._beacon, methods=["POST"]),
                Route("/pixel/v1/{call}", self._pixel, methods=["GET"]),
                Route("/v1/projects/{key}/settings", self._settings, methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/{path:path}", _elsewhere, methods=["OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE"]),
            ],
            middleware=[
                # No cookie is ever read, so that any page may send, also from clients that send cookies along.
                Middleware(
                    CORSMiddleware,
                    allow_origin_regex=".*",
                    allow_credentials=True,
                    allow_methods=["GET", "POST", "OPTIONS"],
                    allow_headers=["*"],
                    max_age=86_400,
                )
            ],
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncGenerator[None]:
        sealing = asyncio.create_task(self._seal_every_second())
        try:
            yield
        finally:
            sealing.cancel()
            try:
                await self._commit.close()
            except OSError as error:
                logger.error("What was received waits on the disk and is sealed at the next start: %s", error)

    async def _seal_every_second(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self._commit.seal_if_due()
            except OSError as error:
                logger.warning("A segment could not be sealed: %s", error)

    async def _call(self, request: Request) -> Response:
        call = request.path_params["call"]
        if call not in CALLS:
            return _refused(RequestError(404, "unknown_call", f"there is no call {call}"))
        return await self._answer(request, CALLS[call])

    async def _beacon(self, request: Request) -> Response:
        return await self._answer(request, None)

    async def _answer(self, request: Request, event_type: str | None) -> Response:
        try:
            with self._holding() as hold:
                # Body and parsed objects, several times the size of the lines, are not kept while these wait for the disk.
                collected = self._collect_body(request, await _read_body(request, hold), event_type)
                await self._keep(collected, hold)
        except ClientDisconnect:
            return Response(status_code=400)
        except RequestError as error:
            return _refused(error)
        return _json({"success": True})

    async def _pixel(self, request: Request) -> Response:
        """Answer 200 and the image in any case: a mail client or proxy can do nothing with a refusal but show it."""
        with self._holding() as hold:
            try:
                call = request.path_params["call"]
                if call not in ("track", "page"):
                    raise RequestError(404, "unknown_call", f"there is no pixel {call}")
                query = parse_qsl(request.scope["query_string"].decode("latin-1"), max_num_fields=500)
                await self._keep(self._collect(request, wire.event_of_query(query), call), hold)
            except (RequestError, ValueError) as error:
                logger.info("A pixel is refused: %s", error)
        return Response(GIF, media_type="image/gif", headers={"Cache-Control": "no-store"})

    def _collect_body(self, request: Request, body: bytes, event_type: str | None) -> Collected:
        message = wire.parse(wire.decode(body, request.headers.get("content-encoding", "")))
        return self._collect(request, message, event_type)

    def _collect(self, request: Request, message: dict[str, Any], event_type: str | None) -> Collected:
        token = wire.write_key(
            request.headers.get("authorization", ""), message.get("writeKey"), request.query_params.get("writeKey")
        )
        receipt = Receipt(
            datetime.now(UTC), request.headers.get("sec-gpc") == "1", request.headers.get("user-agent", "")
        )
        return events.collect(message, event_type, self._source(token), receipt)

    async def _keep(self, collected: Collected, hold: Callable[[int], None]) -> None:
        """Make a request's lines durable.

        Raises:
            RequestError: they cannot be written now, or they are nothing but refused events.
        """
        if collected.lines:
            hold(sum(map(len, collected.lines)))
            try:
                await self._commit.commit(collected.lines)
            except OSError:
                raise RequestError(503, "unavailable", "events cannot be written now; send them again") from None
        if collected.reasons and not collected.accepted:
            reason = collected.reasons[0]
            raise RequestError(400, reason, events.REASONS[reason])

    def _source(self, token: str) -> Source:
        key = self._keys.find(token) if token else None
        if key is None:
            raise RequestError(401, "unknown_write_key", "the write key is missing or not known")
        if key.is_disabled:
            raise RequestError(404, "disabled_source", "the source of this write key is disabled")
        return Source(key.source, key.namespace)

    @contextlib.contextmanager
    def _holding(self) -> Generator[Callable[[int], None]]:
        """Yield a function that takes room for bytes, or refuses with 429; all are given back at the end."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self._room:
                raise RequestError(429, "too_busy", "too much waits to be written; send it again")
            self._room -= size
            held += size

        try:
            yield hold
        finally:
            self._room += held

    async def _settings(self, request: Request) -> Response:
        """Tell the browser client where to send events: here, and to nobody else."""
        token = request.path_params["key"]
        try:
            self._source(token)
        except RequestError as error:
            return _refused(RequestError(404, error.code, error.message))
        host = request.headers.get("host", "")
        destination = {"apiKey": token, "apiHost": f"{host}/v1", "protocol": request.scope["scheme"], "type": "server"}
        return _json(
            {
                "integrations": {"Segment.io": destination},
                "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
                "enabledMiddleware": {},
                "metrics": {"sampleRate": 0},
                "legacyVideoPluginsEnabled": False,
                "remotePlugins": [],
            }
        )

    async def _health(self, _request: Request) -> Response:
        if self._commit.seconds_since_failure() < OUTAGE_SECONDS:
            return _json({"status": "events cannot be written"}, 503)
        return _json({"status": "ok"})


async def _elsewhere(request: Request) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204)
    return _refused(RequestError(404, "unknown_path", f"there is no {request.method} {request.scope['path']}"))


async def _read_body(request: Request, hold: Callable[[int], None]) -> bytes:
    """Return a request's body as sent.

    Raises:
        RequestError: 413 too large, 408 too slow, 429 too much is held; a refused body is read and thrown away.
    """
    chunks: list[bytes] = []
    size = 0
    refusal: RequestError | None = None
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if refusal is None:
                    try:
                        if size > wire.BODY_BYTES:
                            raise wire.body_too_large()
                        hold(len(chunk))
                        chunks.append(chunk)
                    except RequestError as error:
                        refusal = error
                        chunks.clear()
                elif size > DRAIN_BYTES:
                    break
    except TimeoutError:
        raise RequestError(408, "too_slow", f"a body arrives within {BODY_SECONDS:g} seconds") from None
    if refusal:
        raise refusal
    return b"".join(chunks)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def _refused(error: RequestError) -> Response:
    headers = {}
    if error.status in (408, 413):
        headers["Connection"] = "close"
    if error.status == 429:
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif error.status == 503:
        headers["Retry-After"] = str(OUTAGE_SECONDS)
    return _json({"code": error.code, "message": error.message}, error.status, headers)


TOO_MANY = _refused(RequestError(429, "too_busy", f"more than {CONNECTIONS} connections are open; send it again"))
TOO_MANY.headers["Connection"] = "close"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds on connections, on a request's headers and on the time that a request takes to arrive."""

    _deadline: asyncio.TimerHandle | None = None
    _header_bytes: int | None = 0  # None while no headers are awaited

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for(HEADER_SECONDS)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a later request's headers."""
        super().on_message_begin()
        if self._deadline is None:
            self._header_bytes = 0
            self._wait_for(HEADER_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Close the connection if the headers are too large."""
        if self._header_bytes is not None:
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
        self.app = TOO_MANY if len(self.connections) > CONNECTIONS else self.config.loaded_app
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop waiting."""
        self._stop_waiting()
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


def serve(collector: Collector, listening: socket.socket) -> None:
    """Serve until the process is told to stop (SIGTERM or SIGINT), then finish what was begun and seal it."""
    config = uvicorn.Config(
        collector.app(),
        http=BoundedProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[listening])
