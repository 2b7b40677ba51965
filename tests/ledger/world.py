"""One shop in its own world: the verbs of a history."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.ledger.meta import RememberingMeta, WorkerKilled
from tracking_core.collector.accept import Visitor, accept
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import transaction
from tracking_core.db.partitions import ensure_partitions
from tracking_core.delivery.drain import drain_connection
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.models import MetaConnection, TrackingKind
from tracking_core.pipeline.drain import drain_webhooks, rematch_due
from tracking_core.proof.announce import announce
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.receive import receive

SECRET = "webhook-secret-of-the-test"
DATASETS = ("1000000001", "1000000002")
GATEWAYS = ("hotmart", "kiwify")
CODE = "TEST1"
_TABLES = """
SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


@dataclass(frozen=True, order=True)
class SaleKey:
    gateway: str
    number: int
    endpoint: int = 0
    announced: str = ""

    @property
    def sale_id(self) -> str:
        return self.announced or f"HP{self.gateway.upper()}{self.number:04}"

    @property
    def email(self) -> str:
        """Two sales share a buyer, so a refusal reaches both."""
        return f"buyer{self.number // 2}@example.com"


@dataclass
class Shop:
    settings: Settings
    meta: RememberingMeta = field(default_factory=RememberingMeta)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    tenant_id: UUID = field(default_factory=lambda: UUID(int=0))
    connections: dict[str, UUID] = field(default_factory=dict)
    off: dict[str, int] = field(default_factory=dict)  # disabled datasets, and how many deliveries they had then
    endpoints: dict[str, list[str]] = field(default_factory=dict)
    sent: list[tuple[SaleKey, InboundRequest]] = field(default_factory=list)
    known: set[SaleKey] = field(default_factory=set)
    refused: dict[str, datetime] = field(default_factory=dict)
    ranks: dict[UUID, int] = field(default_factory=dict)
    delivered: set[UUID] = field(default_factory=set)
    asked_before: int = 0

    async def open(self) -> None:
        clock.set_source(lambda: self.now)
        async with transaction() as session:
            tables = (await session.execute(text(_TABLES))).scalar_one()
            await session.execute(text(f"TRUNCATE {tables}"))
        async with transaction() as session:
            self.tenant_id = (await tenants.create(session, "Loja", actor="test")).tenant_id
            for gateway in (*GATEWAYS, *GATEWAYS):  # two URLs each: the same sale may come through both
                made = await tenants.connect_gateway(session, self.tenant_id, gateway, SECRET, actor="test")
                self.endpoints.setdefault(gateway, []).append(made.endpoint_key)
        await self.connect(DATASETS[0])

    async def connect(self, dataset_id: str) -> None:
        """Connect a dataset, or give it a new token."""
        async with transaction() as session:
            made = await tenants.connect_meta(session, self.tenant_id, dataset_id, "EAAtoken", actor="test")
        self.connections[dataset_id] = made.id
        if made.disabled_at is None:
            self.off.pop(dataset_id, None)

    async def switch(self, dataset_id: str) -> None:
        """Disable a dataset's connection, or enable it again."""
        if dataset_id not in self.connections:
            return
        is_on = dataset_id not in self.off
        async with transaction() as session:
            connection = await session.get_one(MetaConnection, self.connections[dataset_id])
            connection.disabled_at = self.now if is_on else None
        if is_on:
            self.off[dataset_id] = await self.planned_for(dataset_id)
        else:
            del self.off[dataset_id]

    async def planned_for(self, dataset_id: str) -> int:
        rows = await self.rows("SELECT connection_id FROM deliveries")
        return sum(row["connection_id"] == self.connections[dataset_id] for row in rows)

    async def synthetic_sale(self, number: int, gateway: str) -> None:
        """A made-up sale, announced and then told by its gateway, for the first dataset."""
        async with transaction() as session:
            row = await announce(
                session,
                self.tenant_id,
                gateway,
                session_id=None,
                connection_id=self.connections[DATASETS[0]],
                test_event_code=CODE,
                now=self.now,
                proof_id=UUID(int=number),
            )
        await self.webhook(SaleKey(gateway, number, announced=row.sale_id), "approved", 1)

    async def webhook(self, key: SaleKey, kind: str, minutes_ago: int) -> None:
        occurred = self.now - timedelta(minutes=minutes_ago)
        sale = SyntheticSale(
            sale_id=key.sale_id, kind=kind, occurred_at=occurred, email=key.email, phone="", click_id=f"h{key.number}"
        )
        await self.receive(key, registry.get(key.gateway).synthesize(sale, SECRET))
        self.known.add(key)

    async def repeat(self, n: int) -> None:
        if self.sent:
            await self.receive(*self.sent[n % len(self.sent)])

    async def visit(self, number: int, *, email: str | None, consent: bool | None) -> None:
        """A click of this number's visitor, with what they say about ads."""
        event = TrackRequest.model_validate(
            {"url": "https://loja.example/", "click_id": f"h{number}", "email": email, "consent_ads": consent}
        )
        visitor = Visitor("200.147.3.199", "Mozilla/5.0 Firefox/140.0")
        accepted = accept(
            TrackingKind.CLICK, event, tenant_id=self.tenant_id, country="BR", visitor=visitor, now=self.now
        )
        writer = GroupWriter(self.settings)
        writer.start()
        try:
            await writer.write(accepted)
        finally:
            await writer.stop()
        if email and consent is False:
            self.refused[email] = self.now
        elif email and consent:
            self.refused.pop(email, None)

    async def pass_time(self, passed: timedelta) -> None:
        """The clock moves, and the scheduler keeps making the partitions that visits need."""
        self.now += passed
        async with transaction() as session:
            await ensure_partitions(session, self.now)

    async def process(self) -> None:
        async for _ in drain_webhooks(self.settings):
            pass
        await rematch_due()

    async def deliver(self) -> None:
        for connection_id in self.connections.values():
            try:
                await drain_connection(connection_id, client=self.meta, settings=self.settings)
            except* WorkerKilled:
                pass

    async def replay_dead(self) -> None:
        async with transaction() as session:
            await replay(session, self.tenant_id, ReplayFilter(), actor="test", now=self.now)

    async def totals(self) -> dict[str, int]:
        async with transaction() as session:
            return await ledger.totals(session, self.tenant_id)

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with transaction() as session:
            return [dict(row) for row in (await session.execute(text(query))).mappings()]

    async def receive(self, key: SaleKey, inbound: InboundRequest, *, remember: bool = True) -> None:
        endpoint_key = self.endpoints[key.gateway][key.endpoint]
        async with transaction() as session:
            await receive(session, key.gateway, inbound, endpoint_key=endpoint_key)
        if remember:
            self.sent.append((key, inbound))
