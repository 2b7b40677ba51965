"""One shop in its own world: the verbs of a history, and what must be true after each of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.ledger.meta import Mood, RememberingMeta, WorkerKilled
from tracking_core.collector.accept import Visitor, accept
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import transaction
from tracking_core.db.partitions import ensure_partitions
from tracking_core.delivery.drain import drain_connection
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.event import DEDUPE_WINDOW
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.models import ConversionStatus, TrackingKind
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.pipeline.drain import drain_webhooks, rematch_due
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.receive import receive

SECRET = "webhook-secret-of-the-test"
DATASETS = ("1000000001", "1000000002")
GATEWAYS = ("hotmart", "kiwify")
_STATES = {state.value for state in ledger.LedgerState}
_AT_REST = {"delivered", "dead", "withheld", "duplicate"}
_TABLES = """
SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


@dataclass(frozen=True, order=True)
class SaleKey:
    gateway: str
    number: int
    endpoint: int = 0

    @property
    def sale_id(self) -> str:
        return f"HP{self.gateway.upper()}{self.number:04}"

    @property
    def email(self) -> str:
        """Two sales share a buyer, so a refusal reaches both."""
        return f"buyer{self.number // 2}@example.com"


@dataclass
class World:
    settings: Settings
    meta: RememberingMeta = field(default_factory=RememberingMeta)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    tenant_id: UUID = field(default_factory=lambda: UUID(int=0))
    connections: dict[str, UUID] = field(default_factory=dict)
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

    async def webhook(self, key: SaleKey, kind: str, minutes_ago: int) -> None:
        occurred = self.now - timedelta(minutes=minutes_ago)
        sale = SyntheticSale(
            sale_id=key.sale_id, kind=kind, occurred_at=occurred, email=key.email, phone="", click_id=f"h{key.number}"
        )
        await self._receive(key, registry.get(key.gateway).synthesize(sale, SECRET))
        self.known.add(key)

    async def repeat(self, n: int) -> None:
        if self.sent:
            await self._receive(*self.sent[n % len(self.sent)])

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

    async def check(self) -> None:
        conversions = await self.rows("SELECT * FROM conversions")
        deliveries = await self.rows("SELECT * FROM deliveries")
        await self._every_sale_is_in_one_state(conversions)
        self._sales_only_move_forward(conversions)
        self._ids_are_reproducible(conversions)
        self._what_is_withheld_has_no_delivery(conversions, deliveries)
        self._what_was_delivered_stays_delivered(deliveries)
        self._nobody_who_refused_was_sent()
        self._resends_are_safe(await self._ambiguous())
        self.asked_before = len(self.meta.asked)

    async def to_rest(self) -> None:
        """A healthy Meta, good tokens and enough time: whatever can still be sent is sent, the rest ends."""
        self.meta.mood = Mood.ACCEPTS
        for dataset_id in list(self.connections):
            await self.connect(dataset_id)
        await self.process()
        for _ in range(100):
            due = await self.rows("SELECT min(due_at) AS at FROM deliveries WHERE state IN ('waiting', 'retrying')")
            if due[0]["at"] is None:
                break
            self.now = max(self.now, due[0]["at"]) + timedelta(minutes=6)
            await self.process()
            await self.deliver()
            await self.check()
        await self._is_at_rest()

    async def _is_at_rest(self) -> None:
        async with transaction() as session:
            sales = await ledger.sales(session, self.tenant_id, state=None, before=None, limit=500)
        for sale in sales:
            is_open = sale["status"] == ConversionStatus.PENDING
            assert sale["state"] in ({"waiting"} if is_open else _AT_REST), sale
            assert sale["reason"] or sale["state"] == "delivered", sale
        for row in await self.rows("SELECT * FROM deliveries d WHERE state = 'delivered'"):
            assert any(event_id == str(row["event_id"]) for _, event_id in self.meta.taken)
        trail = await self.rows(
            "SELECT d.event_id, count(*) AS n FROM dispatch_attempts a JOIN deliveries d"
            " ON d.id = a.delivery_id GROUP BY 1"
        )
        assert {row["event_id"]: row["n"] for row in trail} == Counter(event_id for _, _, event_id in self.meta.asked)

    async def repeat_everything(self) -> None:
        """Once more, byte for byte: nothing new is asked of Meta, and no sale moves."""
        before, asked = await self.totals(), len(self.meta.asked)
        for key, inbound in list(self.sent):
            await self._receive(key, inbound, remember=False)
        await self.process()
        await self.deliver()
        assert (await self.totals(), len(self.meta.asked)) == (before, asked)

    async def totals(self) -> dict[str, int]:
        async with transaction() as session:
            return await ledger.totals(session, self.tenant_id)

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with transaction() as session:
            return [dict(row) for row in (await session.execute(text(query))).mappings()]

    async def _receive(self, key: SaleKey, inbound: InboundRequest, *, remember: bool = True) -> None:
        endpoint_key = self.endpoints[key.gateway][key.endpoint]
        async with transaction() as session:
            await receive(session, key.gateway, inbound, endpoint_key=endpoint_key)
        if remember:
            self.sent.append((key, inbound))

    async def _every_sale_is_in_one_state(self, conversions: list[dict[str, Any]]) -> None:
        async with transaction() as session:
            sales = await ledger.sales(session, self.tenant_id, state=None, before=None, limit=500)
            totals = await ledger.totals(session, self.tenant_id)
        assert sorted(sale["id"] for sale in sales) == sorted(row["id"] for row in conversions)
        assert {state: n for state, n in totals.items() if n} == Counter(sale["state"] for sale in sales)
        assert {sale["state"] for sale in sales} <= _STATES
        assert sum(totals.values()) == len(conversions)
        for sale in sales:
            is_hold = str(sale["reason"]).startswith(("credential", "permission"))
            assert is_hold == (sale["state"] == "on_hold"), sale

    def _sales_only_move_forward(self, conversions: list[dict[str, Any]]) -> None:
        for row in conversions:
            rank = ConversionStatus(row["status"]).rank
            assert rank >= self.ranks.get(row["id"], 0)
            self.ranks[row["id"]] = rank

    def _ids_are_reproducible(self, conversions: list[dict[str, Any]]) -> None:
        for row in conversions:
            assert row["event_id"] == event_id_of(self.tenant_id, row["gateway"], row["sale_id"], PURCHASE)

    @staticmethod
    def _what_is_withheld_has_no_delivery(conversions: list[dict[str, Any]], deliveries: list[dict[str, Any]]) -> None:
        planned = {row["conversion_id"] for row in deliveries}
        assert planned == {row["id"] for row in conversions if row["decision"] == "planned"}

    def _what_was_delivered_stays_delivered(self, deliveries: list[dict[str, Any]]) -> None:
        done = {row["id"] for row in deliveries if row["state"] == "delivered"}
        assert self.delivered <= done
        datasets = {connection: dataset for dataset, connection in self.connections.items()}
        known = [row for row in deliveries if row["id"] in self.delivered]
        asked = {(dataset, event_id) for _, dataset, event_id in self.meta.asked[self.asked_before :]}
        assert not asked & {(datasets[row["connection_id"]], row["event_id"]) for row in known}
        self.delivered = done

    def _nobody_who_refused_was_sent(self) -> None:
        keys = {str(event_id_of(self.tenant_id, key.gateway, key.sale_id, PURCHASE)): key.email for key in self.known}
        for at, _, event_id in self.meta.asked[self.asked_before :]:
            since = self.refused.get(keys[event_id])
            assert since is None or at < since, f"{keys[event_id]} refused at {since} and was sent at {at}"

    def _resends_are_safe(self, ambiguous: dict[tuple[str, str], datetime]) -> None:
        for key, times in self.meta.taken.items():
            if len(times) > 1:
                assert key in ambiguous, f"{key} was taken twice without an ambiguous attempt"
                assert max(times) - ambiguous[key] <= DEDUPE_WINDOW

    async def _ambiguous(self) -> dict[tuple[str, str], datetime]:
        """When each event may first have been received without our knowing; a lost lease counts from its start."""
        found = await self.rows(
            "SELECT k.dataset_id, d.event_id, coalesce(d.first_ambiguous_at, d.leased_at) AS at FROM deliveries d"
            " JOIN meta_connections k ON k.id = d.connection_id"
            " WHERE coalesce(d.first_ambiguous_at, d.leased_at) IS NOT NULL"
        )
        return {(row["dataset_id"], row["event_id"]): row["at"] for row in found}
