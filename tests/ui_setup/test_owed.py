"""A setup that is done but for the webhook that only the seller can add: it says so, until the gateway is heard of."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from api.ui import paths
from tests.pipeline.conftest import SECRET, ScriptedMeta, Shop
from tests.reporting.conftest import announced
from tests.ui_setup.conftest import Seller
from tracking_core.configuration.actions import ActionName
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import (
    ActionState,
    BackfilledItem,
    ReconciliationRun,
    SessionState,
    SetupActionLog,
    SetupSession,
)
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

ALMOST, READY, AT_ONCE = "Quase pronto: falta um passo seu", "as suas vendas chegam à Meta", "segundos depois"
URL = "http://hub.example/webhooks/hotmart/x"


async def _done(settings: Settings, seller: Seller) -> tuple[Shop, UUID]:
    """As a setup with Hotmart ends: the steps for the webhook told, and proved; the endpoint's id."""
    async with transaction() as session:
        connection = await tenants.connect_meta(session, seller.tenant_id, "1234567890", "EAAtesttoken", actor="test")
        endpoint = await tenants.connect_gateway(session, seller.tenant_id, "hotmart", SECRET, actor="test")
        setup = await session.get_one(SetupSession, seller.setup_id)
        setup.state, setup.facts = SessionState.DONE, {"gateway": {"name": "hotmart"}}
        told = {"gateway": "hotmart", "endpoint_key": endpoint.endpoint_key, "url": URL}
        step: dict[str, Any] = {"action": ActionName.WEBHOOK_INSTRUCTIONS, "state": ActionState.SUCCESS, "input": told}
        known: dict[str, Any] = {"tenant_id": setup.tenant_id, "idem": "1", "actor": "test", "fence": 1}
        session.add(SetupActionLog(session_id=setup.id, **step, **known))
    return Shop(settings, ScriptedMeta(), seller.tenant_id, connection.id), endpoint.id


async def _listed(shop: Shop, endpoint_id: UUID, sale_id: str) -> None:
    """A sale that the gateway's list brought and no webhook."""
    now, webhook = clock.now(), (await shop.webhook(sale_id)).webhook_id
    whose: dict[str, Any] = {"tenant_id": shop.tenant_id, "endpoint_id": endpoint_id}
    async with transaction() as session:
        run = ReconciliationRun(
            gateway="hotmart", kind="asked", actor="t", since=now - timedelta(1), until=now, **whose
        )
        session.add(run)
        await session.flush()
        session.add(BackfilledItem(webhook_id=webhook, run_id=run.id, reason="missing", sale_id=sale_id, **whose))
    await shop.process()


async def _told(seller: Seller) -> list[tuple[bool, bool]]:
    """Whether the last step, the list of setups and the status say that it is almost ready, and that it is."""
    pages = [(await seller.http.get(at)).text for at in (f"{seller.at}?step=review", paths.APP, f"{seller.at}/status")]
    assert (AT_ONCE in pages[0], URL in pages[0]) == (ALMOST not in pages[0], ALMOST in pages[0])
    return [(ALMOST in page, READY in page) for page in pages]


async def test_it_is_almost_ready_until_the_gateway_itself_is_heard_of(database: Settings, seller: Seller) -> None:
    shop, endpoint_id = await _done(database, seller)
    assert await _told(seller) == [(True, False)] * 3
    await shop.webhook(await announced(shop))  # the proof's, which the hub sends itself
    await shop.process()
    await _listed(shop, endpoint_id, "HP1")
    assert await _told(seller) == [(True, False)] * 3
    await shop.webhook("HP2")
    await shop.process()
    assert await _told(seller) == [(False, True)] * 3
