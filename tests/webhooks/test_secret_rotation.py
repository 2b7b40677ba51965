"""A webhook secret is replaced while webhooks come in: the old and the new one count until the new one is proved."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, text
from sqlmodel import select

from tracking_core.db.engine import engine, transaction
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import AuditEntry, SecretKind, SecretState, VaultSecret, WebhookEndpoint
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.receive import receive

OLD, NEW, OTHER = "old-secret-of-the-shop", "new-secret-of-the-shop", "a-third-secret"
GATEWAYS = pytest.mark.parametrize("shop", ["hotmart", "kiwify"], indirect=True)


@dataclass
class Shop:
    """A tenant's endpoint at one gateway, and the gateway, which signs with whatever it is told."""

    client: httpx.AsyncClient
    gateway: str
    tenant_id: UUID
    endpoint: WebhookEndpoint
    sales: int = 0

    async def post(self, secret: str) -> int:
        sent = self.signed(secret)
        answer = await self.client.post(
            tenants.webhook_path(self.endpoint), content=sent.body, headers=dict(sent.headers), params=dict(sent.query)
        )
        return answer.status_code

    def signed(self, secret: str) -> InboundRequest:
        self.sales += 1
        sale = SyntheticSale(sale_id=f"S{self.sales}", kind="approved", occurred_at=clock.now())
        return registry.get(self.gateway).synthesize(sale, secret)

    async def rotate(self, secret: str, **changes: Any) -> None:
        async with transaction() as session:
            await tenants.rotate_webhook_secret(session, self.endpoint.id, secret, actor="seller", **changes)

    async def row(self) -> WebhookEndpoint:
        async with transaction() as session:
            return await session.get_one(WebhookEndpoint, self.endpoint.id)

    async def stored(self, value: str) -> str:
        async with transaction() as session:
            kept = await vault.put(
                session,
                tenant=await tenants.get(session, self.tenant_id),
                kind=SecretKind.WEBHOOK_SECRET,
                value=value,
                actor="seller",
                session_id=None,
                now=clock.now(),
            )
        return kept.reference


@pytest.fixture
async def shop(client: httpx.AsyncClient, request: pytest.FixtureRequest) -> Shop:
    gateway = getattr(request, "param", "hotmart")
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, gateway, OLD, actor="test")
    return Shop(client, gateway, made.tenant_id, endpoint)


async def promotions() -> list[tuple[str, str]]:
    async with transaction() as session:
        query = select(AuditEntry).where(AuditEntry.action == "gateway.secret_promoted")
        return [(one.actor, one.subject) for one in (await session.scalars(query)).all()]


@GATEWAYS
async def test_no_authentic_webhook_is_refused_during_the_whole_rotation(shop: Shop) -> None:
    assert [await shop.post(OLD), await shop.post(NEW)] == [200, 401]
    await shop.rotate(NEW)
    assert [await shop.post(OLD) for _ in range(5)] == [200] * 5
    assert await shop.post(OTHER) == 401
    assert await promotions() == []
    assert [await shop.post(secret) for secret in (NEW, NEW, OLD, NEW, OLD)] == [200, 200, 401, 200, 401]
    assert await promotions() == [("webhook", str(shop.endpoint.id))]
    assert (await shop.row()).next_secret is None


@GATEWAYS
async def test_webhooks_that_prove_it_at_the_same_time_promote_it_once_and_all_count(shop: Shop) -> None:
    await shop.rotate(NEW)
    assert await asyncio.gather(*(shop.post(NEW) for _ in range(12))) == [200] * 12
    assert await promotions() == [("webhook", str(shop.endpoint.id))]


async def test_one_that_waits_for_another_s_promotion_counts_and_promotes_nothing_again(shop: Shop) -> None:
    reference = await shop.stored(NEW)
    await shop.rotate(NEW, secret_ref=reference)
    key = shop.endpoint.endpoint_key
    async with transaction() as first:
        await receive(first, shop.gateway, shop.signed(NEW), endpoint_key=key)
        async with transaction() as second:
            waiting = asyncio.create_task(receive(second, shop.gateway, shop.signed(NEW), endpoint_key=key))
            while not await somebody_waits():
                pass  # asking takes its time
            await first.commit()
            assert (await waiting).created
    assert await promotions() == [("webhook", str(shop.endpoint.id))]
    assert (await shop.row()).secret_ref == reference


async def somebody_waits() -> bool:
    async with transaction() as session:
        query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool((await session.execute(query)).scalar_one())


@GATEWAYS
async def test_old_and_new_at_the_same_time_no_new_one_is_ever_refused(shop: Shop) -> None:
    """An old one that meets the promotion may be refused; before it, none is."""
    assert await asyncio.gather(*(shop.post(OLD) for _ in range(5))) == [200] * 5
    await shop.rotate(NEW)
    answers = await asyncio.gather(*(shop.post(secret) for _ in range(8) for secret in (OLD, NEW)))
    assert answers[1::2] == [200] * 8
    assert set(answers[::2]) <= {200, 401}
    assert [await shop.post(OLD), await shop.post(NEW)] == [401, 200]


async def test_the_last_one_given_counts_and_the_one_in_use_ends_the_rotation(shop: Shop) -> None:
    await shop.rotate(NEW)
    await shop.rotate(OTHER)
    assert await shop.post(NEW) == 401
    await shop.rotate(OLD)
    assert [await shop.post(OTHER), await shop.post(OLD)] == [401, 200]
    assert (await shop.row()).next_secret is None
    assert await promotions() == []


async def test_a_promotion_that_is_not_committed_did_not_happen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.ext.asyncio import AsyncSession

    async def broken(_session: AsyncSession) -> None:
        raise OperationalError("COMMIT", {}, Exception("gone"))

    await shop.rotate(NEW)
    with monkeypatch.context() as broken_for_now:
        broken_for_now.setattr(AsyncSession, "commit", broken)
        assert await shop.post(NEW) == 503
    assert await promotions() == []
    assert [await shop.post(OLD), await shop.post(NEW), await shop.post(OLD)] == [200, 200, 401]


async def test_its_reference_moves_with_it_is_verified_by_the_webhook_and_does_not_expire_before(shop: Shop) -> None:
    reference = await shop.stored(NEW)
    await shop.rotate(NEW, secret_ref=reference)
    row = await shop.row()
    assert (row.secret_ref, row.next_secret_ref) == (None, reference)
    async with transaction() as session:
        kept = await session.get_one(VaultSecret, UUID(reference.removeprefix("secret:")))
    assert (kept.state, kept.expires_at) == (SecretState.UNVERIFIED, None)
    await shop.post(NEW)
    row = await shop.row()
    assert (row.secret_ref, row.next_secret_ref) == (reference, None)
    async with transaction() as session:
        kept = await session.get_one(VaultSecret, kept.id)
    assert kept.state == SecretState.VERIFIED


async def test_a_reference_that_was_revoked_meanwhile_refuses_no_webhook(shop: Shop) -> None:
    reference = await shop.stored(NEW)
    await shop.rotate(NEW, secret_ref=reference)
    async with transaction() as session:
        await vault.revoke(session, reference, tenant_id=shop.tenant_id, actor="seller", now=clock.now())
    assert [await shop.post(NEW), await shop.post(OLD)] == [200, 401]


async def test_a_reference_given_up_for_another_expires_again(shop: Shop) -> None:
    reference = await shop.stored(NEW)
    await shop.rotate(NEW, secret_ref=reference)
    await shop.rotate(OTHER)
    async with transaction() as session:
        kept = await session.get_one(VaultSecret, UUID(reference.removeprefix("secret:")))
    assert kept.expires_at is not None


async def test_what_cannot_be_rotated_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidRequest):
        await shop.rotate("")
    with pytest.raises(SecretUnknown):
        await shop.rotate(NEW, secret_ref=f"secret:{new_id()}")
    shop.endpoint.id = new_id()
    with pytest.raises(NotFound):
        await shop.rotate(NEW)


async def test_a_webhook_costs_the_same_statements_during_a_rotation_as_before(shop: Shop) -> None:
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement.split()[0])

    event.listen(engine().sync_engine, "before_cursor_execute", count)
    await shop.post(OLD)
    before = list(statements)
    await shop.rotate(NEW)
    statements.clear()
    await shop.post(OLD)
    assert statements == before == ["SELECT", "INSERT"]
