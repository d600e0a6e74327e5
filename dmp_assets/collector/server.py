"""The collector's HTTP server: the endpoints of the Segment tracking API over a group commit.

An event is acknowledged (200) only once it is durable. What a client can make the server hold is bounded in bytes and in time:
the size of a body and of the headers, how long they may take to arrive, and how much may wait for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
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
from starlette.types import Receive, Scope, Send

from dmp_assets.collector import browser, events, wire
from dmp_assets.collector.allowance import Allowances
from dmp_assets.collector.commit import EventWriter, GroupCommit
from dmp_assets.collector.events import Collected, Receipt, Source
from dmp_assets.collector.keys import KeyReader, WriteKey
from dmp_assets.collector.protocol import BODY_SECONDS, CONNECTIONS, BoundedProtocol
from dmp_assets.collector.tally import Tally
from dmp_assets.collector.wire import RequestError

# What all requests together may hold, as bodies and as lines that wait; the parsed objects of one request come on top.
WAITING_BYTES = 32 << 20
# A refused body is read to this size, so that the client sees the answer and not a broken connection.
DRAIN_BYTES = 32 << 20
RETRY_SECONDS = 1
OUTAGE_SECONDS = 5
# How often what was refused as a whole is told to quarantine.
TELL_SECONDS = 60.0
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

# The last part of the path, long or as the browser client shortens it; None is a batch.
CALLS: dict[str, str | None] = {
    **{event_type: event_type for event_type in events.EVENT_TYPES},
    **{event_type[0]: event_type for event_type in events.EVENT_TYPES},
    **dict.fromkeys(("batch", "b", "import")),
}

TOO_MANY = RequestError(
    429, "too_busy", f"more than {CONNECTIONS} connections are at work; send it again", RETRY_SECONDS
)

logger = logging.getLogger("uvicorn.error")


class Collector:
    """The endpoints, over the write keys and a writer."""

    def __init__(
        self,
        keys: KeyReader,
        writer: EventWriter,
        *,
        tally: Tally | None = None,
        scripts: browser.Scripts | None = None,
        public_url: str | None = None,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        """Take the writer over; the application closes it when it stops.

        Args:
            keys: who may send.
            writer: where accepted lines go.
            tally: counts what comes.
            scripts: the browser client's files.
            public_url: the collector's address as browsers see it; None for that of each request.
            waiting_bytes: what all requests together may hold.
        """
        self._keys = keys
        self._commit = GroupCommit(writer)
        self._tally = tally or Tally()
        self._scripts = scripts or browser.Scripts(None)
        self._public_url = public_url
        self._allowances = Allowances()
        self._room = waiting_bytes
        self._tally.gauge(
            "waiting_bytes", "Bytes of requests that wait for the disk.", lambda: waiting_bytes - self._room
        )
        self._tally.gauge(
            "seconds_since_write_failure",
            "Since events could not be written.",
            self._commit.seconds_since_failure,
        )

    def app(self) -> Starlette:
        """Return the ASGI application."""
        app = Starlette(
            routes=[
                Route("/v1/{call}", self._call, methods=["POST"]),
                Route("/beacon/v1/batch", self._beacon, methods=["POST"]),
                Route("/pixel/v1/{call}", self._pixel, methods=["GET"]),
                Route("/v1/projects/{key}/settings", self._settings, methods=["GET"]),
                Route("/sourceConfig", self._source_config, methods=["GET"]),
                Route("/sourceConfig/", self._source_config, methods=["GET"]),
                Route("/analytics.js/v1/{key}/analytics.min.js", self._script, methods=["GET"]),
                Route("/analytics-next/bundles/{name}", self._script, methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
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
                    # A page of the web may send to a collector in a private network.
                    allow_private_network=True,
                    expose_headers=["Retry-After"],
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
                await self._tell_refusals()
                await self._commit.close()
            except OSError as error:
                logger.error("What was received waits on the disk and is sealed at the next start: %s", error)

    async def _seal_every_second(self) -> None:
        told_at = time.monotonic()
        while True:
            await asyncio.sleep(1)
            try:
                if time.monotonic() - told_at >= TELL_SECONDS:
                    told_at = time.monotonic()
                    await self._tell_refusals()
                await self._commit.seal_if_due()
            except OSError as error:
                logger.warning("A segment could not be sealed: %s", error)

    async def _tell_refusals(self) -> None:
        """Write how many requests were refused as a whole and why; counts that cannot be written now are lost."""
        if lines := self._tally.lines():
            await self._commit.commit(lines)

    async def _call(self, request: Request) -> Response:
        call = request.path_params["call"]
        if call not in CALLS:
            return _refused(RequestError(404, "unknown_call", f"there is no call {call}"))
        return await self._answer(request, CALLS[call])

    async def _beacon(self, request: Request) -> Response:
        return await self._answer(request, None)

    async def _answer(self, request: Request, event_type: str | None) -> Response:
        begun = time.perf_counter()
        try:
            with self._holding() as hold:
                # Body and parsed objects, several times the size of the lines, are not kept while these wait for the disk.
                collected = self._collect_body(request, await _read_body(request, hold), event_type)
                return await self._keep(request, collected, hold, begun)
        except ClientDisconnect:
            error = RequestError(400, "cut_off", "the connection ended before the body did")
        except RequestError as refusal:
            error = refusal
        self._count_refusal(request, error)
        return _refused(error)

    async def too_many(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request on a connection over the limit (an ASGI application)."""
        self._tally.refuse(None, TOO_MANY)
        answer = _refused(TOO_MANY)
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)

    async def _pixel(self, request: Request) -> Response:
        """Answer 200 and the image in any case: a mail client or proxy can do nothing with a refusal but show it."""
        begun = time.perf_counter()
        with self._holding() as hold:
            try:
                call = request.path_params["call"]
                if call not in ("track", "page"):
                    raise RequestError(404, "unknown_call", f"there is no pixel {call}")
                query = parse_qsl(request.scope["query_string"].decode("latin-1"), max_num_fields=500)
                collected = self._collect(request, wire.event_of_query(query), call)
                await self._keep(request, collected, hold, begun)
            except ValueError:
                self._count_refusal(request, RequestError(400, "invalid_query", "the query has more than 500 fields"))
            except RequestError as error:
                self._count_refusal(request, error)
        return Response(GIF, media_type="image/gif", headers={"Cache-Control": "no-store"})

    def _collect_body(self, request: Request, body: bytes, event_type: str | None) -> Collected:
        message = wire.parse(wire.decode(body, request.headers.get("content-encoding", "")))
        return self._collect(request, message, event_type)

    def _collect(self, request: Request, message: dict[str, Any], event_type: str | None) -> Collected:
        key = self._key(_token(request, message.get("writeKey")))
        request.state.source = key.source
        if seconds := self._allowances.wait(key):
            raise RequestError(
                429, "too_many_events", "the write key has sent its events of a minute; send it again", seconds
            )
        receipt = Receipt(
            datetime.now(UTC), request.headers.get("sec-gpc") == "1", request.headers.get("user-agent", "")
        )
        collected = events.collect(message, event_type, Source(key.source, key.namespace), receipt)
        self._allowances.take(key, len(collected.lines))
        if self._tally.is_live:
            self._tally.show(key.source, [message | {"type": event_type}] if event_type else message["batch"])
        return collected

    async def _keep(
        self, request: Request, collected: Collected, hold: Callable[[int], None], begun: float
    ) -> Response:
        """Make a request's lines durable and return the answer.

        Raises:
            RequestError: they cannot be written now.
        """
        if collected.lines:
            hold(sum(map(len, collected.lines)))
            try:
                await self._commit.commit(collected.lines)
            except OSError:
                raise RequestError(
                    503, "unavailable", "events cannot be written now; send them again", OUTAGE_SECONDS
                ) from None
        self._tally.take(request.state.source, collected, time.perf_counter() - begun)
        if collected.reasons and not collected.accepted:
            reason = collected.reasons[0]
            return _refused(RequestError(400, reason, events.REASONS[reason]))
        return _json({"success": True})

    def _count_refusal(self, request: Request, error: RequestError) -> None:
        """Count it with the source, as far as it is known: the body that has the key may be what cannot be read."""
        source = getattr(request.state, "source", None)
        if source is None and (key := self._keys.find(_token(request, None))):
            source = key.source
        self._tally.refuse(source, error)

    def _key(self, token: str) -> WriteKey:
        key = self._keys.find(token) if token else None
        if key is None:
            raise RequestError(401, "unknown_write_key", "the write key is missing or not known")
        if key.is_disabled:
            raise RequestError(404, "disabled_source", "the source of this write key is disabled")
        return key

    @contextlib.contextmanager
    def _holding(self) -> Generator[Callable[[int], None]]:
        """Yield a function that takes room for bytes, or refuses with 429; all are given back at the end."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self._room:
                raise RequestError(429, "too_busy", "too much waits to be written; send it again", RETRY_SECONDS)
            self._room -= size
            held += size

        try:
            yield hold
        finally:
            self._room += held

    async def _settings(self, request: Request) -> Response:
        """Tell Segment's browser client where to send events."""
        token = request.path_params["key"]
        try:
            self._key(token)
        except RequestError as error:
            return _refused(RequestError(404, error.code, error.message))
        return _json(browser.segment_settings(token, self._address(request)))

    async def _source_config(self, request: Request) -> Response:
        """Tell RudderStack's browser client that it may start."""
        token = _token(request, None)
        try:
            return _json(browser.rudder_source_config(token, self._key(token).source))
        except RequestError as error:
            return _refused(error)

    async def _script(self, request: Request) -> Response:
        try:
            content = await asyncio.to_thread(self._scripts.read, request.path_params.get("name"))
        except RequestError as error:
            return _refused(error)
        return Response(content, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})

    def _address(self, request: Request) -> str:
        return self._public_url or f"{request.scope['scheme']}://{request.headers.get('host', '')}"

    async def _metrics(self, _request: Request) -> Response:
        return Response(self._tally.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _health(self, _request: Request) -> Response:
        if self._commit.seconds_since_failure() < OUTAGE_SECONDS:
            return _json({"status": "events cannot be written"}, 503)
        return _json({"status": "ok"})


async def _elsewhere(request: Request) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204)
    return _refused(RequestError(404, "unknown_path", f"there is no {request.method} {request.scope['path']}"))


def _token(request: Request, body_key: object) -> str:
    return wire.write_key(request.headers.get("authorization", ""), body_key, request.query_params.get("writeKey"))


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
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return _json({"code": error.code, "message": error.message}, error.status, headers)


def serve(collector: Collector, listening: socket.socket) -> None:
    """Serve until the process is told to stop (SIGTERM or SIGINT), then finish what was begun and seal it."""
    BoundedProtocol.too_many = collector.too_many
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
