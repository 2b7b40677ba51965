"""A Meta token is replaced without a gap, and a write key is there to be shown."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from tracking_core.db.engine import transaction
from tracking_core.delivery.lease import lease
from tracking_core.errors import Conflict, InvalidRequest, NotFound
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    AuditEntry,
    ConnectionState,
    Delivery,
    MetaConnection,
    SecretKind,
    SecretState,
    VaultSecret,
)
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

OLD, NEW, OTHER = "EAAoldTokenOfTheShop", "EAAnewTokenOfTheShop", "EAAthirdTokenOfTheShop"


@pytest.fixture
async def connection(database: Settings) -> MetaConnection:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        return await tenants.connect_meta(session, made.tenant_id, "123", OLD, actor="test")


async def change(what: Any, connection: MetaConnection, *arguments: str, **options: Any) -> MetaConnection:
    async with transaction() as session:
        made: MetaConnection = await what(session, connection.id, *arguments, actor="seller", **options)
        return made


async def token_in_use(connection: MetaConnection, settings: Settings) -> str | None:
    """What a delivery that is due is sent with; None while the connection is on hold."""
    now = clock.now()
    async with transaction() as session:
        session.add(
            Delivery(
                tenant_id=connection.tenant_id,
                connection_id=connection.id,
                event_name="Purchase",
                event_id=str(new_id()),
                event_time=now,
                payload=b"{}",
                due_at=now,
            )
        )
        await session.flush()
        batch = await lease(session, connection.id, now, settings)
    return batch.access_token if batch else None


async def stored(connection: MetaConnection, value: str) -> str:
    async with transaction() as session:
        kept = await vault.put(
            session,
            tenant=await tenants.get(session, connection.tenant_id),
            kind=SecretKind.META_ACCESS_TOKEN,
            value=value,
            actor="seller",
            session_id=None,
            now=clock.now(),
        )
    return kept.reference


async def secret(reference: str) -> VaultSecret:
    async with transaction() as session:
        return await session.get_one(VaultSecret, UUID(reference.removeprefix("secret:")))


async def hold(connection: MetaConnection) -> None:
    async with transaction() as session:
        row = await session.get_one(MetaConnection, connection.id)
        row.state, row.hold_code, row.held_at, row.failure_streak = ConnectionState.ON_HOLD, "x", clock.now(), 3


async def test_deliveries_go_on_with_the_token_in_use_until_the_new_one_is_promoted(
    connection: MetaConnection, database: Settings
) -> None:
    await change(tenants.stage_meta_token, connection, NEW)
    assert await token_in_use(connection, database) == OLD
    made = await change(tenants.promote_meta_token, connection)
    assert await token_in_use(connection, database) == NEW
    assert made.next_access_token is None


async def test_a_discarded_token_changes_nothing_and_discarding_nothing_neither(
    connection: MetaConnection, database: Settings
) -> None:
    await change(tenants.stage_meta_token, connection, NEW)
    for _ in range(2):
        await change(tenants.discard_meta_token, connection)
    assert await token_in_use(connection, database) == OLD
    with pytest.raises(Conflict, match="no token is staged"):
        await change(tenants.promote_meta_token, connection)


async def test_a_hold_ends_with_the_promotion_and_not_with_the_staging(
    connection: MetaConnection, database: Settings
) -> None:
    await hold(connection)
    await change(tenants.stage_meta_token, connection, NEW)
    assert await token_in_use(connection, database) is None
    made = await change(tenants.promote_meta_token, connection)
    assert (made.state, made.hold_code, made.held_at, made.failure_streak) == (ConnectionState.ACTIVE, None, None, 0)
    assert await token_in_use(connection, database) == NEW


async def test_only_the_token_that_was_checked_is_promoted_and_twice_is_once(
    connection: MetaConnection, database: Settings
) -> None:
    checked, later = await stored(connection, NEW), await stored(connection, OTHER)
    await change(tenants.stage_meta_token, connection, NEW, token_ref=checked)
    await change(tenants.stage_meta_token, connection, OTHER, token_ref=later)
    with pytest.raises(Conflict, match="another token was staged"):
        await change(tenants.promote_meta_token, connection, token_ref=checked)
    await change(tenants.discard_meta_token, connection, token_ref=checked)
    for _ in range(2):
        made = await change(tenants.promote_meta_token, connection, token_ref=later)
    assert (made.token_ref, made.next_token_ref) == (later, None)
    assert await token_in_use(connection, database) == OTHER
    assert (await secret(checked)).expires_at is not None
    assert (await secret(later)).state == SecretState.VERIFIED


async def test_a_staged_reference_does_not_expire_and_a_discarded_one_does_again(connection: MetaConnection) -> None:
    reference = await stored(connection, NEW)
    await change(tenants.stage_meta_token, connection, NEW, token_ref=reference)
    assert (await secret(reference)).expires_at is None
    await change(tenants.discard_meta_token, connection, token_ref=reference)
    assert (await secret(reference)).expires_at is not None


async def test_connecting_again_drops_what_was_staged_keeps_the_reference_and_enables(
    connection: MetaConnection, database: Settings
) -> None:
    reference = await stored(connection, OTHER)
    await change(tenants.stage_meta_token, connection, NEW)
    async with transaction() as session:
        (await session.get_one(MetaConnection, connection.id)).disabled_at = clock.now()
    async with transaction() as session:
        made = await tenants.connect_meta(
            session, connection.tenant_id, "123", OTHER, actor="test", token_ref=reference
        )
    assert (made.id, made.disabled_at, made.next_access_token, made.token_ref) == (connection.id, None, None, reference)
    assert await token_in_use(connection, database) == OTHER


async def test_another_tenant_s_reference_connects_nothing(connection: MetaConnection) -> None:
    async with transaction() as session:
        other = await tenants.create(session, "Outra", actor="test")
    reference = await stored(connection, NEW)
    with pytest.raises(SecretUnknown):
        async with transaction() as session:
            await tenants.connect_meta(session, other.tenant_id, "9", NEW, actor="test", token_ref=reference)
    with pytest.raises(SecretUnknown):
        async with transaction() as session:
            await tenants.connect_gateway(session, other.tenant_id, "hotmart", NEW, actor="test", secret_ref=reference)


async def test_what_is_wrong_is_refused(connection: MetaConnection) -> None:
    with pytest.raises(InvalidRequest):
        await change(tenants.stage_meta_token, connection, "")
    connection.id = new_id()
    with pytest.raises(NotFound):
        await change(tenants.stage_meta_token, connection, NEW)


async def test_each_step_is_audited(connection: MetaConnection) -> None:
    await change(tenants.stage_meta_token, connection, NEW)
    await change(tenants.discard_meta_token, connection)
    await change(tenants.stage_meta_token, connection, NEW)
    await change(tenants.promote_meta_token, connection)
    async with transaction() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()  # type: ignore[arg-type]
    actions = [one.action for one in entries if one.actor == "seller"]
    assert actions == ["meta.token_staged", "meta.token_discarded", "meta.token_staged", "meta.token_promoted"]
