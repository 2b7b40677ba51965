"""The end of a tenant: planned, confirmed by name, done once; nothing opens any more."""

from typing import Any

import httpx
import pytest

from api.write_keys import WriteKeys
from tests.api.conftest import Tenant, client, tenant
from tests.api.test_webhooks import post, signed
from tests.pipeline.test_sales import rows
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import SecretKind
from tracking_core.models import Tenant as Row
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.secrets import keyring, rotation, vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.settings import Settings
from tracking_core.tenants import closing
from tracking_core.tenants import service as tenants
from tracking_core.tenants.closing import Closing
from tracking_core.tenants.errors import ClosingNotConfirmed, TenantClosed

__all__ = ["client", "tenant"]
NAME = "Loja de teste"


async def close(tenant: Tenant, name: str = NAME) -> Closing:
    async with transaction() as session:
        done = await closing.close(session, tenant.id, name=name, actor="test", now=clock.now())
    await closing.revoke_secrets(tenant.id, actor="test", now=clock.now())
    return done


async def track(client: httpx.AsyncClient, tenant: Tenant) -> httpx.Response:
    body = {"url": "https://loja.example/", "key": tenant.write_key}
    return await client.post("/track/pageview", json=body)


async def test_a_closed_tenant_answers_clearly_and_nothing_of_it_opens(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    async with transaction() as session:
        row = await session.get_one(Row, tenant.id)
        await tenants.connect_meta(session, tenant.id, "1234567890", "EAAtesttoken", actor="test")
        kept = await vault.put(
            session,
            tenant=row,
            kind=SecretKind.META_ACCESS_TOKEN,
            value="EAAtesttoken-of-the-vault",
            actor="test",
            session_id=None,
            now=clock.now(),
        )
    assert (await post(client, tenant.webhook_path, signed(sale_id="HP1"))).status_code == 200
    async for _ in drain_webhooks(database):
        pass
    assert (await post(client, tenant.webhook_path, signed(sale_id="HP2"))).status_code == 200  # not read yet
    sealed = keyring.cipher_for(tenant.id, row.wrapped_data_key).encrypt(b"x", "here")
    async with transaction() as session:
        planned = await closing.plan(session, tenant.id)
    assert planned.has_key
    assert {name: count for name, count in planned.ends.items() if count} == {
        "write_and_secret_keys": 2,
        "webhook_endpoints": 1,
        "meta_connections": 1,
        "waiting_deliveries": 1,
        "unread_webhooks": 1,
    }
    assert {name: count for name, count in planned.unreadable.items() if count} == {"credentials": 1, "raw_webhooks": 2}
    with pytest.raises(ClosingNotConfirmed):
        await close(tenant, "Loja")
    done = await close(tenant)
    assert (done.ends, done.unreadable) == (planned.ends, planned.unreadable)

    answers = [
        await track(client, tenant),
        await track(client, tenant),  # remembered, and still said clearly
        await post(client, tenant.webhook_path, signed(sale_id="HP3")),
        await client.post("/webhooks/hotmart", params={"tenant_id": str(tenant.id)}, content=b"{}"),
        await client.get("/api/v1/conversions", headers=tenant.bearer),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(410, "tenant_closed")] * 5
    assert await rows("SELECT state, reason FROM deliveries") == [{"state": "withheld", "reason": "tenant_closed"}]
    states = await rows("SELECT state, reason FROM received_webhooks ORDER BY received_at")
    assert states[1] == {"state": "ignored", "reason": "tenant_closed"}
    async with transaction() as session:
        row = await tenants.get(session, tenant.id)
        with pytest.raises(TenantClosed):
            tenants.cipher_of(row)
        with pytest.raises(SecretUnknown):
            await vault.open_(
                session,
                kept.reference,
                tenant_id=tenant.id,
                session_id=None,
                kind=SecretKind.META_ACCESS_TOKEN,
                actor="test",
                purpose="test",
            )
        assert await rotation.key_usage(session) == [rotation.KeyUsage("test", 0, True, True)]
    assert [done async for done in rotation.rewrap(actor="test")] == []
    with pytest.raises(TenantClosed):
        keyring.cipher_for(tenant.id, b"").decrypt(sealed, "here")


async def test_closed_again_it_ends_nothing_and_a_webhook_that_slipped_in_is_never_read(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    assert (await post(client, tenant.webhook_path, signed())).status_code == 200
    first = await close(tenant)
    again = await close(tenant)
    assert first.closed_at is not None
    assert (again.closed_at, again.has_key) == (first.closed_at, False)
    assert set(again.ends.values()) == {0}
    assert len(await rows("SELECT 1 FROM audit_log WHERE action = 'tenant.closed'")) == 1
    await rows("UPDATE received_webhooks SET state = 'received' RETURNING 1")
    async for _ in drain_webhooks(database):
        pass
    found: list[dict[str, Any]] = await rows("SELECT state, reason FROM received_webhooks")
    assert found == [{"state": "unreadable", "reason": "tenant_closed"}]


async def test_what_other_processes_hold_in_memory_ends_by_itself(
    client: httpx.AsyncClient, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transaction() as session:
        wrapped = (await tenants.get(session, tenant.id)).wrapped_data_key
    keys, now = WriteKeys(), 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    opened = keyring._Opened()
    cipher = opened(tenant.id, wrapped)
    await keys.writer(tenant.write_key)
    await close(tenant)
    assert (await keys.writer(tenant.write_key)).tenant_id == tenant.id
    now += 30.1
    with pytest.raises(TenantClosed):
        await keys.writer(tenant.write_key)
    assert opened(tenant.id, wrapped) is cipher
    now += keyring.OPENED_SECONDS
    with pytest.raises(TenantClosed):
        opened(tenant.id, b"")
    opened._let_go(now)
    assert not opened._held
