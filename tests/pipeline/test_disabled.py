"""A disabled connection is told of nothing new, and what waits for it stays until it is enabled again."""

from uuid import UUID

from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows, totals, track, verdict
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.models import TrackingKind
from tracking_core.pipeline.browser_events import plan_batch
from tracking_core.tenants import service as tenants
from tracking_core.worker.sweeper import sweep, sweep_browser_events


async def switch(connection_id: UUID, *, on: bool) -> None:
    query = "UPDATE meta_connections SET disabled_at = CASE WHEN :on THEN NULL ELSE :now END WHERE id = :id"
    async with transaction() as session:
        await session.execute(text(query), {"id": connection_id, "on": on, "now": clock.now()})


async def reasons(shop: Shop) -> list[str | None]:
    async with transaction() as session:
        sales = await ledger.sales(session, shop.tenant_id, state=None, before=None, limit=50)
    return [sale["reason"] for sale in sales]


async def rung(shop: Shop) -> list[str]:
    keys: list[str] = []
    await sweep(lambda _bell, key: keys.append(key))
    await sweep_browser_events(lambda _bell, key: keys.append(key))
    return [key for key in keys if key == str(shop.connection_id)]


async def test_what_waits_is_not_sent_is_shown_as_withheld_and_drains_once_enabled(shop: Shop) -> None:
    await shop.webhook("HPOFF1")
    await shop.process()
    await switch(shop.connection_id, on=False)
    assert (await shop.deliver(), shop.meta.requests, await rung(shop)) == (0, [], [])
    assert (await totals(shop), await reasons(shop)) == ({"withheld": 1}, ["connection_disabled"])
    await switch(shop.connection_id, on=True)
    assert (await totals(shop), await reasons(shop)) == ({"waiting": 1}, [None])
    assert await rung(shop) == [str(shop.connection_id)]
    await shop.deliver()
    assert await totals(shop) == {"delivered": 1}


async def test_a_sale_is_planned_for_the_enabled_connections_only(shop: Shop) -> None:
    async with transaction() as session:
        other = await tenants.connect_meta(session, shop.tenant_id, "999", "EAAother", actor="test")
    await switch(shop.connection_id, on=False)
    await shop.webhook("HPOFF2")
    await shop.process()
    assert await rows("SELECT connection_id FROM deliveries") == [{"connection_id": other.id}]
    await switch(shop.connection_id, on=True)
    await shop.process()
    assert await rows("SELECT connection_id FROM deliveries") == [{"connection_id": other.id}]


async def test_a_sale_that_comes_while_all_are_disabled_is_withheld_for_good(shop: Shop) -> None:
    await switch(shop.connection_id, on=False)
    await shop.webhook("HPOFF3")
    await shop.process()
    await switch(shop.connection_id, on=True)
    await shop.webhook("HPOFF3", "completed")
    await shop.process()
    assert (await totals(shop), await reasons(shop)) == ({"withheld": 1}, ["no_dataset_enabled"])
    assert await rows("SELECT id FROM deliveries") == []


async def test_a_disabled_connection_on_hold_is_disabled_first(shop: Shop) -> None:
    await shop.webhook("HPOFF4")
    await shop.process()
    shop.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190)
    await shop.deliver()
    await switch(shop.connection_id, on=False)
    assert (await totals(shop), await reasons(shop)) == ({"withheld": 1}, ["connection_disabled"])
    await switch(shop.connection_id, on=True)
    assert await totals(shop) == {"on_hold": 1}


async def test_what_waits_for_a_disabled_connection_does_not_hide_what_was_delivered_elsewhere(shop: Shop) -> None:
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, "999", "EAAother", actor="test")
    await shop.webhook("HPOFF5")
    await shop.process()
    await shop.deliver()
    assert await totals(shop) == {"waiting": 1}
    async with transaction() as session:
        await session.execute(text("UPDATE meta_connections SET disabled_at = now() WHERE dataset_id = '999'"))
    assert (await totals(shop), await reasons(shop)) == ({"delivered": 1}, [None])


async def test_no_browser_event_is_planned_for_a_disabled_connection(shop: Shop) -> None:
    async with transaction() as session:
        await tenants.connect_meta(
            session, shop.tenant_id, "1234567890", "EAAtesttoken", actor="test", browser_events=["pageview"]
        )
    await track(shop, TrackingKind.PAGEVIEW, fbp="fb.1.1700000000000.123456789", email="a@example.com")
    assert await rung(shop) == [str(shop.connection_id)]
    await switch(shop.connection_id, on=False)
    assert await rung(shop) == []
    async with transaction() as session:
        assert await plan_batch(session, shop.connection_id, None, clock.now()) is None
    await switch(shop.connection_id, on=True)
    async with transaction() as session:
        progress = await plan_batch(session, shop.connection_id, None, clock.now())
    assert progress is not None
    assert progress.planned == 1
