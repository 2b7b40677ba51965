"""Real processes: one that is told to stop ends its streams at once, and they go on at another."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.forked import ForkedService
from tests.streams.conftest import Shop, happen, happen_many, until
from tests.streams.watcher import watching
from tracking_core.embedded.process import free_port
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType


class Process(ForkedService):
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.streams.replica", str(self.port)]
        super().__init__("replica", command, environment=dict(os.environ), log=log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        assert self.pid
        os.kill(self.pid, signal.SIGKILL)

    def answers(self) -> bool:
        try:
            return httpx.get(self.url, trust_env=False).status_code == 404
        except httpx.HTTPError:
            return False


@pytest.fixture
async def processes(database: Settings, tmp_path: Path) -> AsyncIterator[list[Process]]:
    started = [Process(tmp_path / f"{number}.log") for number in range(2)]
    for one in started:
        one.start()
    await until(lambda: all(one.answers() for one in started))
    yield started
    for one in started:
        one.stop()


async def test_a_stopping_process_sends_its_streams_away_and_they_lose_nothing(
    processes: list[Process], shop: Shop, tmp_path: Path
) -> None:
    first, second = processes
    await happen_many(shop.session_id, 3)
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(first.url, shop)) for _ in range(20)]
        readings = [asyncio.create_task(watcher.read()) for watcher in watchers]
        await until(lambda: all(watcher.heard for watcher in watchers))
        stopping = asyncio.create_task(asyncio.to_thread(first.stop))
        await asyncio.gather(*readings)  # each ends as a whole answer, not as a broken connection
        # uvicorn would cancel what is left after 15 s; the streams are not what it waits for.
        await asyncio.wait_for(stopping, 8)
    assert all(watcher.retries[0] == 2000 and 500 <= watcher.retries[1] <= 3000 for watcher in watchers)
    await happen_many(shop.session_id, 2)
    for watcher in watchers[:5]:
        async with watching(second.url, shop, after=watcher.ids[-1]) as resumed:
            await resumed.read_to(5)
        assert watcher.ids + resumed.ids == [3, 4, 5]
    assert "Traceback" not in (tmp_path / "0.log").read_text()


async def test_one_killed_in_the_middle_is_left_for_another_without_gap_or_repeat(
    processes: list[Process], shop: Shop
) -> None:
    first, second = processes
    async with watching(first.url, shop, after=0) as watcher:
        reading = asyncio.create_task(watcher.read())
        for _ in range(4):
            await happen(shop.session_id)
        await until(lambda: len(watcher.heard) >= 2)
        first.kill()
        with pytest.raises(httpx.RemoteProtocolError):
            await reading
    last = await happen(shop.session_id, EventType.END)
    async with watching(second.url, shop, after=watcher.ids[-1]) as resumed:
        await resumed.read()
    assert watcher.ids + resumed.ids == list(range(1, last + 1))
