import asyncio
import threading
from collections.abc import Sequence

import pytest

from dmp_assets.collector.commit import GroupCommit


class HeldWriter:
    """Holds the first write up until it is let go; may then fail once."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.writes: list[list[bytes]] = []
        self.go = threading.Event()
        self.failure = failure

    def append(self, lines: Sequence[bytes]) -> None:
        self.go.wait(10)
        failure, self.failure = self.failure, None
        if failure:
            raise failure
        self.writes.append(list(lines))

    def seal_if_due(self) -> None:
        pass

    def close(self) -> None:
        self.writes.append([b"closed"])


def test_requests_that_arrive_during_a_write_share_the_next_one():
    writer = HeldWriter()

    async def run() -> None:
        group = GroupCommit(writer)
        tasks = [asyncio.create_task(group.commit([b"1"]))]
        await asyncio.sleep(0.05)
        tasks += [asyncio.create_task(group.commit([b"%d" % n])) for n in range(2, 6)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks)
        writer.go.set()
        await asyncio.gather(*tasks)
        await group.close()

    asyncio.run(run())
    assert writer.writes == [[b"1"], [b"2", b"3", b"4", b"5"], [b"closed"]]


def test_a_failed_write_fails_its_requests_alone():
    writer = HeldWriter(OSError(28, "No space left on device"))

    async def run() -> None:
        group = GroupCommit(writer)
        assert group.seconds_since_failure() == float("inf")
        lost = asyncio.create_task(group.commit([b"1"]))
        await asyncio.sleep(0.05)
        kept = asyncio.create_task(group.commit([b"2"]))
        writer.go.set()
        with pytest.raises(OSError, match="No space"):
            await lost
        await kept
        assert group.seconds_since_failure() < 10
        await group.close()

    asyncio.run(run())
    assert writer.writes == [[b"2"], [b"closed"]]
