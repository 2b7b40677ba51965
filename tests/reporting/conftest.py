"""Two sellers with a real pipeline each, and an operator at the console."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import problems
from api.routes import operations
from tests.pipeline.conftest import SECRET, ScriptedMeta, Shop
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import StaffRole
from tracking_core.proof.announce import announce
from tracking_core.reporting.scope import Scope
from tracking_core.settings import Settings
from tracking_core.staff import service as staff
from tracking_core.tenants import service as tenants

ANA, BETO = "Loja da Ana", "Loja do Beto"


async def open_shop(settings: Settings, name: str, dataset_id: str) -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, name, actor="test")
        connection = await tenants.connect_meta(session, made.tenant_id, dataset_id, "EAAtesttoken", actor="test")
        for gateway in ("hotmart", "kiwify"):
            await tenants.connect_gateway(session, made.tenant_id, gateway, SECRET, actor="test")
    return Shop(settings, ScriptedMeta(), made.tenant_id, connection.id)


@pytest.fixture
async def ana(database: Settings) -> Shop:
    return await open_shop(database, ANA, "1000000001")


@pytest.fixture
async def beto(database: Settings) -> Shop:
    return await open_shop(database, BETO, "2000000002")


def scope(shop: Shop) -> Scope:
    return Scope(shop.tenant_id)


async def sell(shop: Shop, *sale_ids: str, **facts: object) -> None:
    """Paid sales, through the pipeline and on to Meta."""
    for sale_id in sale_ids:
        await shop.webhook(sale_id, **facts)  # type: ignore[arg-type]
    await shop.process()
    await shop.deliver()


async def announced(shop: Shop, gateway: str = "hotmart") -> str:
    """The id of a made-up sale that a proof is about to send."""
    known: dict[str, Any] = {"session_id": None, "connection_id": shop.connection_id, "test_event_code": "TEST7"}
    async with transaction() as session:
        return (await announce(session, shop.tenant_id, gateway, now=clock.now(), **known)).sale_id


@dataclass(frozen=True)
class Person:
    """Somebody with a key at the console."""

    client: httpx.AsyncClient
    key: str

    async def get(self, path: str, *, language: str = "en", **asked: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": language}
        return await self.client.get(f"/api/v1/operations/{path}", params=asked, headers=headers)


@dataclass(frozen=True)
class Console:
    olga: Person  # the operator
    bia: Person  # of the support desk
    nobody: Person


@pytest.fixture
async def console(database: Settings) -> AsyncIterator[Console]:
    app = FastAPI()
    app.state.settings = database
    problems.install(app)
    app.include_router(operations.router)
    async with transaction() as session:
        olga = await staff.create(session, "Olga", StaffRole.OPERATOR, actor="test")
        bia = await staff.create(session, "Bia", StaffRole.SUPPORT, actor="test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield Console(Person(client, olga.key), Person(client, bia.key), Person(client, "sk_staff_nobody"))
