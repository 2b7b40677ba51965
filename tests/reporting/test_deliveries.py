"""Deliveries and dead letters as tables."""

from typing import Any

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, verdict
from tests.reporting.conftest import announced, scope, sell
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.models import DeliveryState
from tracking_core.reporting import deliveries
from tracking_core.reporting.deliveries import DeliveryRow, DeliverySearch, ReasonCount
from tracking_core.reporting.pages import Page, Place
from tracking_core.reporting.scope import EVERYONE, Scope

DEAD, DELIVERED = DeliveryState.DEAD, DeliveryState.DELIVERED


async def page(of: Scope, *, cursor: str | None = None, limit: int = 50, **wanted: Any) -> Page[DeliveryRow]:
    async with transaction() as session:
        place = Place(deliveries.TABLE, cursor, limit)
        return await deliveries.search(session, of, DeliverySearch(**wanted), place)


async def found(of: Scope, **wanted: Any) -> list[str]:
    return sorted(str(row.sale_id) for row in (await page(of, **wanted)).items)


async def reasons(of: Scope, **wanted: Any) -> list[ReasonCount]:
    async with transaction() as session:
        return list(await deliveries.by_reason(session, of, DeliverySearch(**wanted)))


async def refuse(shop: Shop, *sale_ids: str, code: int = 100, subcode: int | None = 2804050) -> None:
    """Sales that Meta takes none of."""
    shop.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, code, subcode=subcode)
    await sell(shop, *sale_ids)
    shop.meta.script = lambda _ids: None


async def test_filters_narrow_together(ana: Shop) -> None:
    await refuse(ana, "HP1", "HP2")
    await refuse(ana, "HP3", code=105, subcode=None)
    await sell(ana, "HP4")
    mine = scope(ana)
    assert await found(mine, state=DEAD) == ["HP1", "HP2", "HP3"]
    assert await found(mine, state=DELIVERED) == ["HP4"]
    assert await found(mine, state=DEAD, reason="payload:100/") == ["HP1", "HP2"]
    assert await found(mine, reason="payload") == ["HP1", "HP2", "HP3"]
    assert await found(mine, reason="%") == []
    assert await found(mine, connection_id=ana.connection_id, dataset_id="1000000001", state=DELIVERED) == ["HP4"]
    assert await found(mine, dataset_id="2000000002") == []


async def test_a_dead_letter_says_why_and_until_when_it_can_be_replayed(ana: Shop) -> None:
    await refuse(ana, "HP1")
    [row] = (await page(scope(ana), state=DEAD)).items
    assert (row.reason, row.can_replay, row.due_at, row.attempts) == ("payload:100/2804050", True, None, 1)
    assert row.fbtrace_id == "trace"
    assert row.last_attempt_at is not None
    assert row.explanation is not None
    assert row.explanation.told("en").startswith("There is too little customer data")
    later(days=8)
    [row] = (await page(scope(ana), state=DEAD)).items
    assert not row.can_replay


async def test_a_dead_letter_whose_sale_was_refunded_is_not_to_be_replayed(ana: Shop) -> None:
    await refuse(ana, "HP1")
    await ana.webhook("HP1", "refunded")
    await ana.process()
    [row] = (await page(scope(ana), state=DEAD)).items
    assert not row.can_replay


async def test_what_waits_says_when_it_is_tried_and_until_when(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await sell(ana, "HP1")
    [row] = (await page(scope(ana))).items
    assert row.state is DeliveryState.RETRYING
    assert row.due_at is not None
    assert row.created_at < row.due_at < row.deadline
    assert (row.deadline - row.event_time).days == 6


async def test_reasons_are_counted_the_most_frequent_first(ana: Shop, beto: Shop) -> None:
    await refuse(ana, "HP1", "HP2", "HP3")
    await refuse(ana, "HP4", code=105, subcode=None)
    await refuse(beto, "HP5", code=105, subcode=None)
    mine = await reasons(scope(ana), state=DEAD)
    assert [(one.reason, one.group, one.deliveries, one.tenants) for one in mine] == [
        ("payload:100/2804050", "payload", 3, 1),
        ("payload:105", "payload", 1, 1),
    ]
    assert [one.tenants for one in await reasons(EVERYONE, state=DEAD)] == [1, 2]
    assert sum(one.deliveries for one in mine) == len((await page(scope(ana), state=DEAD)).items)


async def test_pages_hold_still_while_deliveries_come_in(ana: Shop) -> None:
    await sell(ana, *(f"HP{number}" for number in range(5)))
    first = await page(scope(ana), limit=2)
    await sell(ana, "NEW1")
    second = await page(scope(ana), limit=2, cursor=first.next)
    await sell(ana, "NEW2")
    third = await page(scope(ana), limit=2, cursor=second.next)
    seen = [str(row.sale_id) for row in (*first.items, *second.items, *third.items)]
    assert (sorted(seen), third.next) == ([f"HP{number}" for number in range(5)], None)


async def test_nothing_of_another_seller_and_nothing_made_up(ana: Shop, beto: Shop) -> None:
    sale_id = await announced(ana)
    await sell(ana, "HP1", sale_id)
    await refuse(beto, "HP2")
    assert await found(scope(ana)) == ["HP1"]
    assert await found(scope(ana), include_synthetic=True) == sorted(["HP1", sale_id])
    assert await found(scope(ana), connection_id=beto.connection_id) == []
    assert await reasons(scope(ana)) == []
    assert await found(EVERYONE) == ["HP1", "HP2"]
