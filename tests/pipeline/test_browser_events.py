"""Page views and started checkouts to Meta under the browser's own ids, on a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, totals, track, verdict
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import TrackingKind
from tracking_core.pipeline import browser_events
from tracking_core.pipeline.browser_events import OVERLAP, drain_browser_events, plan_batch
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.sweeper import sweep_browser_events

PAGEVIEW, CHECKOUT = TrackingKind.PAGEVIEW, TrackingKind.INITIATE_CHECKOUT
BOTH = ("pageview", "initiate_checkout")
FBP = "fb.1.1700000000000.1234567890"


async def choose(shop: Shop, *kinds: str) -> None:
    async with transaction() as session:
        await tenants.connect_meta(
            session, shop.tenant_id, "1234567890", "EAAtesttoken", actor="test", browser_events=kinds
        )


async def plan(shop: Shop) -> int:
    return sum([progress.planned async for progress in drain_browser_events(shop.connection_id)])


async def forward(shop: Shop) -> list[str]:
    """The event ids Meta has accepted by now."""
    await plan(shop)
    await shop.deliver()
    return sorted(shop.meta.accepted)


async def deliveries() -> list[dict[str, Any]]:
    return await rows("SELECT event_name, event_id, state, reason FROM deliveries ORDER BY event_id")


async def mark() -> datetime:
    [row] = await rows("SELECT browser_events_from AS moment FROM meta_connections")
    moment: datetime = row["moment"]
    return moment


async def stored(shop: Shop, received_at: datetime, **columns: object) -> str:
    """A row as it becomes visible when the collector's commit ends."""
    row: dict[str, object] = {
        "id": new_id(),
        "received_at": received_at,
        "tenant_id": shop.tenant_id,
        "kind": "pageview",
        "event_id": new_id().hex,
        "url": "https://loja.example/curso",
        "fbp": FBP,
        "is_bot": 0,
        **columns,
    }
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    async with transaction() as session:
        await session.execute(text(f"INSERT INTO tracking_events ({names}) VALUES ({values})"), row)
    return str(row["event_id"])


async def test_a_connection_that_did_not_ask_forwards_nothing(shop: Shop) -> None:
    await track(shop, PAGEVIEW, fbp=FBP)
    assert await forward(shop) == []
    assert await deliveries() == []


async def test_each_kind_is_asked_for_and_nothing_older_than_the_wish_is_sent(shop: Shop) -> None:
    await track(shop, PAGEVIEW, event_id="before", fbp=FBP)
    await choose(shop, "pageview")
    await track(shop, PAGEVIEW, event_id="view", fbp=FBP)
    await track(shop, CHECKOUT, event_id="checkout", fbp=FBP)
    await track(shop, TrackingKind.CLICK, event_id="click", fbp=FBP)
    assert await forward(shop) == ["view"]


async def test_a_new_token_keeps_the_choice_and_an_empty_one_ends_it(shop: Shop) -> None:
    await choose(shop, *BOTH)
    async with transaction() as session:
        kept = await tenants.connect_meta(session, shop.tenant_id, "1234567890", "EAAnew", actor="test")
        assert kept.browser_events == ["initiate_checkout", "pageview"]
    await choose(shop)
    await track(shop, PAGEVIEW, fbp=FBP)
    assert await forward(shop) == []
    chosen = await rows("SELECT details FROM audit_log WHERE action = 'meta.browser_events_chosen' ORDER BY created_at")
    assert [row["details"] for row in chosen] == [
        {"browser_events": ["initiate_checkout", "pageview"]},
        {"browser_events": []},
    ]


async def test_a_kind_meta_has_no_name_for_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await choose(shop, "click")
    assert refused.value.errors[0]["field"] == "browser_events"


async def test_meta_gets_the_browsers_id_time_page_and_person(shop: Shop) -> None:
    await choose(shop, *BOTH)
    moment = clock.now()
    await track(shop, PAGEVIEW, event_id="pixel-1", fbp=FBP, fbclid="IwAR_Case-1", referrer="https://l.facebook.com/")
    await track(shop, CHECKOUT, event_id="pixel-1", email="Maria@Example.com", phone="11 98765-0001")
    assert await forward(shop) == ["pixel-1", "pixel-1"]
    sent = await rows("SELECT payload FROM deliveries ORDER BY event_name DESC")
    view, checkout = (orjson.loads(row["payload"]) for row in sent)
    assert abs(view.pop("event_time") - moment.timestamp()) < 5
    assert view["user_data"].pop("fbc").endswith(".IwAR_Case-1")
    assert view == {
        "event_name": "PageView",
        "event_id": "pixel-1",
        "action_source": "website",
        "event_source_url": "https://loja.example/curso",
        "referrer_url": "https://l.facebook.com/",
        "user_data": {
            "client_ip_address": "200.147.3.199",
            "client_user_agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
            "fbp": FBP,
        },
    }
    assert checkout["event_name"] == "InitiateCheckout"
    assert checkout["user_data"]["em"] == sha256(b"maria@example.com").hexdigest()
    assert checkout["user_data"]["ph"] == sha256(b"5511987650001").hexdigest()


async def test_an_event_sent_again_by_the_browser_or_read_again_by_us_reaches_meta_once(shop: Shop) -> None:
    await choose(shop, *BOTH)
    for _ in range(3):
        await track(shop, PAGEVIEW, event_id="again", fbp=FBP)
        await forward(shop)
    assert shop.meta.accepted == ["again"]


async def test_bots_and_events_with_too_little_data_are_left_out(shop: Shop) -> None:
    await choose(shop, *BOTH)
    await stored(shop, clock.now(), is_bot=1)
    await stored(shop, clock.now(), fbp=None, client_ip="10.0.0.7", user_agent="Mozilla/5.0")
    fit = await stored(shop, clock.now(), fbp=None, client_ip="200.147.3.199", user_agent="Mozilla/5.0")
    assert await forward(shop) == [fit]
    assert len(await deliveries()) == 1


async def test_an_event_that_has_no_form_for_meta_does_not_stop_the_others(shop: Shop) -> None:
    await choose(shop, *BOTH)
    await stored(shop, clock.now(), event_id="two\nlines")
    fit = await stored(shop, clock.now())
    assert await forward(shop) == [fit]


async def test_a_refusal_is_never_planned_and_silence_is_only_where_silence_means_yes(shop: Shop) -> None:
    await choose(shop, *BOTH)
    await track(shop, PAGEVIEW, event_id="no", click_id="refuser", fbp=FBP, consent_ads=False)
    await track(shop, PAGEVIEW, event_id="no-earlier", click_id="refuser", fbp=FBP)
    await track(shop, PAGEVIEW, event_id="silent", fbp=FBP)
    assert await forward(shop) == ["silent"]
    await rows("UPDATE tenants SET consent_mode = 'opt_in' RETURNING id")
    await track(shop, PAGEVIEW, event_id="silent-2", fbp=FBP)
    await track(shop, PAGEVIEW, event_id="yes", fbp=FBP, consent_ads=True)
    assert await forward(shop) == ["silent", "yes"]
    assert [row["event_id"] for row in await deliveries()] == ["silent", "yes"]


@pytest.mark.parametrize("said_by", ["click_id", "session_id", "email", "phone"])
async def test_a_refusal_after_planning_withholds_with_its_reason(shop: Shop, said_by: str) -> None:
    person = {"click_id": "hA", "session_id": "sA", "email": "a@example.com", "phone": "+5511987650001"}
    await choose(shop, *BOTH)
    await track(shop, PAGEVIEW, event_id="view", consent_ads=True, **person)
    await track(shop, PAGEVIEW, event_id="other", fbp=FBP)
    await plan(shop)
    await track(shop, TrackingKind.CONSENT, consent_ads=False, **{said_by: person[said_by]})
    await shop.deliver()
    assert shop.meta.accepted == ["other"]
    assert await deliveries() == [
        {"event_name": "PageView", "event_id": "other", "state": "delivered", "reason": None},
        {"event_name": "PageView", "event_id": "view", "state": "withheld", "reason": "consent_refused"},
    ]


async def test_two_workers_plan_every_event_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_batch, "__kwdefaults__", {"limit": 7})
    await choose(shop, *BOTH)
    ids = sorted([await stored(shop, clock.now()) for _ in range(40)])
    counts = await asyncio.gather(*(plan(shop) for _ in range(4)))
    await plan(shop)
    assert [row["event_id"] for row in await deliveries()] == ids
    assert sum(counts) <= len(ids)


async def test_a_connection_being_planned_is_left_alone_and_sales_do_not_wait_for_it(shop: Shop) -> None:
    await choose(shop, *BOTH)
    await stored(shop, clock.now())
    await shop.webhook("HP1")
    async with transaction() as session:
        assert await plan_batch(session, shop.connection_id, None, clock.now()) is not None
        assert await plan(shop) == 0
        await asyncio.wait_for(shop.process(), 5)
        assert await shop.deliver() == 1  # the sale, while the browser event is not committed yet
    assert await shop.deliver() == 1


async def test_a_commit_that_becomes_visible_late_is_still_read(shop: Shop) -> None:
    await choose(shop, *BOTH)
    start = clock.now()
    later(seconds=40)
    first = await stored(shop, clock.now())
    await plan(shop)
    slow = await stored(shop, clock.now() - timedelta(seconds=29))
    await plan(shop)
    assert {row["event_id"] for row in await deliveries()} == {first, slow}
    assert await mark() == clock.now() - OVERLAP > start


async def test_the_mark_follows_the_clock_and_never_goes_back(shop: Shop) -> None:
    await choose(shop, *BOTH)
    start = await mark()
    await plan(shop)
    assert await mark() == start  # younger than the overlap: everything is read again
    later(minutes=5)
    await plan(shop)
    assert await mark() == clock.now() - OVERLAP
    moved = await mark()
    later(minutes=-2)
    await plan(shop)
    assert await mark() == moved


async def test_a_backlog_is_planned_in_bounded_batches_from_where_the_last_one_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_batch, "__kwdefaults__", {"limit": 4})
    monkeypatch.setattr(browser_events, "_BATCHES_PER_RING", 2)
    await choose(shop, *BOTH)
    start = clock.now()
    for n in range(10):
        await stored(shop, start + timedelta(seconds=n), fbp=None)  # too little to send, and read all the same
    fit = [await stored(shop, start + timedelta(seconds=10 + n)) for n in range(3)]
    later(hours=3)
    assert await plan(shop) == 0
    assert await mark() == start + timedelta(seconds=6)  # read on from there, as another may share that moment
    assert await plan(shop) == 3
    assert await plan(shop) == 0
    assert {row["event_id"] for row in await deliveries()} == set(fit)
    assert await mark() == clock.now() - OVERLAP


async def test_events_of_a_long_outage_are_sent_while_meta_still_knows_the_pixels_copy(shop: Shop) -> None:
    await choose(shop, *BOTH)
    old = await stored(shop, clock.now())
    later(hours=7)
    young = await stored(shop, clock.now())
    later(hours=42)
    assert await forward(shop) == [young]
    assert old not in {row["event_id"] for row in await deliveries()}


async def test_events_of_one_moment_are_all_read_though_a_batch_ends_among_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_batch, "__kwdefaults__", {"limit": 4})
    await choose(shop, *BOTH)
    moment = clock.now()
    ids = {await stored(shop, moment) for _ in range(10)}
    later(hours=1)
    assert await plan(shop) == 10
    assert {row["event_id"] for row in await deliveries()} == ids


async def test_an_event_stamped_by_a_clock_that_runs_ahead_waits_for_ours(shop: Shop) -> None:
    await choose(shop, *BOTH)
    ahead = await stored(shop, clock.now() + timedelta(seconds=90))
    assert await forward(shop) == []
    later(seconds=91)
    assert await forward(shop) == [ahead]


async def test_a_connection_on_hold_keeps_its_place(shop: Shop) -> None:
    await choose(shop, *BOTH)
    await rows("UPDATE meta_connections SET state = 'on_hold' RETURNING id")
    waiting = await stored(shop, clock.now())
    later(hours=2)
    assert await plan(shop) == 0
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, "1234567890", "EAAnew", actor="test")
    assert await forward(shop) == [waiting]


async def test_sales_go_before_older_browser_events_and_are_no_part_of_the_ledger(shop: Shop) -> None:
    await choose(shop, *BOTH)
    views = [await stored(shop, clock.now()) for _ in range(5)]
    await plan(shop)
    later(seconds=5)
    await shop.webhook("HP2")
    await shop.process()
    shop.settings = shop.settings.model_copy(update={"delivery_batch": 3})
    await shop.deliver()
    [sale] = await rows("SELECT event_id FROM conversions")
    assert [len(ids) for ids in shop.meta.requests] == [3, 3]
    assert shop.meta.requests[0][0] == str(sale["event_id"])
    assert set(shop.meta.accepted) == {str(sale["event_id"]), *views}
    assert await totals(shop) == {"delivered": 1}


async def test_a_refused_browser_event_dies_alone_and_is_replayed_under_its_id(shop: Shop) -> None:
    await choose(shop, *BOTH)
    ids = [await stored(shop, clock.now()) for _ in range(5)]
    await shop.webhook("HP3")
    await shop.process()
    shop.meta.script = lambda sent: verdict(FailureClass.PAYLOAD, 100, subcode=2804050) if ids[2] in sent else None
    await forward(shop)
    dead = [row for row in await deliveries() if row["state"] == "dead"]
    assert [(row["event_id"], row["reason"]) for row in dead] == [(ids[2], "payload:100/2804050")]
    assert len(shop.meta.accepted) == 5
    shop.meta.script = lambda _sent: None
    async with transaction() as session:
        done = await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    assert (done.replayed, done.connections) == (1, (shop.connection_id,))
    await shop.deliver()
    assert shop.meta.accepted[-1] == ids[2]
    assert await totals(shop) == {"delivered": 1}


async def test_the_scheduler_rings_for_what_may_be_new_and_falls_silent_after_the_overlap(shop: Shop) -> None:
    rung: list[tuple[Bell, str]] = []

    async def rings(before: Callable[[], Awaitable[object]]) -> bool:
        await before()
        rung.clear()
        await sweep_browser_events(lambda bell, key: rung.append((bell, key)))
        return rung == [(Bell.PLAN_BROWSER_EVENTS, str(shop.connection_id))]

    async def nothing() -> None: ...

    assert not await rings(lambda: stored(shop, clock.now()))  # not asked for
    await choose(shop, "pageview")
    assert not await rings(nothing)
    assert not await rings(lambda: stored(shop, clock.now(), kind="initiate_checkout"))
    assert await rings(lambda: stored(shop, clock.now()))
    assert await rings(lambda: plan(shop))
    later(seconds=OVERLAP.total_seconds() + 1)
    assert not await rings(lambda: plan(shop))


async def test_tenants_do_not_see_each_others_events(shop: Shop) -> None:
    await choose(shop, *BOTH)
    other = UUID(int=7)
    await stored(shop, clock.now(), tenant_id=other)
    assert await forward(shop) == []
