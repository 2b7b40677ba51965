"""A sale that is quicker than its click: what it waits for, and who lets it go."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, totals, track
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.client import SendResult
from tracking_core.pipeline import drain
from tracking_core.pipeline.drain import rematch_due

CLICK = "hLATEclick000000000001"


async def sold_before_its_click(shop: Shop, **click: Any) -> None:
    await shop.webhook("HP1", click_id=CLICK)
    await shop.process()
    await track(shop, click_id=CLICK, fbclid="late-fbclid", **click)


async def test_the_click_goes_along_though_deliveries_are_sent_first_when_the_grace_is_over(shop: Shop) -> None:
    await sold_before_its_click(shop)
    later(seconds=shop.settings.late_click_grace_seconds + 1)
    assert await shop.deliver() == 0
    assert await rematch_due() == {shop.connection_id}
    await shop.deliver()
    [payload] = shop.meta.payloads.values()
    assert payload["user_data"]["fbc"].endswith(".late-fbclid")  # type: ignore[index]


async def test_a_sale_that_nobody_matched_again_goes_by_itself_and_what_is_on_its_way_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sold_before_its_click(shop)
    later(seconds=2 * shop.settings.late_click_grace_seconds + 1)
    sending, answered = asyncio.Event(), asyncio.Event()
    real = type(shop.meta).send

    async def slow(self: Any, **request: Any) -> SendResult:
        sending.set()
        await answered.wait()
        return await real(self, **request)

    monkeypatch.setattr(type(shop.meta), "send", slow)
    first = asyncio.create_task(shop.deliver())
    await sending.wait()
    assert await rematch_due() == frozenset()
    assert await shop.deliver() == 0
    answered.set()
    assert await first == 1
    assert await rows("SELECT outcome FROM dispatch_attempts") == [{"outcome": "accepted"}]


async def test_matching_again_does_not_wait_for_a_worker_that_holds_the_delivery_and_goes_on_to_the_last(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await shop.webhook(f"HP{n}", click_id=f"hLATEclick00000000000{n}")
    await shop.process()
    later(seconds=shop.settings.late_click_grace_seconds + 1)
    monkeypatch.setattr(drain, "_REMATCHES", 2)
    async with transaction() as session:
        await session.execute(text("SELECT FROM deliveries FOR UPDATE"))
        async with asyncio.timeout(5):
            assert await rematch_due() == frozenset()
    assert await rows("SELECT FROM conversions WHERE rematch_at IS NOT NULL") == []


@pytest.mark.parametrize(("said", "state"), [(True, "delivered"), (None, "withheld")])
async def test_a_consent_that_comes_with_the_late_click_is_waited_for(
    shop: Shop, said: bool | None, state: str
) -> None:
    await rows("UPDATE tenants SET consent_mode = 'opt_in' RETURNING id")
    await sold_before_its_click(shop, consent_ads=said)
    assert await totals(shop) == {"waiting": 1}
    later(seconds=shop.settings.late_click_grace_seconds + 1)
    assert await rematch_due() == ({shop.connection_id} if said else frozenset())
    await shop.deliver()
    assert await totals(shop) == {state: 1}


async def test_a_sale_that_waits_for_consent_waits_no_longer_for_being_spoken_of_again(shop: Shop) -> None:
    await rows("UPDATE tenants SET consent_mode = 'opt_in' RETURNING id")
    await shop.webhook("HP1", click_id=CLICK)
    await shop.process()
    [before] = await rows("SELECT rematch_at FROM conversions")
    later(seconds=shop.settings.late_click_grace_seconds - 5)
    await shop.webhook("HP1", "completed", click_id=CLICK)
    await shop.process()
    assert await rows("SELECT rematch_at FROM conversions") == [before]
    await shop.webhook("HP1", "refunded", click_id=CLICK)
    await shop.process()
    ended = {"decision_reason": "consent_missing", "rematch_at": None}
    assert await rows("SELECT decision_reason, rematch_at FROM conversions") == [ended]
