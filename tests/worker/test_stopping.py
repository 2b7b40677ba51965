"""A worker that is told to stop stops, whatever its client of Redis makes of it."""

import asyncio

import pytest

from tracking_core.settings import Settings
from tracking_core.worker import main
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.main import Worker


@pytest.mark.usefixtures("database")
async def test_a_cancel_that_the_client_takes_for_a_timeout_is_not_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()

    async def answer(_self: Doorbell, _bells: tuple[Bell, ...]) -> None:
        waiting.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise TimeoutError from None

    monkeypatch.setattr(Doorbell, "answer", answer)
    worker = Worker(settings)
    listening = asyncio.create_task(worker.listen())
    await waiting.wait()
    listening.cancel()
    await asyncio.wait_for(asyncio.gather(listening, return_exceptions=True), 10)
    await worker.close()


@pytest.mark.usefixtures("database")
async def test_a_worker_that_hears_nothing_any_more_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever keeps it alive starts it again."""

    async def deaf(_self: Worker) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Worker, "listen", deaf)
    monkeypatch.setattr(main, "_observe", lambda *_: None)
    async with asyncio.timeout(20):
        with pytest.raises(RuntimeError, match="a defect"):
            await main.run()
