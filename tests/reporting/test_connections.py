"""Holds, breakers and slots, and what waits behind them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_disabled import switch
from tests.pipeline.test_sales import later, verdict
from tests.reporting.conftest import scope, sell
from tracking_core.db.engine import transaction
from tracking_core.delivery import slots
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.reporting import connections
from tracking_core.reporting.connections import Breaker, Condition, ConnectionRow, Trouble, breaker_of
from tracking_core.reporting.pages import Place
from tracking_core.reporting.scope import EVERYONE, Scope

NOW = clock.now()


async def health(of: Scope, **asked: Any) -> list[ConnectionRow]:
    async with transaction() as session:
        page = await connections.health(session, of, Place(connections.TABLE), slots=2, **asked)
    return list(page.items)


async def test_a_healthy_connection_has_nothing_waiting(ana: Shop) -> None:
    await sell(ana, "HP1")
    [row] = await health(scope(ana))
    assert (row.condition, row.breaker, row.reason, row.waiting, row.nearest_deadline) == (
        Condition.ACTIVE,
        Breaker.CLOSED,
        None,
        0,
        None,
    )
    assert (row.slots_in_use, row.slots) == (0, 2)
    assert await health(scope(ana), only_troubled=True) == []


async def test_a_hold_says_since_when_why_how_many_wait_and_until_when(ana: Shop) -> None:
    paid = clock.now() - timedelta(days=2)
    await ana.webhook("HP1", occurred_at=paid)
    ana.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190, subcode=463)
    await sell(ana, "HP2", "HP3")
    [row] = await health(scope(ana), only_troubled=True)
    assert (row.condition, row.reason) == (Condition.ON_HOLD, "credential:190/463")
    assert (row.waiting, row.waiting_sales, row.in_flight) == (3, 3, 0)
    assert row.since is not None
    assert row.explanation is not None
    assert row.nearest_deadline is not None
    assert abs(row.nearest_deadline - paid - timedelta(days=7)) < timedelta(minutes=5)


async def test_an_ambiguous_attempt_brings_the_nearest_deadline_closer(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2, ambiguous=True)
    await sell(ana, "HP1")
    [row] = await health(scope(ana))
    assert row.nearest_deadline is not None
    assert row.nearest_deadline < clock.now() + timedelta(hours=48)
    assert row.next_due_at is not None


async def test_the_breaker_opens_after_failures_in_a_row_and_then_proves_itself(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await ana.webhook("HP1")
    await ana.process()
    for _ in range(5):
        await ana.deliver()
        later(hours=1)
    [row] = await health(scope(ana))
    assert (row.failure_streak, row.breaker, row.paused_until) == (5, Breaker.HALF_OPEN, None)
    await ana.deliver()
    [row] = await health(scope(ana))
    assert (row.failure_streak, row.breaker) == (6, Breaker.OPEN)
    assert row.paused_until is not None
    assert row.paused_until > clock.now()


def test_a_pause_without_failures_in_a_row_is_metas_wish() -> None:
    assert breaker_of(1, NOW + timedelta(seconds=5), NOW) is Breaker.THROTTLED
    assert breaker_of(1, NOW - timedelta(seconds=5), NOW) is Breaker.CLOSED
    assert breaker_of(0, None, NOW) is Breaker.CLOSED


async def test_a_disabled_connection_says_so_and_slots_in_use_are_counted_until_they_expire(ana: Shop) -> None:
    await switch(ana.connection_id, on=False)
    async with transaction() as session:
        await slots.hold(session, ana.connection_id, new_id(), clock.now(), ana.settings)
        await session.execute(text("UPDATE meta_connections SET failure_streak = 7, state = 'on_hold'"))
        counted = await connections.in_trouble(session, EVERYONE)
    assert counted == {Trouble.HELD: 0, Trouble.TRIPPED: 0, Trouble.DISABLED: 1}
    assert await health(scope(ana), only_troubled=True) == []
    [row] = await health(scope(ana), trouble=Trouble.DISABLED)
    assert (row.condition, row.reason, row.slots_in_use) == (Condition.DISABLED, "connection_disabled", 1)
    assert row.breaker is Breaker.CLOSED
    later(hours=1)
    [row] = await health(scope(ana))
    assert row.slots_in_use == 0


async def test_a_seller_sees_the_own_connections_only(ana: Shop, beto: Shop) -> None:
    assert [row.dataset_id for row in await health(scope(ana))] == ["1000000001"]
    assert {row.dataset_id for row in await health(EVERYONE)} == {"1000000001", "2000000002"}
