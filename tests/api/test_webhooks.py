"""The webhook receiver: what each kind of delivery gets, and that nothing authentic is lost."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.api.conftest import SECRET, Tenant
from tracking_core.db.engine import transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.kit import clock
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.settings import Settings


def signed(kind: str = "approved", sale_id: str = "HP1") -> InboundRequest:
    sale = SyntheticSale(sale_id=sale_id, kind=kind, occurred_at=clock.now())
    return registry.get("hotmart").synthesize(sale, SECRET)


async def post(client: httpx.AsyncClient, path: str, inbound: InboundRequest, **changes: Any) -> httpx.Response:
    headers = {**inbound.headers, **changes.pop("headers", {})}
    body = changes.pop("body", inbound.body)
    return await client.post(path, content=body, headers=headers, params=dict(inbound.query))


async def webhooks(settings: Settings) -> list[tuple[str, str | None]]:
    async for _ in drain_webhooks(settings):
        pass
    async with transaction() as session:
        rows = await session.execute(text("SELECT state, reason FROM received_webhooks ORDER BY received_at"))
        return [(row.state, row.reason) for row in rows]


async def test_an_authentic_webhook_is_kept_and_a_replay_is_a_duplicate(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    inbound = signed()
    first, second = [await post(client, tenant.webhook_path, inbound) for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (200, "received")
    assert (second.status_code, second.json()["status"]) == (200, "duplicate")
    assert first.json()["webhook_id"] == second.json()["webhook_id"]
    assert await webhooks(database) == [("processed", "advanced")]


async def test_the_tenant_form_of_the_address_finds_the_same_endpoint(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    inbound = signed()
    answer = await client.post(
        "/webhooks/hotmart", params={"tenant_id": str(tenant.id)}, content=inbound.body, headers=dict(inbound.headers)
    )
    assert answer.json()["status"] == "received"


async def test_a_forged_webhook_is_refused_and_not_kept(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    answer = await post(client, tenant.webhook_path, signed(), headers={"x-hotmart-hottok": "guess"})
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_signature_invalid")
    assert await webhooks(database) == []


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b"\xff\xfe not utf-8", ("unreadable", "not_json")),
        (b"[1, 2]", ("unreadable", "not_an_object")),
        (b'{"event": "PURCHASE_NEW_THING", "id": "1", "data": {}}', ("ignored", "unknown_event:PURCHASE_NEW_THING")),
        (b"{}", ("ignored", "test_ping")),
    ],
)
async def test_authentic_but_strange_bodies_get_2xx_and_are_kept_with_the_reason(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings, body: bytes, state: tuple[str, str]
) -> None:
    answer = await post(client, tenant.webhook_path, signed(), body=body)
    assert answer.status_code == 200
    assert await webhooks(database) == [state]


async def test_wrong_types_in_an_authentic_sale_are_kept_as_unreadable(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    answer = await post(client, tenant.webhook_path, signed(), body=b'{"event":"PURCHASE_APPROVED","id":"1","data":[]}')
    assert answer.status_code == 200
    [(state, _reason)] = await webhooks(database)
    assert state == "unreadable"


async def test_an_oversized_webhook_is_refused(client: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await post(client, tenant.webhook_path, signed(), body=b"x" * 1_100_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/webhooks/hotmart/unknown-key", "/webhooks/nowhere/key"])
async def test_an_unknown_address_is_404(client: httpx.AsyncClient, tenant: Tenant, path: str) -> None:
    answer = await post(client, path, signed())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_stored_body_is_encrypted(client: httpx.AsyncClient, tenant: Tenant) -> None:
    await post(client, tenant.webhook_path, signed())
    async with transaction() as session:
        [body] = (await session.execute(text("SELECT body FROM received_webhooks"))).scalars()
    assert b"example.com" not in bytes(body)


async def test_a_commit_that_fails_is_a_failed_answer(
    client: httpx.AsyncClient, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.ext.asyncio import AsyncSession

    async def broken(_session: AsyncSession) -> None:
        raise OperationalError("COMMIT", {}, Exception("gone"))

    inbound = signed()
    monkeypatch.setattr(AsyncSession, "commit", broken)
    answer = await post(client, tenant.webhook_path, inbound)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
