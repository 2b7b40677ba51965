"""The vault with values in its own rows: what a reference opens, for whom, and for how long."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from tests.secrets.conftest import new_tenant
from tracking_core.db.engine import transaction
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import AuditEntry, SecretAccess, SecretKind, SecretState, Tenant, VaultSecret
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.secrets.vault import StoredSecret
from tracking_core.settings import Settings

TOKEN = "EAAB" + "x1Y2" * 12
KIND = SecretKind.META_ACCESS_TOKEN
SESSION = new_id()


async def put(tenant: Tenant, value: str = TOKEN, **changes: Any) -> StoredSecret:
    given: dict[str, Any] = {"kind": KIND, "actor": "seller", "session_id": SESSION, "now": clock.now()} | changes
    async with transaction() as session:
        return await vault.put(session, tenant=tenant, value=value, **given)


async def opened(tenant: Tenant | UUID, reference: str, **changes: Any) -> str:
    tenant_id = tenant.id if isinstance(tenant, Tenant) else tenant
    given: dict[str, Any] = {"session_id": SESSION, "kind": KIND, "actor": "worker", "purpose": "validate"} | changes
    async with transaction() as session:
        return (await vault.open_(session, reference, tenant_id=tenant_id, **given)).reveal()


async def verify(tenant: Tenant, stored: StoredSecret) -> None:
    async with transaction() as session:
        await vault.verify(session, stored.reference, tenant_id=tenant.id, actor="worker", now=clock.now())


async def revoke(tenant: Tenant, stored: StoredSecret) -> None:
    async with transaction() as session:
        await vault.revoke(session, stored.reference, tenant_id=tenant.id, actor="seller", now=clock.now())


async def row_of(stored: StoredSecret) -> VaultSecret:
    async with transaction() as session:
        return await session.get_one(VaultSecret, UUID(stored.reference.removeprefix("secret:")))


async def test_a_value_goes_in_once_and_comes_out_for_its_own_use_only(tenant: Tenant) -> None:
    stored = await put(tenant, f"  {TOKEN}\n")
    assert stored.reference.startswith("secret:")
    assert (stored.kind, stored.last4, len(stored.fingerprint)) == (KIND, TOKEN[-4:], 16)
    assert await opened(tenant, stored.reference) == TOKEN


async def test_every_opening_is_on_record_and_no_refused_one(tenant: Tenant) -> None:
    stored = await put(tenant)
    await opened(tenant, stored.reference)
    await opened(tenant, stored.reference, actor="doctor", purpose="check")
    with pytest.raises(SecretUnknown):
        await opened(tenant, stored.reference, kind=SecretKind.GATEWAY_BASIC)
    async with transaction() as session:
        accesses = (await session.scalars(select(SecretAccess).order_by(SecretAccess.id))).all()  # type: ignore[arg-type]
    assert [(one.actor, one.purpose, str(one.secret_id)) for one in accesses] == [
        ("worker", "validate", stored.reference.removeprefix("secret:")),
        ("doctor", "check", stored.reference.removeprefix("secret:")),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": new_id()},
        {"session_id": new_id()},
        {"session_id": None},
        {"kind": SecretKind.META_APP_SECRET},
        {"reference": f"secret:{new_id()}"},
        {"reference": "secret:"},
        {"reference": ""},
        {"reference": "secret:x' OR 1=1"},
        {"reference": "vault:{id}"},
        {"reference": "{id}"},
    ],
)
async def test_anything_but_its_own_place_gets_the_same_answer(tenant: Tenant, changes: dict[str, Any]) -> None:
    stored = await put(tenant)
    reference = changes.pop("reference", stored.reference).format(id=stored.reference.removeprefix("secret:"))
    with pytest.raises(SecretUnknown) as refused:
        await opened(changes.pop("tenant", tenant), reference, **changes)
    assert (refused.value.status, refused.value.code, refused.value.params) == (404, "secret_unknown", {})


async def test_once_verified_the_hub_itself_opens_it_but_no_other_session(tenant: Tenant) -> None:
    stored = await put(tenant)
    await verify(tenant, stored)
    assert await opened(tenant, stored.reference, session_id=None) == TOKEN
    assert await opened(tenant, stored.reference) == TOKEN
    with pytest.raises(SecretUnknown):
        await opened(tenant, stored.reference, session_id=new_id())


async def test_one_of_no_session_is_the_hub_s(tenant: Tenant) -> None:
    stored = await put(tenant, session_id=None)
    assert await opened(tenant, stored.reference, session_id=None) == TOKEN
    with pytest.raises(SecretUnknown):
        await opened(tenant, stored.reference)


async def test_a_revoked_one_is_gone_and_stays_gone(tenant: Tenant) -> None:
    stored = await put(tenant)
    await revoke(tenant, stored)
    await revoke(tenant, stored)
    row = await row_of(stored)
    assert (row.state, row.sealed, row.last4) == (SecretState.REVOKED, None, TOKEN[-4:])
    for attempt in (opened(tenant, stored.reference), verify(tenant, stored)):
        with pytest.raises(SecretUnknown):
            await attempt


async def test_another_tenant_can_neither_verify_nor_revoke_it(tenant: Tenant) -> None:
    stored, other = await put(tenant), await new_tenant()
    for attempt in (verify(other, stored), revoke(other, stored)):
        with pytest.raises(SecretUnknown):
            await attempt
    assert await opened(tenant, stored.reference) == TOKEN


async def test_what_nobody_verifies_in_time_neither_opens_nor_stays(database: Settings, tenant: Tenant) -> None:
    kept, forgotten = await put(tenant), await put(tenant)
    await verify(tenant, kept)
    later = clock.now() + timedelta(hours=database.vault_unverified_hours, seconds=1)
    clock.set_source(lambda: later)
    for attempt in (opened(tenant, forgotten.reference), verify(tenant, forgotten)):
        with pytest.raises(SecretUnknown):
            await attempt
    async with transaction() as session:
        assert await vault.expire_unverified(session, later) == 1
        assert await vault.expire_unverified(session, later) == 0
    row = await row_of(forgotten)
    assert (row.state, row.sealed, row.revoked_at) == (SecretState.REVOKED, None, later)
    assert await opened(tenant, kept.reference) == TOKEN


async def test_what_a_connection_uses_does_not_expire_until_it_is_let_go(database: Settings, tenant: Tenant) -> None:
    stored, now = await put(tenant), clock.now()
    async with transaction() as session:
        await vault.retain(session, stored.reference, tenant_id=tenant.id, now=now)
        assert await vault.expire_unverified(session, now + timedelta(days=400)) == 0
        await vault.release(session, stored.reference, tenant_id=tenant.id, now=now)
        assert await vault.expire_unverified(session, now + timedelta(days=400)) == 1


async def test_letting_go_of_a_verified_one_does_not_end_it(tenant: Tenant) -> None:
    stored = await put(tenant)
    await verify(tenant, stored)
    async with transaction() as session:
        await vault.release(session, stored.reference, tenant_id=tenant.id, now=clock.now())
        assert await vault.expire_unverified(session, clock.now() + timedelta(days=400)) == 0


async def test_a_refused_value_leaves_no_row(tenant: Tenant) -> None:
    with pytest.raises(InvalidRequest):
        await put(tenant, "a\nb")
    async with transaction() as session:
        assert (await session.scalars(select(VaultSecret))).all() == []


@pytest.mark.parametrize(("value", "last4"), [("12345678901", ""), ("123456789012", "9012")])
async def test_the_last_four_are_shown_only_of_a_long_one(tenant: Tenant, value: str, last4: str) -> None:
    assert (await put(tenant, value)).last4 == last4


async def test_a_fingerprint_tells_equal_from_unequal_within_a_tenant_and_nothing_across(tenant: Tenant) -> None:
    one, same, other = await put(tenant), await put(tenant), await put(tenant, TOKEN + "x")
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert (await put(await new_tenant())).fingerprint != one.fingerprint


async def test_a_value_moved_to_another_row_does_not_open(tenant: Tenant) -> None:
    stored, other = await put(tenant), await put(tenant, "another-value")
    async with transaction() as session:
        row = await session.get_one(VaultSecret, UUID(other.reference.removeprefix("secret:")))
        row.sealed = (await row_of(stored)).sealed
    with pytest.raises(Exception, match="does not open"):
        await opened(tenant, other.reference)


async def test_each_change_leaves_an_audit_entry(tenant: Tenant) -> None:
    stored = await put(tenant)
    await verify(tenant, stored)
    await revoke(tenant, stored)
    async with transaction() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()  # type: ignore[arg-type]
    changes = [(one.action, one.actor) for one in entries if one.action.startswith("secret.")]
    assert changes == [("secret.stored", "seller"), ("secret.verified", "worker"), ("secret.revoked", "seller")]
