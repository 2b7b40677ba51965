"""The hub as real processes on throw-away servers, short leases, and the simulator in front."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli.supervisor import CommandService
from evals import stack
from evals.stack import wait_for
from tests.conftest import KEYS
from tracking_core.db.engine import dispose, transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.tenants import service as tenants

SECRET = "webhook-secret-of-the-test"
_FAST = {
    "HUB_DELIVERY_LEASE_SECONDS": "3",
    "HUB_META_TIMEOUT_SECONDS": "1",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
}


class Stack(stack.Stack):
    """The hub with short leases, and the verbs the tests need."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _FAST)
        self.services = (self.meta, self.api, self.worker, self.scheduler)

    def start_all(self) -> None:
        self.start_servers()
        self.start(*self.services)

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


@pytest.fixture(scope="module", name="stack")
def running_stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = Stack(Path(folder))
        with running.as_this_process():
            try:
                running.start_all()
                yield running
            finally:
                running.stop()


_shops = iter(range(1, 1_000))


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    yield Shop(stack, [f"70000000{next(_shops):04}"])
    stack.control.delete("/faults")
