import asyncio
import json
import threading
from collections.abc import Sequence

import httpx

from dmp_assets.collector.keys import KeyReader, create_key
from dmp_assets.collector.server import Collector


class HeldWriter:
    """A disk that hangs until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lines: list[bytes] = []

    def append(self, lines: Sequence[bytes]) -> None:
        self.go.wait(10)
        self.lines.extend(lines)

    def seal_if_due(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_when_too_much_waits_for_the_disk_the_next_is_told_to_come_again(tmp_path):
    token, _ = create_key(tmp_path / "keys.json", "web", "shop")
    writer = HeldWriter()
    collector = Collector(KeyReader(tmp_path / "keys.json"), writer, waiting_bytes=10_000)
    body = json.dumps({"writeKey": token, "event": "x" * 3000, "userId": "u"}).encode()

    async def run() -> None:
        transport = httpx.ASGITransport(app=collector.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as client:
            waiting = asyncio.create_task(client.post("/v1/track", content=body))
            await asyncio.sleep(0.1)
            busy = await client.post("/v1/track", content=body)
            assert busy.status_code == 429
            assert int(busy.headers["Retry-After"]) >= 1
            assert busy.json()["code"] == "too_busy"
            writer.go.set()
            assert (await waiting).status_code == 200
            assert (await client.post("/v1/track", content=body)).status_code == 200

    asyncio.run(run())
    assert len(writer.lines) == 2
