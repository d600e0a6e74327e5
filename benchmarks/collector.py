"""The event collector: durable events a second, latency, memory; acknowledged events that a ``kill -9`` loses.

The load generator runs beside the collector, on the same processors and disk. Requests leave by the clock, whether or not
earlier ones are answered, and a latency counts from the moment at which its request was due.

    .venv/bin/python -m benchmarks.collector

Reached on two cores: 5,000 events/s asked in batches of 100 and of 20, p99 5 ms; as fast as answered, 95,000 events/s in batches of
500 and 5,500 in requests of one event; 97 MB; 60 kills, 405,849 events acknowledged, none lost.
"""

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import uvloop

from dmp_assets.collector.keys import create_key
from dmp_assets.collector.segments import SegmentWriter, read_segment, sealed_segments

TARGET_EVENTS = 5_000
TARGET_P99_MS = 50
TARGET_MB = 512
SECONDS = 20
CONNECTIONS = 32
KILLS = 60
DMP = Path(sys.executable).with_name("dmp")


def main() -> None:
    """Measure and print; everything is written to a folder that is removed again."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "collector"
        token, _ = create_key(folder / "keys.json", "simulated_load", "load")
        port = free_port()
        collector = _start(home, port)
        wait_for(port)
        sent = 0
        try:
            for batch in (100, 20):
                body = _body(token, batch)
                latencies = uvloop.run(_by_the_clock(port, body, TARGET_EVENTS / batch, SECONDS))
                sent += len(latencies) * batch
                _print_latencies(
                    f"{TARGET_EVENTS:,} events/s asked, batches of {batch} (aim: p99 under {TARGET_P99_MS} ms)",
                    latencies,
                    batch,
                    SECONDS,
                )
            for batch in (500, 100, 1):
                begun = _processor_seconds(collector.pid)
                latencies = uvloop.run(_as_fast_as_answered(port, _body(token, batch), SECONDS / 2))
                spent = _processor_seconds(collector.pid) - begun
                sent += len(latencies) * batch
                _print_latencies(f"As fast as answered, batches of {batch}", latencies, batch, SECONDS / 2)
                print(f"  {spent / (len(latencies) * batch) * 1e6:,.1f} µs of processor time an event")
            print(f"Peak memory of the collector: {_peak_mb(collector.pid):,.0f} MB (aim: under {TARGET_MB})")
        finally:
            collector.terminate()
            collector.wait()
        kept = sum(1 for path in sealed_segments(folder) for _ in read_segment(path))
        print(f"{sent:,} events acknowledged, {kept:,} kept in {len(sealed_segments(folder))} segments")
    with tempfile.TemporaryDirectory() as home:
        _kill_again_and_again(home)


def _kill_again_and_again(home: str) -> None:
    folder = Path(home) / "collector"
    token, _ = create_key(folder / "keys.json", "simulated_load", "load")
    port = free_port()
    acknowledged: list[str] = []
    is_over = threading.Event()
    moments = np.random.default_rng(1)
    answered_at_kill = 0
    with ThreadPoolExecutor(4) as clients:
        futures = [clients.submit(_client, port, token, seed, acknowledged, is_over) for seed in range(4)]
        try:
            for _ in range(KILLS):
                collector = _start(home, port)
                if moments.random() < 0.8:  # the others are killed while they start and recover
                    wait_for(port)
                before = len(acknowledged)
                time.sleep(moments.uniform(0, 0.6))
                collector.kill()
                collector.wait()
                answered_at_kill += len(acknowledged) > before
        finally:
            is_over.set()
        for future in futures:
            future.result()
    SegmentWriter(folder).close()
    kept = Counter(row["event"]["messageId"] for path in sealed_segments(folder) for row in read_segment(path))
    lost = set(acknowledged) - kept.keys()
    doubled = sum(times > 1 for times in kept.values())
    print(
        f"{KILLS} kills, {answered_at_kill} of them between answers: {len(acknowledged):,} events acknowledged, "
        f"{len(lost)} lost, {doubled} doubled, {len(kept) - len(acknowledged):,} kept that were not acknowledged"
    )


def _client(port: int, token: str, seed: int, acknowledged: list[str], is_over: threading.Event) -> None:
    sizes = np.random.default_rng(seed)
    while not is_over.is_set():
        batch = [_event(str(uuid.uuid4()), int(sizes.integers(1500))) for _ in range(sizes.integers(1, 80))]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/v1/batch", json.dumps({"writeKey": token, "batch": batch}))
            if connection.getresponse().status == 200:
                acknowledged.extend(event["messageId"] for event in batch)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()


def _event(message_id: str, size: int) -> dict:
    """Return a product view as a browser sends it, some 700 bytes and ``size`` more."""
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": message_id,
        "anonymousId": "5a1d3d5e-6b0a-4c58-9f5b-6f1c54f6a0c1",
        "originalTimestamp": "2026-01-01T00:00:00.123Z",
        "context": {
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "page": {"path": "/p/812345", "url": "https://shop.example/p/812345?utm_source=mail", "title": "Oat drink"},
            "campaign": {"name": "may", "source": "newsletter", "medium": "email"},
            "consent": {"categoryPreferences": {"advertising": False, "analytics": True}},
            "locale": "en-GB",
        },
        "properties": {"product_id": "812345", "price": 2.49, "currency": "EUR", "note": "x" * size},
    }


def _body(token: str, batch: int) -> bytes:
    events = [_event(f"message-{n}", 100) for n in range(batch)]
    return json.dumps({"writeKey": token, "sentAt": "2026-01-01T00:00:01Z", "batch": events}).encode()


async def _by_the_clock(port: int, body: bytes, requests_per_second: float, seconds: float) -> list[float]:
    """Send at a steady rate; return each request's latency in seconds."""
    start = time.perf_counter() + 0.2
    due = iter([start + n / requests_per_second for n in range(int(requests_per_second * seconds))])

    async def work() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        latencies = []
        for at in due:
            await asyncio.sleep(at - time.perf_counter())
            await _post(reader, writer, body)
            latencies.append(time.perf_counter() - at)
        writer.close()
        return latencies

    return list(chain.from_iterable(await asyncio.gather(*(work() for _ in range(CONNECTIONS)))))


async def _as_fast_as_answered(port: int, body: bytes, seconds: float) -> list[float]:
    """Send the next request on each connection when the one before is answered."""
    end = time.perf_counter() + seconds

    async def work() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        latencies = []
        while (begun := time.perf_counter()) < end:
            await _post(reader, writer, body)
            latencies.append(time.perf_counter() - begun)
        writer.close()
        return latencies

    return list(chain.from_iterable(await asyncio.gather(*(work() for _ in range(CONNECTIONS)))))


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    answer = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"The collector answered {head.splitlines()[0]!r} {answer!r}")


def _print_latencies(what: str, latencies: list[float], batch: int, seconds: float) -> None:
    p50, p99, p999, longest = np.percentile(latencies, [50, 99, 99.9, 100]) * 1000
    print(
        f"{what}: {len(latencies) * batch / seconds:,.0f} durable events/s; "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, p99.9 {p999:.1f} ms, longest {longest:.0f} ms"
    )


def _start(home: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [DMP, "collect", "--port", str(port)], env=os.environ | {"DMP_HOME": home}, stdout=subprocess.DEVNULL
    )


def wait_for(port: int) -> None:
    """Wait until a collector listens."""
    for _ in range(2400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The collector does not start")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _processor_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
