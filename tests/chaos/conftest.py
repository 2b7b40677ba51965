"""The hub as real processes on throw-away servers, short leases, and the simulator in front."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.cli.supervisor import CommandService
from tests.conftest import KEYS
from tracking_core.db.engine import dispose, transaction
from tracking_core.db.migrate import upgrade
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

SECRET = "webhook-secret-of-the-test"
_FAST = {
    "HUB_DELIVERY_LEASE_SECONDS": "3",
    "HUB_META_TIMEOUT_SECONDS": "1",
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
    """Every process by name, and the verbs the tests need."""

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
        self.meta = self._service("meta", ["-m", "evals.simulators.meta", "--port", str(self.meta_port)])
        self.api = self._service("api", ["-m", "api.cli", "api"])
        self.worker = self._service("worker", ["-m", "api.cli", "worker"])
        self.scheduler = self._service("scheduler", ["-m", "api.cli", "scheduler"])
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False)
        self.control = httpx.Client(base_url=f"http://127.0.0.1:{self.meta_port}/_control", timeout=10, trust_env=False)

    def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        upgrade(self.postgres.url)
        for service in (self.meta, self.api, self.worker, self.scheduler):
            service.start()
        self.await_api()
        wait_for(lambda: self.control.get("/stats").status_code == 200)

    def stop(self) -> None:
        for service in (self.scheduler, self.worker, self.api, self.meta, self.redis, self.postgres):
            service.stop()
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

    def _service(self, name: str, arguments: list[str]) -> CommandService:
        log = self.folder / "logs" / f"{name}.log"
        return CommandService(name, [sys.executable, *arguments], environment=self.environment, log=log)


class Shop:
    """A fresh tenant of the running hub."""

    def __init__(self, stack: Stack, datasets: list[str]) -> None:
        self.stack, self.datasets = stack, datasets
        made, path = asyncio.run(self._create())
        self.id, self.write_key = made.tenant_id, made.write_key
        self.path = path
        self.bearer = {"Authorization": f"Bearer {made.secret_key}"}

    async def _create(self) -> tuple[tenants.NewTenant, str]:
        async with transaction() as session:
            made = await tenants.create(session, "Loja", actor="test")
            for dataset in self.datasets:
                await tenants.connect_meta(session, made.tenant_id, dataset, "EAAtoken", actor="test")
            endpoint = await tenants.connect_gateway(session, made.tenant_id, "hotmart", SECRET, actor="test")
        await dispose()
        return made, tenants.webhook_path(endpoint)

    def reconnect(self, dataset: str) -> None:
        async def connect() -> None:
            async with transaction() as session:
                await tenants.connect_meta(session, self.id, dataset, "EAAnew", actor="test")
            await dispose()

        asyncio.run(connect())

    def sell(self, sale_id: str) -> httpx.Response:
        sale = SyntheticSale(
            sale_id=sale_id, kind="approved", occurred_at=clock.now(), email=f"{sale_id}@example.com".lower()
        )
        inbound = registry.get("hotmart").synthesize(sale, SECRET)
        return self.stack.http.post(self.path, content=inbound.body, headers=dict(inbound.headers))

    def totals(self) -> dict[str, int]:
        answer = self.stack.http.get("/api/v1/conversions", params={"limit": 1}, headers=self.bearer)
        totals: dict[str, int] = answer.json()["totals"]
        return {state: sales for state, sales in totals.items() if sales}

    def event_ids(self) -> list[str]:
        rows = self.stack.rows("SELECT event_id::text FROM conversions WHERE tenant_id = %s", self.id)
        return [event_id for (event_id,) in rows]

    def await_totals(self, **expected: int) -> None:
        try:
            wait_for(lambda: self.totals() == expected, 40)
        except AssertionError:
            raise AssertionError(f"{self.totals()} is not {expected}") from None

    def assert_each_received_once(self, sales: int) -> None:
        received = self.stack.received()
        assert [received[event_id] for event_id in self.event_ids()] == [1] * sales


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = Stack(Path(folder))
        before = {name: os.environ.get(name) for name in running.environment}
        os.environ.update(running.environment)
        get_settings.cache_clear()
        try:
            running.start()
            yield running
        finally:
            running.stop()
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
            get_settings.cache_clear()


_shops = iter(range(1, 1_000))


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    yield Shop(stack, [f"70000000{next(_shops):04}"])
    stack.control.delete("/faults")
