"""The hub as real processes with Meta's simulator in front, and a seller whose setup is to be proved."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from tests.conftest import KEYS
from tests.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.proof.run import ProofContext, ProofRun, start
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

SECRET = "webhook-secret-of-the-proof"
CODE = "TEST40"
_FAST = {
    "HUB_META_TIMEOUT_SECONDS": "1",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
}
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A fresh tenant of the running hub, with one dataset and one gateway."""

    stack: Stack
    ctx: ProofContext
    tenant_id: UUID
    connection_id: UUID
    dataset_id: str
    gateway: str

    async def announced(self, proof_id: UUID | None = None) -> ProofRun:
        async with transaction() as session:
            return await start(
                session,
                proof_id=proof_id or uuid4(),
                tenant_id=self.tenant_id,
                gateway=self.gateway,
                connection_id=self.connection_id,
                test_event_code=CODE,
                session_id=None,
                now=clock.now(),
            )

    def but(self, **changes: Any) -> ProofContext:
        return replace(self.ctx, **changes)

    def fault(self, kind: str) -> None:
        body = {"kind": kind, "dataset_id": self.dataset_id, "times": None}
        assert self.stack.control.post("/faults", json=body).status_code == 204

    def received(self) -> list[tuple[str, str | None]]:
        """What Meta took: each event's id and the test event code of its request."""
        query = {"dataset_id": self.dataset_id}
        events = self.stack.control.get("/events", params=query).json()["events"]
        return [(one["event"]["event_id"], one["parameters"].get("test_event_code")) for one in events]

    async def switch(self, *, on: bool) -> None:
        query = "UPDATE meta_connections SET disabled_at = CASE WHEN :on THEN NULL ELSE now() END WHERE id = :id"
        await self.execute(query, id=self.connection_id, on=on)

    async def execute(self, query: str, **values: object) -> None:
        async with transaction() as session:
            await session.execute(text(query), values)

    async def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """``:tenant`` is the seller's."""
        async with transaction() as session:
            found = await session.execute(text(query), {"tenant": self.tenant_id, **values})
            return [dict(row) for row in found.mappings()]


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-proof-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), _FAST)
        try:
            stack.start_servers()
            stack.start(stack.meta, stack.api, stack.worker, stack.scheduler)
            yield stack
        finally:
            stack.stop()


@pytest.fixture
async def stack(running: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    """Everything runs, no fault is set, and this process has the hub's settings and database."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    if not running.worker.is_running():
        running.start(running.worker)
    yield running
    running.control.delete("/faults")
    await dispose()
    get_settings.cache_clear()


NewSeller = Callable[[str], Awaitable[Seller]]


@pytest.fixture
async def new_seller(stack: Stack) -> AsyncIterator[NewSeller]:
    """Makes a seller who sells through the gateway named."""
    async with httpx.AsyncClient(trust_env=False) as http:

        async def make(gateway: str) -> Seller:
            dataset_id = f"71000000{next(_numbers):04}"
            async with transaction() as session:
                made = await tenants.create(session, "Loja", actor="test")
                connection = await tenants.connect_meta(
                    session, made.tenant_id, dataset_id, "EAAtoken", actor="test", browser_events=["pageview"]
                )
                endpoint = await tenants.connect_gateway(session, made.tenant_id, gateway, SECRET, actor="test")
            ctx = ProofContext(
                base_url=f"http://127.0.0.1:{stack.port}",
                http=http,
                write_key=made.write_key,
                webhook_path=tenants.webhook_path(endpoint),
                webhook_secret=SECRET,
            )
            return Seller(
                stack=stack,
                ctx=ctx,
                tenant_id=made.tenant_id,
                connection_id=connection.id,
                dataset_id=dataset_id,
                gateway=gateway,
            )

        yield make


@pytest.fixture
async def seller(new_seller: NewSeller) -> Seller:
    return await new_seller("hotmart")
