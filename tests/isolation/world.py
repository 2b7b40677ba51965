"""Two sellers: Ana, who asks, and Beto, who has one of everything. Nothing of Beto's may reach Ana."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from api.ui.cookies import SessionCookie
from api.ui.security import csrf_token
from api.ui.status.tokens import token_of
from tests.alert_channels import world as alerting
from tests.pipeline.conftest import Shop
from tests.privacy import planted as person
from tests.replays.letters import ask, bearer, bury
from tests.reporting.conftest import ANA, BETO, open_shop
from tests.ui_reconciliation.scene import compared
from tracking_core.alerts import service as alerts
from tracking_core.configuration.plan import Line, Plan
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import (
    ActionState,
    ChannelKind,
    Role,
    SecretKind,
    SetupActionLog,
    SetupSession,
    StaffRole,
    Tenant,
    User,
)
from tracking_core.privacy.catalogue import tables
from tracking_core.privacy.registry import SCOPES
from tracking_core.secrets import vault
from tracking_core.settings import Settings
from tracking_core.setup import approvals, lease, sessions
from tracking_core.staff import service as staff
from tracking_core.users import service as users
from tracking_core.users import web_sessions
from tracking_core.users.web_sessions import How

ORIGIN = "http://127.0.0.1"
PLAN_HASH = "b" * 64
# Of rows: another kind of id is worked out from what somebody is asked for, and is the same for everybody.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Seller:
    """``headers`` open the API, ``cookies`` the pages; ``ids`` by the name that a route gives them."""

    shop: Shop
    headers: dict[str, str]
    cookies: dict[str, str]
    csrf: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def tenant_id(self) -> str:
        return str(self.shop.tenant_id)


@dataclass(frozen=True)
class World:
    ana: Seller
    beto: Seller
    marks: frozenset[str]

    def leaked(self, answer: httpx.Response, *, said: str) -> list[str]:
        """What of Beto's stands in the answer that Ana did not say herself."""
        told = f"{answer.headers} {answer.text}".lower()
        return sorted(mark for mark in self.marks if mark in told and mark not in said.lower())


@dataclass(frozen=True)
class Browser:
    cookies: dict[str, str]
    csrf: str


async def create(settings: Settings, app: FastAPI) -> World:
    ana, beto = [await open_shop(settings, *one) for one in ((ANA, "1000000001"), (BETO, "2000000002"))]
    planted = await person.plant(beto)
    ids = await _more_of(beto, planted)
    return World(
        await _seller(app, ana, "ana@example.com", await _own(ana)),
        await _seller(app, beto, "beto@example.com", ids),
        await _marks(beto),
    )


async def _own(shop: Shop) -> dict[str, str]:
    """Ana has a setup, so that hers can be asked for what is Beto's."""
    async with transaction() as session:
        made = await sessions.create(session, shop.tenant_id, caller=shop.tenant_id, actor="test")
    return {"session_id": str(made.id)}


async def _more_of(shop: Shop, planted: person.Planted) -> dict[str, str]:
    tenant_id, now = shop.tenant_id, clock.now()
    [letter] = await bury(shop)
    replayed = await ask(shop)
    [waits] = await bury(shop)
    channel = await alerting.add(shop.settings, tenant_id, ChannelKind.EMAIL, "alertas-do-beto@example.com")
    async with transaction() as session:
        silence = await alerts.silence(
            session, tenant_id=tenant_id, objective=None, starts_at=now, ends_at=now + timedelta(days=7),
            reason="Feriado do Beto", actor="test", now=now,
        )  # fmt: skip
    ids = {
        **await _of_setup(shop, planted.setup_id),
        "run_id": await compared(shop),
        "replay_id": replayed.replay_id,
        "letter_id": waits,
        "channel_id": channel.channel.id,
        "silence_id": silence.id,
        "alert_id": await alerting.open_alert(tenant_id, facts={"waiting": 17}),
        "request_id": (await person.planned(shop, "email", person.OTHER)).id,
        "tenant_id": tenant_id,
        "connection_id": shop.connection_id,
        "conversion_id": await _one("SELECT id FROM conversions WHERE tenant_id = :t ORDER BY id LIMIT 1", tenant_id),
        "handoff_id": await _one("SELECT id FROM setup_handoffs WHERE tenant_id = :t LIMIT 1", tenant_id),
        "screenshot_id": await _one("SELECT id FROM setup_screenshots WHERE tenant_id = :t LIMIT 1", tenant_id),
        "message_id": await _one("SELECT id FROM setup_messages WHERE tenant_id = :t LIMIT 1", tenant_id),
    }
    assert letter != waits
    return {name: str(value) for name, value in ids.items()}


async def _of_setup(shop: Shop, setup_id: UUID) -> dict[str, object]:
    """A credential, a check that failed, and a plan that waits."""
    now = clock.now()
    async with transaction() as session:
        tenant, setup = await session.get_one(Tenant, shop.tenant_id), await session.get_one(SetupSession, setup_id)
        kept = await vault.put(
            session, tenant=tenant, kind=SecretKind.META_ACCESS_TOKEN, value="EAABetosToken0123456789abcdefghij",
            actor="test", session_id=setup_id, now=now,
        )  # fmt: skip
        entry = SetupActionLog(
            session_id=setup_id, tenant_id=tenant.id, action="validate_meta_token", idem="a1", actor="seller", fence=1,
            state=ActionState.FAILED, code="meta_token_expired", started_at=now, finished_at=now,
        )  # fmt: skip
        session.add(entry)
        fence = await lease.take(session, setup_id, tenant.id, now, seconds=-1)
        assert fence is not None
        plan = Plan(
            kind="configure", tenant_id=tenant.id, generation=0, actions=(), diff=(Line(msgid="x"),)
        ).model_dump(mode="json")
        await approvals.request(
            session, setup, fence, interrupt_id="i1", plan=plan, plan_hash=PLAN_HASH, now=now, hours=24
        )
        token = token_of(setup)
    return {"session_id": setup_id, "secret": kept.reference, "action_id": entry.id, "token": token}


async def _seller(app: FastAPI, shop: Shop, email: str, ids: dict[str, str]) -> Seller:
    async with transaction() as session:
        user = await users.invite(session, email, email, Role.SELLER, actor="test", tenants=[shop.tenant_id])
        key = await staff.create(session, email, StaffRole.SUPPORT, actor="test")
    browser, web_session = await signed_in(app, user)
    ids |= {"user_id": str(user.id), "web_session_id": web_session, "key_id": str(key.row.id)}
    return Seller(shop, await bearer(shop), browser.cookies, browser.csrf, ids)


async def signed_in(app: FastAPI, user: User) -> tuple[Browser, str]:
    """The browser, and its session's id."""
    async with transaction() as session:
        begun = await web_sessions.begin(session, user, How.LINK, now=clock.now())
    cookie = SessionCookie(app.state.settings)
    held = {cookie.name: cookie._signer.sign(begun.token).decode(), "hub_locale": "en"}
    web_session = await _one("SELECT id FROM web_sessions WHERE user_id = :t ORDER BY created_at LIMIT 1", user.id)
    return Browser(held, csrf_token(begun.token)), str(web_session)


async def person_of(app: FastAPI, role: Role) -> Browser:
    async with transaction() as session:
        name = new_hex()
        user = await users.invite(session, f"{name}@hub.example", name, role, actor="test")
    return (await signed_in(app, user))[0]


async def staff_key(role: StaffRole) -> dict[str, str]:
    async with transaction() as session:
        made = await staff.create(session, f"{role}s key", role, actor="test")
    return {"Authorization": f"Bearer {made.key}"}


async def _one(query: str, tenant_id: UUID) -> Any:
    async with transaction() as session:
        return (await session.execute(text(query), {"t": tenant_id})).scalar_one()


async def _marks(shop: Shop) -> frozenset[str]:
    """Every id of a row of Beto's, and what people know him and his buyers by."""
    words = {BETO, "2000000002", person.EMAIL, person.OTHER, "HP-MARIA", "HP-JOAO", person.CLICK, "EAABetosToken"}
    words |= {"alertas-do-beto", "beto@example.com", "Feriado do Beto", "Maria Souza"}
    content = await rows_of(shop.tenant_id)
    found = {one for rows in content.values() for one in _UUID.findall(rows)}
    return frozenset(one.lower() for one in words | found)


async def rows_of(tenant_id: UUID) -> dict[str, str]:
    """By table, all that is the tenant's, in an order that never changes."""
    told = {}
    async with transaction() as session:
        for table in await tables(session):
            if table.name not in SCOPES and "tenant_id" not in table.columns:
                continue
            scope = table.scope.replace("(t.tenant_id = :tenant OR t.tenant_id IS NULL)", "t.tenant_id = :tenant")
            query = text(f"SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM {table.quoted} t WHERE {scope}")
            named = {"tenant": tenant_id, **({"users": []} if ":users" in scope else {})}
            if rows := await session.scalar(query, named):
                told[table.name] = str(rows)
    return told
