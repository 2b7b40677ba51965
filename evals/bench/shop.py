"""A tenant of the benchmark's hub, and the requests its visitors and gateway send."""

import asyncio
import itertools
import random
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from evals.bench.load import Requests, post
from evals.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.tenants import service as tenants

DATASET, TOKEN, SECRET = "710000000000001", "EAABenchToken", "bench-webhook-secret"
_GATEWAY = "hotmart"
_AGENT = "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True, slots=True)
class Shop:
    tenant_id: UUID
    connection_id: UUID
    write_key: str
    secret_key: str
    webhook_path: str

    def clicks(self) -> Requests:
        """Each call is a new click as the browser script sends it, with an event id of its own."""
        numbers, random_ = itertools.count(), random.Random(7)
        return lambda: self.click(f"h{random_.getrandbits(64):x}{next(numbers):x}")

    def click(self, click_id: str) -> bytes:
        """One click, ready to send."""
        headers = {"X-Hub-Key": self.write_key, "Content-Type": "application/json", "User-Agent": _AGENT}
        return post("/track/click", _click(click_id), headers)

    def sale(self, number: int, *, click_id: str | None = None, at: datetime | None = None) -> bytes:
        """The webhook of an approved sale, ready to send."""
        sale = SyntheticSale(
            sale_id=sale_id(number),
            kind="approved",
            occurred_at=at or clock.now(),
            email=f"buyer{number}@example.com",
            click_id=click_id,
        )
        inbound = registry.get(_GATEWAY).synthesize(sale, SECRET)
        return post(self.webhook_path, inbound.body, {**inbound.headers, "Content-Type": "application/json"})

    def event_id(self, number: int) -> str:
        return str(event_id_of(self.tenant_id, _GATEWAY, sale_id(number), PURCHASE))


def sale_id(number: int) -> str:
    return f"HPBENCH{number:07}"


def open_shop(stack: Stack) -> Shop:
    """Made through the services, in the stack's database."""
    with stack.as_this_process():
        return asyncio.run(_open())


async def _open() -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, "Benchmark", actor="bench")
        connection = await tenants.connect_meta(session, made.tenant_id, DATASET, TOKEN, actor="bench")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, _GATEWAY, SECRET, actor="bench")
    await dispose()
    path = tenants.webhook_path(endpoint)
    return Shop(made.tenant_id, connection.id, made.write_key, made.secret_key, path)


def _click(click_id: str) -> bytes:
    body = {
        "url": f"https://loja.example/curso?utm_source=meta&utm_medium=cpc&utm_campaign=lancamento&fbclid=IwAR{click_id}",
        "referrer": "https://l.facebook.com/",
        "event_id": str(new_id()),
        "click_id": click_id,
        "session_id": f"s{click_id}",
        "fbclid": f"IwAR{click_id}",
        "fbp": "fb.1.1764000000000.1234567890",
        "consent_ads": True,
        "utm_source": "meta",
        "utm_medium": "cpc",
        "utm_campaign": "lancamento",
    }
    return orjson.dumps(body)
