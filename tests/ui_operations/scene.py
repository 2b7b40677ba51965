"""Two shops with a bit of everything: sales in every state, a hold, dead letters, a credential."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import track, verdict
from tests.replays.letters import bury
from tests.reporting.conftest import ANA, BETO, open_shop, sell
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Conversion, Role, SecretKind, Tenant, User
from tracking_core.secrets import vault
from tracking_core.settings import Settings
from tracking_core.users import links
from tracking_core.users import service as users

TOKEN = "EAASceneToken0123456789abcdefWXYZ"
SALE = "HP1234567890"
LETTERS = 8


@dataclass(frozen=True)
class Scene:
    """``operator`` and ``seller`` are links that let them in, once; ``sale_id`` is of the sale with the click."""

    ana: Shop
    beto: Shop
    operator: str
    seller: str
    sale_id: UUID


async def play(settings: Settings) -> Scene:
    ana = await open_shop(settings, ANA, "1000000001")
    beto = await open_shop(settings, BETO, "2000000002")
    await _sales_of(ana)
    await _hold(beto)
    await _keep(ana)
    async with transaction() as session:
        olga = await users.invite(session, "olga@example.com", "Olga", Role.OPERATOR, actor="test")
        maria = await users.invite(
            session, f"{new_hex()}@example.com", "Ana", Role.SELLER, actor="test", tenants=[ana.tenant_id]
        )
        operator, seller = [await _link(session, user) for user in (olga, maria)]
        [sale] = await session.scalars(select(Conversion.id).where(Conversion.sale_id == SALE))
    return Scene(ana, beto, operator, seller, sale)


async def _link(session: AsyncSession, user: User) -> str:
    return f"/sign-in/link/{await links.issue(session, user, now=clock.now())}"


async def _sales_of(ana: Shop) -> None:
    """One with its click, some without, some that wait for their payment, some that Meta refused."""
    ad: dict[str, Any] = {"fbclid": "IwAR1", "utm_source": "facebook", "utm_campaign": "black-friday"}
    seen = await track(ana, url="https://loja.example/curso-de-violao", consent_ads=True, **ad)
    await sell(ana, SALE, click_id=seen["click_id"], email="cliente@example.com")
    await sell(ana, *(f"HP2{number:03}" for number in range(4)))
    await sell(ana, "HP3000", "HP3001", kind="pending")
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050)
    await sell(ana, "HP4000")
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await sell(ana, "HP5000")
    ana.meta.script = lambda _ids: None
    await bury(ana, LETTERS)
    await bury(ana, 2, event_time=clock.now() - timedelta(days=9), created_at=clock.now() - timedelta(days=9))


async def _hold(beto: Shop) -> None:
    beto.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190, subcode=463)
    await sell(beto, "HP7000", "HP7001", "HP7002")


async def _keep(ana: Shop) -> None:
    known: dict[str, Any] = {"kind": SecretKind.META_ACCESS_TOKEN, "session_id": None}
    async with transaction() as session:
        tenant = await session.get_one(Tenant, ana.tenant_id)
        kept = await vault.put(session, tenant=tenant, value=TOKEN, actor="test", now=clock.now(), **known)
        await vault.verify(session, kept.reference, tenant_id=tenant.id, actor="test", now=clock.now())
        opened: dict[str, Any] = {**known, "actor": "worker", "purpose": "delivery"}
        await vault.open_(session, kept.reference, tenant_id=tenant.id, **opened)
