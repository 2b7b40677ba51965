"""Two workers at once, and what one does not see of the other."""

import asyncio
from typing import Any

import pytest

from tests.pipeline.conftest import SECRET, Shop
from tests.pipeline.test_sales import rows, totals
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.pipeline.process import process_sales
from tracking_core.tenants import service as tenants


async def waits_for_a_lock(work: asyncio.Task[Any]) -> None:
    """Returns when another transaction is in its way."""
    async with asyncio.timeout(20):
        while (await rows("SELECT count(*) AS n FROM pg_locks WHERE NOT granted"))[0]["n"] == 0:
            assert not work.done()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("undone", ["refunded", "chargeback"])
async def test_a_refund_beside_the_approval_at_another_endpoint_undoes_it(shop: Shop, undone: str) -> None:
    await shop.webhook("HP1")
    async with transaction() as approving:
        assert (await process_sales(approving, clock.now(), shop.settings, limit=10)).handled == 1
        async with transaction() as session:
            await tenants.connect_gateway(session, shop.tenant_id, "hotmart", SECRET, actor="test")
        await shop.webhook("HP1", undone)
        undoing = asyncio.create_task(shop.process())
        await waits_for_a_lock(undoing)
    await undoing
    await shop.deliver()
    assert shop.meta.requests == []
    told = await rows("SELECT status, decision FROM conversions ORDER BY created_at")
    assert told == [{"status": undone, "decision": "planned"}, {"status": undone, "decision": "duplicate"}]
    assert await totals(shop) == {"withheld": 1, "duplicate": 1}
