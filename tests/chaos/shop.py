"""A tenant of the running hub, its gateway's webhooks, and what must be true of its sales."""

import asyncio
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from evals.stack import wait_for
from tests.chaos.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.kit import clock
from tracking_core.tenants import service as tenants

SECRET = "webhook-secret-of-the-test"
_numbers = count(1)


def new_datasets(how_many: int = 1) -> list[str]:
    return [f"70000000{next(_numbers):04}" for _ in range(how_many)]


class Shop:
    """A fresh tenant with its datasets and a Hotmart endpoint."""

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

    def click(self) -> tuple[str, httpx.Response]:
        """Its event id and the answer."""
        body = {"url": "https://loja.example/", "event_id": str(uuid4()), "key": self.write_key}
        return body["event_id"], self.stack.http.post("/track/click", json=body)

    def webhook(self, sale_id: str) -> InboundRequest:
        sale = SyntheticSale(
            sale_id=sale_id, kind="approved", occurred_at=clock.now(), email=f"{sale_id}@example.com".lower()
        )
        return registry.get("hotmart").synthesize(sale, SECRET)

    def post(self, inbound: InboundRequest) -> httpx.Response:
        return self.stack.http.post(self.path, content=inbound.body, headers=dict(inbound.headers))

    def sell(self, sale_id: str) -> httpx.Response:
        return self.post(self.webhook(sale_id))

    def sell_until_taken(self, sale_id: str) -> None:
        """As a gateway does: the same bytes again until a 2xx; the one refusal it may meet is the documented 503."""
        inbound = self.webhook(sale_id)
        wait_for(lambda: self._is_taken(inbound), every=0.1)

    def _is_taken(self, inbound: InboundRequest) -> bool:
        answer = self.post(inbound)
        if answer.status_code == httpx.codes.OK:
            return True
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        return False

    def hold(self, prefix: str, sales: int) -> None:
        """Sell with a bad token, so that everything waits; a new token (``reconnect``) then drains it in one go."""
        self.stack.fault("code_190", {}, dataset_id=self.datasets[0], times=None)
        for number in range(sales):
            assert self.sell(f"{prefix}{number}").status_code == 200
        self.await_totals(on_hold=sales)
        self.stack.control.delete("/faults")

    def totals(self) -> dict[str, int]:
        answer = self.stack.http.get("/api/v1/conversions", params={"limit": 1}, headers=self.bearer)
        totals: dict[str, int] = answer.json()["totals"]
        return {state: sales for state, sales in totals.items() if sales}

    def event_ids(self) -> list[str]:
        rows = self.stack.rows("SELECT event_id::text FROM conversions WHERE tenant_id = %s", self.id)
        return [event_id for (event_id,) in rows]

    def stored_clicks(self) -> list[str]:
        rows = self.stack.rows("SELECT event_id FROM tracking_events WHERE tenant_id = %s", self.id)
        return [event_id for (event_id,) in rows]

    def trail(self, dataset: str) -> list[tuple[Any, ...]]:
        """Outcome and ambiguity of every attempt at the dataset, oldest first."""
        query = (
            "SELECT outcome, ambiguous FROM dispatch_attempts a JOIN meta_connections c ON c.id = a.connection_id"
            " WHERE c.tenant_id = %s AND c.dataset_id = %s ORDER BY started_at"
        )
        return self.stack.rows(query, self.id, dataset)

    def await_totals(self, **expected: int) -> None:
        try:
            wait_for(lambda: self.totals() == expected)
        except AssertionError:
            raise AssertionError(f"{self.totals()} is not {expected}") from None

    def assert_each_received_once(self, sales: int) -> None:
        received = self.stack.received()
        assert [received[event_id] for event_id in self.event_ids()] == [1] * sales

    def assert_each_counted_once(self, sales: int) -> None:
        """Meta counts each sale once; it heard of one again only after an attempt that may have arrived."""
        received, ids = self.stack.received(), self.event_ids()
        query = (
            "SELECT d.event_id, count(*) FROM deliveries d JOIN dispatch_attempts a ON a.delivery_id = d.id"
            " WHERE d.tenant_id = %s AND a.ambiguous GROUP BY d.event_id"
        )
        ambiguous = dict(self.stack.rows(query, self.id))
        assert len(ids) == sales
        assert [one for one in ids if not 1 <= received.get(one, 0) <= 1 + ambiguous.get(one, 0)] == []
        assert self.stack.counts(self.datasets[0])["accepted"] == sales
