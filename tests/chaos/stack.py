"""Every process of the hub on throw-away servers, by name, and what a test may do to them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.cli.supervisor import CommandService
from tests.conftest import KEYS
from tracking_core.db.migrate import upgrade
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis

# Short, so that what waits for a lease or for the sweeper is seen within a test.
LEASE_SECONDS = 3
META_TIMEOUT_SECONDS = 1
_FAST = {
    "HUB_DELIVERY_LEASE_SECONDS": str(LEASE_SECONDS),
    "HUB_META_TIMEOUT_SECONDS": str(META_TIMEOUT_SECONDS),
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_DATABASE_POOL_SIZE": "4",
}


def wait_for(is_true: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until it holds; a fault on the way (a server restarting) counts as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_true():
                return
        except (httpx.HTTPError, psycopg.Error):
            pass
        time.sleep(0.05)
    raise AssertionError(f"not true within {seconds} s")


class Stack:
    """Started once and shared: a test that stops something starts it again, or ``heal`` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder, free_port())
        self.redis = EmbeddedRedis(folder, free_port())
        self.port, self.meta_port = free_port(), free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
            **_FAST,
            "HUB_ENVIRONMENT": "testing",
            "HUB_DATABASE_URL": self.postgres.url,
            "HUB_REDIS_URL": self.redis.url,
            "HUB_SECRETS_KEYS": KEYS,
            "HUB_PORT": str(self.port),
            "HUB_DATA_DIR": str(folder),
            "HUB_META_GRAPH_URL": f"http://127.0.0.1:{self.meta_port}",
        }
        self.meta = self.service("meta", "-m", "evals.simulators.meta", "--port", str(self.meta_port))
        self.api = self.service("api", "-m", "api.cli", "api")
        self.worker = self.service("worker", "-m", "api.cli", "worker")
        self.scheduler = self.service("scheduler", "-m", "api.cli", "scheduler")
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False)
        self.control = httpx.Client(base_url=f"http://127.0.0.1:{self.meta_port}/_control", timeout=10, trust_env=False)

    def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        upgrade(self.postgres.url)
        self.heal()

    def heal(self) -> None:
        """Start what a failed test left stopped, and wait until it answers."""
        for service in (self.postgres, self.redis, self.meta, self.api, self.worker, self.scheduler):
            if not service.is_running():
                service.start()
        self.await_api()
        wait_for(lambda: self.control.get("/stats").status_code == 200)

    def stop(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda one: one.stop(), (self.scheduler, self.worker, self.api, self.meta)))
        self.redis.stop()
        self.postgres.stop()
        self.http.close()
        self.control.close()

    def await_api(self) -> None:
        wait_for(lambda: self.http.get("/readyz").status_code == 200)

    def restart(self, service: CommandService) -> None:
        """kill -9 and start again."""
        assert service.pid
        os.kill(service.pid, signal.SIGKILL)
        wait_for(lambda: not service.is_running())
        service.start()

    def service(self, name: str, *arguments: str) -> CommandService:
        """A process of ours, not yet started, with the stack's settings and a log of its own."""
        log = self.folder / "logs" / f"{name}.log"
        return CommandService(name, [sys.executable, *arguments], environment=self.environment, log=log)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url.replace("+psycopg", ""), connect_timeout=5) as connection:
            return connection.execute(query, values).fetchall()

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
