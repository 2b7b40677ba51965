"""Every process of the hub on throw-away servers, by name, and what a test may do to them."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from api.cli.supervisor import CommandService
from evals.stack import wait_for
from tests import stack
from tests.conftest import KEYS

# Short, so that what waits for a lease or for the sweeper is seen within a test.
LEASE_SECONDS = 3
META_TIMEOUT_SECONDS = 1
_FAST = {
    "HUB_DELIVERY_LEASE_SECONDS": str(LEASE_SECONDS),
    "HUB_META_TIMEOUT_SECONDS": str(META_TIMEOUT_SECONDS),
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
}


class Stack(stack.Stack):
    """Started once and shared: a test that stops something starts it again, or ``heal`` does."""

    is_durable = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _FAST)

    def start_all(self) -> None:
        self.start_servers()
        self.heal()

    def heal(self) -> None:
        """Start what a failed test left stopped, and wait until it answers."""
        for server in (self.postgres, self.redis):
            if not server.is_running():
                server.start()
        for service in (self.meta, self.api, self.worker, self.scheduler):
            if not service.is_running():
                service.start()
        self.await_answers(self.api, self.meta)

    def restart(self, service: CommandService) -> None:
        """kill -9 and start again."""
        assert service.pid
        os.kill(service.pid, signal.SIGKILL)
        wait_for(lambda: not service.is_running())
        service.start()

    def fault(self, kind: str, params: dict[str, Any], *, dataset_id: str, times: int | None = 1) -> None:
        body = {"kind": kind, "dataset_id": dataset_id, "times": times, "params": params}
        assert self.control.post("/faults", json=body).status_code == 204

    def received(self) -> dict[str, int]:
        """How often each event id was taken by Meta."""
        said: dict[str, int] = self.control.get("/stats", params={"event_ids": "1"}).json()["received"]
        return said

    def counts(self, dataset_id: str) -> dict[str, int]:
        """Meta's own counting for the dataset: requests, accepted (each event once), duplicates, refused."""
        said: dict[str, dict[str, int]] = self.control.get("/stats").json()["datasets"]
        return said.get(dataset_id, {"requests": 0, "accepted": 0, "duplicates": 0, "refused": 0})

    def taken_at(self, dataset_id: str) -> dict[str, float]:
        """Event id to the moment (Unix seconds) at which Meta took it for the dataset."""
        query: dict[str, str | int] = {"dataset_id": dataset_id, "limit": 10_000}
        events = self.control.get("/events", params=query).json()["events"]
        return {one["event"]["event_id"]: one["received_at"] for one in events}


class Background:
    """Calls ``work(number)`` again and again in threads until the block ends; a raised error fails the block."""

    def __init__(self, work: Callable[[int], None], *, threads: int = 1, most: int = 5_000) -> None:
        self._work, self._threads, self._most = work, threads, most
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> "Background":
        self._runs = [self._pool.submit(self._run, first) for first in range(self._threads)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._pool.shutdown()
        for run in self._runs:
            run.result()

    def _run(self, first: int) -> None:
        for number in range(first, self._most, self._threads):
            if self._stopping.is_set():
                return
            self._work(number)
