"""Whoever asks ``/healthz`` of a worker or a scheduler hears of its loop, and not of the thread that answers."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from wsgiref.simple_server import WSGIServer

import httpx
import pytest

from tracking_core.metrics.server import serve
from tracking_core.settings import Settings
from tracking_core.worker import heartbeat, main, scheduler
from tracking_core.worker.doorbell import Doorbell
from tracking_core.worker.leadership import Leadership


class Process:
    """Its loop turns when it is told to; ``seconds`` is the time by the heart's clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.turn, self.turned = asyncio.Event(), asyncio.Event()
        self.server: WSGIServer | None = None

    async def turns(self) -> None:
        self.turned.clear()
        self.turn.set()
        await asyncio.wait_for(self.turned.wait(), 10)

    async def waits(self) -> None:
        """What the loop hangs in between two turns."""
        self.turned.set()
        await self.turn.wait()
        self.turn.clear()

    def says(self) -> int:
        assert self.server is not None
        return httpx.get(f"http://127.0.0.1:{self.server.server_port}/healthz", trust_env=False).status_code


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    made = Process()
    monkeypatch.setattr(heartbeat, "monotonic", lambda: made.seconds)
    yield made
    if made.server:
        made.server.shutdown()
        made.server.server_close()


async def test_a_worker_whose_loop_hangs_is_not_alive(
    process: Process, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_self: Doorbell, _bells: object) -> None:
        await process.waits()

    monkeypatch.setattr(Doorbell, "answer", answer)
    async with _running(process, main, settings, monkeypatch):
        await _dies_and_comes_back(process)


async def test_a_scheduler_whose_loop_hangs_is_not_alive(
    process: Process, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(_self: Leadership) -> bool:
        await process.waits()
        return False

    monkeypatch.setattr(Leadership, "take", take)
    monkeypatch.setattr("tracking_core.worker.leadership._RENEWALS", 1_000)  # no pause to speak of between two turns
    async with _running(process, scheduler, settings, monkeypatch):
        await _dies_and_comes_back(process)


async def _dies_and_comes_back(process: Process) -> None:
    assert process.says() == 200
    process.seconds += heartbeat.SECONDS - 1
    assert process.says() == 200
    process.seconds += 2
    assert process.says() == 503
    await process.turns()
    assert process.says() == 200


@asynccontextmanager
async def _running(
    process: Process, of: ModuleType, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """As the command runs it, to its end by a signal."""

    def served(_settings: Settings, service: str, is_alive: Callable[[], bool]) -> None:
        process.server = serve(settings.model_copy(update={"metrics_port": _free_port()}), service, is_alive)

    monkeypatch.setattr(of, "serve", served)
    monkeypatch.setattr(of, "get_settings", lambda: settings)
    running = asyncio.create_task(of.run())
    await asyncio.wait_for(process.turned.wait(), 10)
    yield
    os.kill(os.getpid(), signal.SIGTERM)
    process.turn.set()
    await asyncio.wait_for(running, 30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
