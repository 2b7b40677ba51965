"""What Meta's answers do to a batch, to its connection, and to what changed while Meta answered."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pipeline.conftest import ScriptedMeta, Shop
from tests.pipeline.test_browser_events import choose, plan, stored
from tests.pipeline.test_sales import later, rows, totals, verdict
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.client import SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.tenants import service as tenants

_OPEN = "SELECT max(due_at) AS due FROM deliveries WHERE state IN ('waiting', 'retrying') HAVING count(*) > 0"


async def delivered_to_the_end(shop: Shop) -> None:
    """Every next attempt at its time."""
    for _ in range(20):
        await shop.deliver()
        if not (due := await rows(_OPEN)):
            return
        moment: datetime = due[0]["due"] + timedelta(minutes=6)
        clock.set_source(lambda moment=moment: moment)  # type: ignore[misc]


async def sold(shop: Shop, sales: int) -> list[str]:
    """Their event ids."""
    for number in range(sales):
        await shop.webhook(f"HP{number}")
    await shop.process()
    return [row["id"] for row in await rows("SELECT event_id::text AS id FROM conversions ORDER BY sale_id")]


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """It happens while Meta has the first request."""
    send, first = ScriptedMeta.send, [True]

    async def sent(meta: ScriptedMeta, **asked: Any) -> SendResult:
        if first.pop() if first else False:
            await act()
        return await send(meta, **asked)

    monkeypatch.setattr(ScriptedMeta, "send", sent)


async def test_a_code_nobody_has_documented_kills_only_the_event_that_it_is_about(shop: Shop) -> None:
    events = await sold(shop, 12)
    shop.meta.script = lambda ids: verdict(FailureClass.UNKNOWN, 999) if events[7] in ids else None
    await shop.deliver()
    assert await totals(shop) == {"delivered": 11, "retrying": 1}
    await delivered_to_the_end(shop)
    assert await totals(shop) == {"delivered": 11, "dead": 1}
    assert [len(ids) for ids in shop.meta.requests].count(1) >= 5
    # Sent again it has all its tries again.
    shop.meta.requests.clear()
    async with transaction() as session:
        await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    await delivered_to_the_end(shop)
    assert shop.meta.requests == [[events[7]]] * 5


async def test_one_that_is_about_all_of_them_lets_the_connection_rest(shop: Shop) -> None:
    await sold(shop, 40)
    shop.meta.script = lambda _ids: verdict(FailureClass.UNKNOWN, 999)
    await shop.deliver()
    assert await totals(shop) == {"retrying": 5, "waiting": 35}
    assert len(shop.meta.requests) < 40
    shop.meta.script = lambda _ids: None
    await delivered_to_the_end(shop)
    assert await totals(shop) == {"delivered": 40}


async def test_an_answer_that_is_not_metas_kills_nothing(shop: Shop) -> None:
    await sold(shop, 3)
    shop.meta.script = lambda _ids: verdict(FailureClass.UNKNOWN, code=None)  # type: ignore[arg-type]
    for _ in range(12):
        await shop.deliver()
        later(minutes=70)
    assert await totals(shop) == {"retrying": 3}
    assert {len(ids) for ids in shop.meta.requests} == {3}


async def test_a_visit_is_not_sent_once_meta_has_forgotten_the_pixels_copy(shop: Shop) -> None:
    await choose(shop, "pageview")
    await stored(shop, clock.now())
    await plan(shop)
    later(hours=48)
    await shop.deliver()
    assert (shop.meta.requests, await rows("SELECT state, reason FROM deliveries")) == (
        [],
        [{"state": "dead", "reason": "deadline_passed"}],
    )
    async with transaction() as session:
        done = await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    assert (done.replayed, done.too_late) == (0, 1)


async def test_a_refund_while_meta_answers_is_not_forgotten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await sold(shop, 1)

    async def refunded() -> None:
        await shop.webhook("HP0", "refunded")
        await shop.process()

    meanwhile(monkeypatch, refunded)
    shop.meta.script = lambda _ids: verdict(FailureClass.THROTTLED, 4)
    await shop.deliver()
    shop.meta.script = lambda _ids: None
    await delivered_to_the_end(shop)
    assert shop.meta.accepted == []
    assert await rows("SELECT state, reason FROM deliveries") == [
        {"state": "withheld", "reason": "refunded_before_delivery"}
    ]


async def test_the_late_refusal_of_a_token_that_was_replaced_holds_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sold(shop, 1)

    async def replaced() -> None:
        async with transaction() as session:
            await tenants.connect_meta(session, shop.tenant_id, "1234567890", "EAAnew", actor="test")

    meanwhile(monkeypatch, replaced)
    answers = [verdict(FailureClass.CREDENTIAL, 190, subcode=460)]
    shop.meta.script = lambda _ids: answers.pop() if answers else None
    await delivered_to_the_end(shop)
    assert await rows("SELECT state, hold_code FROM meta_connections") == [{"state": "active", "hold_code": None}]
    assert await totals(shop) == {"delivered": 1}


async def test_a_stream_that_fails_leaves_its_slot_free(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await sold(shop, 1)

    async def broken() -> None:
        raise RuntimeError("a defect")

    meanwhile(monkeypatch, broken)
    with pytest.raises(ExceptionGroup):
        await shop.deliver()
    assert await rows("SELECT holder FROM delivery_slots WHERE holder IS NOT NULL AND expires_at > now()") == []
