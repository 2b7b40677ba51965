"""A person in every table of a shop: put there by the hub's own ways where there is one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from agent.checkpoints import migrate
from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import track
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.contact import Contact, keep_contact
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    AuditEntry,
    PrivacyRequest,
    Role,
    SetupMessage,
    SetupScreenshot,
    SetupSession,
    Tenant,
    TrackingKind,
)
from tracking_core.pipeline.browser_events import drain_browser_events
from tracking_core.privacy.erase import drain_request
from tracking_core.privacy.identifiers import identifier
from tracking_core.privacy.service import approve, ask
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

EMAIL, PHONE, DOCUMENT = "maria.souza@example.com", "+5511987654321", "529.982.247-25"
CLICK, VISIT, SALE = "hMariasClick0001", "sMariasVisit0001", "HP-MARIA-0001"
OTHER = "joao@example.com"
FBP = "fb.1.1700000000000.1234567890"
PAGE = "https://loja.example/curso"


@dataclass(frozen=True)
class Planted:
    shop: Shop
    setup_id: UUID
    other_setup_id: UUID
    user_id: UUID


async def plant(shop: Shop, *, with_account: bool = True) -> Planted:
    await _visit(shop)
    await _buy(shop)
    setup_id, other = await _set_up(shop)
    user_id = await _account(shop) if with_account else new_id()
    async with transaction() as session:
        details = {"note": f"asked by {EMAIL}"}
        session.add(AuditEntry(tenant_id=shop.tenant_id, actor="test", action="x", subject="x", details=details))
    return Planted(shop, setup_id, other, user_id)


async def _visit(shop: Shop) -> None:
    async with transaction() as session:
        await session.execute(
            text("UPDATE meta_connections SET browser_events = '{pageview,initiate_checkout}' WHERE tenant_id = :t"),
            {"t": shop.tenant_id},
        )
    hers = {"click_id": CLICK, "session_id": VISIT}
    await track(shop, TrackingKind.CLICK, **hers, url=PAGE, consent_ads=True, fbp=FBP)
    await track(shop, TrackingKind.PAGEVIEW, **hers, url=PAGE, fbp=FBP)
    where = f"{PAGE}?via={CLICK}"
    await track(shop, TrackingKind.INITIATE_CHECKOUT, **hers, url=where, email=EMAIL, phone=PHONE, fbp=FBP)
    his = {"click_id": "hJoaosClick00001", "session_id": "sJoaosVisit0001"}
    await track(shop, TrackingKind.PAGEVIEW, **his, url=PAGE, email=OTHER, fbp=FBP)
    async for _ in drain_browser_events(shop.connection_id):
        pass


async def _buy(shop: Shop) -> None:
    """One sale that reached Meta, one not paid, one that waits to be sent; and somebody else's."""
    buyer: dict[str, Any] = {"email": EMAIL, "phone": PHONE, "name": "Maria Souza"}
    await shop.webhook(SALE, **buyer, click_id=CLICK)
    await shop.webhook("HP-JOAO-0001", email=OTHER, phone="+5521976543210", name="Joao")
    await shop.process()
    await shop.deliver()
    await shop.webhook("HP-MARIA-0002", "pending", **buyer)
    await shop.webhook("HP-MARIA-0003", **buyer)
    await shop.process()


async def _set_up(shop: Shop) -> tuple[UUID, UUID]:
    await migrate(shop.settings.database_url)
    async with transaction() as session:
        tenant = await session.get_one(Tenant, shop.tenant_id)
        mine = await sessions.create(session, shop.tenant_id, caller=shop.tenant_id, actor="test")
        other = await sessions.create(session, shop.tenant_id, caller=shop.tenant_id, actor="test")
        cipher = tenants.cipher_of(tenant)
        keep_contact(mine, Contact(name="Maria", email=EMAIL), cipher)
        _say(session, mine, f"Meu e-mail: {EMAIL}")
        _say(session, other, f"O cliente {EMAIL.upper()} comprou")
        picture = new_id()
        session.add(
            SetupScreenshot(
                id=picture,
                session_id=mine.id,
                tenant_id=shop.tenant_id,
                sealed=cipher.encrypt(f"PNG {EMAIL}".encode(), f"screenshot:{picture}:picture"),
                digest="d",
                width=1,
                height=1,
                bytes=1,
                extraction={"visible": EMAIL},
                created_by="test",
                expires_at=clock.now() + timedelta(days=1),
            )
        )
        await session.flush()
        await handoffs.open_(
            session,
            mine,
            reason=Reason.USER_REQUESTED,
            step=None,
            code=None,
            actor="seller",
            now=clock.now(),
            settings=shop.settings,
            note=f"Liguem para {EMAIL}",
        )
    _checkpoints(shop, other.id)
    return mine.id, other.id


def _say(session: Any, owner: SetupSession, words: str) -> None:
    session.add(
        SetupMessage(session_id=owner.id, tenant_id=owner.tenant_id, client_id=str(new_id()), role="seller", text=words)
    )


def _checkpoints(shop: Shop, session_id: UUID) -> None:
    """As LangGraph's saver writes them: a length stands before each text."""
    said = f"fala com {EMAIL}".encode()
    with psycopg.connect(shop.settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO agent.checkpoint_blobs (thread_id, channel, version, type, blob)"
            " VALUES (%s, 'facts', '1', 'msgpack', %s)",
            (f"setup:{session_id}", b"\x81\xa1x" + b"\xd9" + bytes([len(said)]) + said),
        )
        connection.execute(
            "INSERT INTO agent.checkpoints (thread_id, checkpoint_id, checkpoint)"
            " VALUES (%s, '1', jsonb_build_object('channel_values', %s::text))",
            (f"chat:{session_id}", EMAIL),
        )


async def _account(shop: Shop) -> UUID:
    async with transaction() as session:
        user = await users.invite(session, EMAIL, "Maria", Role.SELLER, actor="test", tenants=[shop.tenant_id])
        await links.issue(session, user, now=clock.now())
    return user.id


async def planned(shop: Shop, kind: str, value: str) -> PrivacyRequest:
    async with transaction() as session:
        return await ask(session, shop.tenant_id, identifier(kind, value), actor="test", now=clock.now())


async def approved(shop: Shop, row: PrivacyRequest) -> PrivacyRequest:
    async with transaction() as session:
        return await approve(
            session,
            shop.tenant_id,
            row.id,
            plan_hash=row.plan_hash,
            approved_by="Olga",
            actor="test",
            now=clock.now(),
        )


async def erased(shop: Shop, kind: str, value: str) -> PrivacyRequest:
    """Asked, approved and carried out."""
    row = await approved(shop, await planned(shop, kind, value))
    async for _ in drain_request(row.id, shop.settings):
        pass
    return await read(row.id)


async def read(request_id: UUID) -> PrivacyRequest:
    async with transaction() as session:
        return await session.get_one(PrivacyRequest, request_id)
