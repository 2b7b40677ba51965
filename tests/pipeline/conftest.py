"""A tenant with a Hotmart endpoint and one dataset, and a scripted Meta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from tracking_core.db.engine import transaction
from tracking_core.delivery.drain import drain_connection
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import Verdict
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.pipeline.drain import drain_webhooks, rematch_due
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.receive import Receipt, receive

SECRET = "webhook-secret-of-the-test"


@dataclass
class ScriptedMeta(MetaClient):
    """Answers each request by ``script`` (None accepts) and keeps what it was sent."""

    script: Callable[[list[str]], Verdict | None] = lambda _ids: None
    requests: list[list[str]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    payloads: dict[str, dict[str, object]] = field(default_factory=dict)

    async def send(self, *, events: Sequence[bytes], **_: object) -> SendResult:
        bodies = [orjson.loads(event) for event in events]
        ids = [body.get("event_id", "") for body in bodies]
        self.requests.append(ids)
        verdict = self.script(ids)
        if verdict is None:
            self.accepted += ids
            self.payloads |= dict(zip(ids, bodies, strict=True))
        return SendResult(
            verdict=verdict,
            http_status=400 if verdict else 200,
            events_received=None if verdict else len(ids),
            fbtrace_id="trace",
            latency_ms=1,
            api_version="v26.0",
            request_digest="0" * 64,
            response_excerpt="{}",
        )


@dataclass
class Shop:
    """One tenant and the verbs a test needs."""

    settings: Settings
    meta: ScriptedMeta
    tenant_id: UUID
    connection_id: UUID

    async def webhook(
        self, sale_id: str, kind: str = "approved", *, gateway: str = "hotmart", **facts: object
    ) -> Receipt:
        occurred = facts.pop("occurred_at", None) or clock.now() - timedelta(minutes=1)
        sale = SyntheticSale(sale_id=sale_id, kind=kind, occurred_at=occurred, **facts)  # type: ignore[arg-type]
        inbound = registry.get(gateway).synthesize(sale, SECRET)
        async with transaction() as session:
            return await receive(session, gateway, inbound, tenant_id=self.tenant_id)

    async def process(self) -> None:
        async for _ in drain_webhooks(self.settings):
            pass
        await rematch_due()

    async def deliver(self) -> int:
        return await drain_connection(self.connection_id, client=self.meta, settings=self.settings)


@pytest.fixture
async def shop(database: Settings) -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, "Loja de teste", actor="test")
        connection = await tenants.connect_meta(session, made.tenant_id, "1234567890", "EAAtesttoken", actor="test")
        for gateway in ("hotmart", "kiwify"):
            await tenants.connect_gateway(session, made.tenant_id, gateway, SECRET, actor="test")
    return Shop(database, ScriptedMeta(), made.tenant_id, connection.id)
