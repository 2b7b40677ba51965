"""The audit log as a table."""

from datetime import timedelta
from typing import Any

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ANA, scope
from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.reporting import audit
from tracking_core.reporting.audit import AuditRow, AuditSearch
from tracking_core.reporting.pages import Page, Place
from tracking_core.reporting.scope import EVERYONE, Period, Scope


async def page(of: Scope, *, cursor: str | None = None, limit: int = 50, **wanted: Any) -> Page[AuditRow]:
    async with transaction() as session:
        return await audit.search(session, of, AuditSearch(**wanted), Place(audit.TABLE, cursor, limit))


async def actions(of: Scope, **wanted: Any) -> set[str]:
    return {row.action for row in (await page(of, **wanted)).items}


async def test_filters_narrow_and_a_seller_sees_only_its_own(ana: Shop, beto: Shop) -> None:
    async with transaction() as session:
        record(session, actor="Bia", action="meta.held", subject="x", tenant_id=ana.tenant_id, replayed=3)
        record(session, actor="hub", action="keys.rewrapped", subject="primary")
    assert await actions(scope(ana), action="meta.") == {"meta.connected", "meta.held"}
    assert await actions(scope(ana), action="meta_") == set()
    assert await actions(scope(ana), actor="Bia") == {"meta.held"}
    assert await actions(scope(beto), actor="Bia") == set()
    assert "keys.rewrapped" not in await actions(scope(ana))
    assert "keys.rewrapped" in await actions(EVERYONE)
    hour = timedelta(hours=1)
    assert await actions(scope(ana), period=Period(until=clock.now() - hour)) == set()
    assert "meta.held" in await actions(scope(ana), period=Period(since=clock.now() - hour))
    [held] = (await page(scope(ana), action="meta.held")).items
    assert (held.tenant_name, held.details) == (ANA, {"replayed": 3})


async def test_pages_hold_still_while_entries_come_in(ana: Shop) -> None:
    everything = [row.id for row in (await page(scope(ana))).items]
    seen, cursor = [], None
    while True:
        read = await page(scope(ana), limit=2, cursor=cursor)
        async with transaction() as session:
            record(session, actor="test", action="new", subject="x", tenant_id=ana.tenant_id)
        seen += [row.id for row in read.items]
        cursor = read.next
        if cursor is None:
            break
    assert seen == everything
