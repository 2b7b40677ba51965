"""Dead letters that are sent again: once, while it is of use, with consent, and with progress that adds up."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.replays.letters import (
    REFUSED,
    another_shop,
    ask,
    bury,
    counted,
    finish,
    how_far,
    later,
    look,
    mend,
    rows,
    states,
    verdict,
)
from tests.simulators.calls import add_fault, taken
from tracking_core.db.engine import transaction
from tracking_core.delivery import replay as replaying
from tracking_core.delivery.drain import drain_connection
from tracking_core.delivery.explain import explain_reason
from tracking_core.delivery.replay_progress import Standing
from tracking_core.delivery.replay_selection import ReplayFilter, Selection
from tracking_core.destinations.meta_capi.client import MetaClient
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.models import Consent
from tracking_core.tenants import service as tenants


async def test_refused_by_meta_then_previewed_replayed_and_taken_once_under_the_same_id(
    shop: Shop, strict_meta: MetaClient, meta: httpx.Client
) -> None:
    for number in range(4):
        await shop.webhook(f"HPAGAIN{number}")
    await shop.process()
    [poison] = await rows("SELECT event_id::text AS id FROM conversions WHERE sale_id = 'HPAGAIN2'")
    add_fault(meta, "poison", times=None, event_id=poison["id"])
    await drain_connection(shop.connection_id, client=strict_meta, settings=shop.settings)
    assert await states(shop) == {"delivered": 3, "dead": 1}
    [dead] = await rows("SELECT died_at, event_time FROM deliveries WHERE state = 'dead'")
    assert dead["died_at"] > dead["event_time"]
    shown = await look(shop)
    assert [(one.reason, one.replayable) for one in shown.reasons] == [(REFUSED, 1)]
    mend(meta)
    done = await ask(shop, seen_until=shown.seen_until, digest=shown.digest)
    assert counted(await how_far(done)) == {"waiting": 1}
    await drain_connection(shop.connection_id, client=strict_meta, settings=shop.settings)
    assert len(taken(meta, event_id=poison["id"])) == 1
    assert len(taken(meta)) == 4
    assert counted(await how_far(done)) == {"delivered": 1}


async def test_asked_twice_at_once_each_letter_is_revived_by_one_and_sent_once(shop: Shop) -> None:
    await bury(shop, 30)
    first, second = await asyncio.gather(ask(shop), ask(shop))
    assert first.replayed + second.replayed == 30
    assert (first.is_finished, second.is_finished) == (True, True)
    assert first.found + second.found == 30
    await shop.deliver()
    assert len(shop.meta.requests) == 1
    assert await states(shop) == {"delivered": 30}
    [mine, theirs] = [await how_far(one) for one in (first, second)]
    assert mine.standings[Standing.DELIVERED] + theirs.standings[Standing.DELIVERED] == 30


async def test_a_second_click_finds_nothing_left_to_do(shop: Shop) -> None:
    await bury(shop, 2)
    shown = await look(shop)
    first = await ask(shop, seen_until=shown.seen_until)
    shop.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100)
    later(seconds=1)
    await shop.deliver()
    assert await states(shop) == {"dead": 2}
    second = await ask(shop, seen_until=shown.seen_until)
    assert (first.replayed, second.replayed, second.found) == (2, 0, 0)


async def test_one_tenants_replay_leaves_the_others_letters(shop: Shop) -> None:
    other = await another_shop(shop)
    await bury(shop, 2)
    await bury(other, 3)
    assert (await ask(shop)).replayed == 2
    assert await states(other) == {"dead": 3}


async def test_an_operators_replay_is_of_all_tenants(shop: Shop) -> None:
    other = await another_shop(shop)
    await bury(shop, 2)
    await bury(other, 3)
    everybody = Shop(shop.settings, shop.meta, None, shop.connection_id)  # type: ignore[arg-type]
    done = await ask(everybody, is_operator=True)
    assert (done.replayed, set(done.connections)) == (5, {shop.connection_id, other.connection_id})


@pytest.mark.parametrize(
    "facts",
    [
        {"event_time": timedelta(days=7)},
        {"event_time": timedelta(days=7) - timedelta(minutes=1)},  # it would die at its lease
        {"first_ambiguous_at": timedelta(hours=49)},
        {"first_ambiguous_at": timedelta(hours=48) - timedelta(minutes=1)},
    ],
)
async def test_what_is_too_late_stays_as_it_was_and_is_counted(shop: Shop, facts: dict[str, timedelta]) -> None:
    now = clock.now()
    clock.set_source(lambda: now)
    moments: dict[str, Any] = {name: now - age for name, age in facts.items()}
    await bury(shop, 2, created_at=min(moments.values()), **moments)
    before = await rows("SELECT * FROM deliveries ORDER BY id")
    done = await ask(shop)
    assert (done.found, done.replayed, done.too_late, done.is_finished) == (2, 0, 2, True)
    assert await rows("SELECT * FROM deliveries ORDER BY id") == before


@pytest.mark.parametrize(
    "facts",
    [
        {"event_time": timedelta(hours=48) - timedelta(minutes=3)},  # they are visits
        {"first_ambiguous_at": timedelta(hours=48) - timedelta(minutes=3)},
    ],
)
async def test_what_is_revived_in_its_last_minutes_is_still_sent(shop: Shop, facts: dict[str, timedelta]) -> None:
    now = clock.now()
    clock.set_source(lambda: now)
    moments: dict[str, Any] = {name: now - age for name, age in facts.items()}
    await bury(shop, created_at=min(moments.values()), **moments)
    assert (await ask(shop)).replayed == 1
    await shop.deliver()
    assert await states(shop) == {"delivered": 1}


async def test_a_sale_refunded_since_is_closed_unless_meta_may_have_heard_of_it(shop: Shop) -> None:
    shop.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, 2804050)
    for sale in ("HPUNDONE", "HPHEARD", "HPKEPT"):
        await shop.webhook(sale)
    await shop.process()
    await shop.deliver()
    await rows(
        "UPDATE deliveries SET first_ambiguous_at = now() FROM conversions c"
        " WHERE c.id = conversion_id AND sale_id = 'HPHEARD' RETURNING 1"
    )
    await shop.webhook("HPUNDONE", "refunded")
    await shop.webhook("HPHEARD", "refunded")
    await shop.process()
    shown = await look(shop)
    assert (shown.found, shown.replayable, shown.undone) == (3, 2, 1)
    shop.meta.script = lambda _ids: None
    done = await ask(shop)
    assert (done.found, done.replayed, done.undone) == (3, 2, 1)
    await shop.deliver()
    query = "SELECT sale_id, state, reason FROM deliveries d JOIN conversions c ON c.id = conversion_id ORDER BY 1"
    assert [tuple(row.values()) for row in await rows(query)] == [
        ("HPHEARD", "delivered", None),
        ("HPKEPT", "delivered", None),
        ("HPUNDONE", "withheld", "refunded_before_delivery"),
    ]


async def test_on_hold_they_wait_without_spending_an_attempt_until_the_hold_ends(shop: Shop) -> None:
    await bury(shop, 2)
    await rows("UPDATE meta_connections SET state = 'on_hold', hold_code = 'credential:190' RETURNING 1")
    done = await ask(shop)
    await shop.deliver()
    said = await how_far(done)
    assert counted(said) == {"on_hold": 2}
    assert [(one.standing, one.reason, one.letters) for one in said.reasons] == [
        (Standing.ON_HOLD, "credential:190", 2)
    ]
    assert await rows("SELECT attempts FROM deliveries") == [{"attempts": 0}] * 2
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, "1234567890", "EAAnew", actor="test")
    await shop.deliver()
    assert counted(await how_far(done)) == {"delivered": 2}


async def test_a_disabled_connections_letters_wait_for_it(shop: Shop) -> None:
    await bury(shop, 1)
    await rows("UPDATE meta_connections SET disabled_at = now(), state = 'on_hold', hold_code = 'x' RETURNING 1")
    done = await ask(shop)
    await shop.deliver()
    assert (counted(await how_far(done)), shop.meta.requests) == ({"disabled": 1}, [])


async def test_whoever_refused_since_is_not_sent(shop: Shop) -> None:
    subject = shop.tenant_id
    await bury(shop, 2, consent_subjects=[subject])
    await bury(shop, 1)
    async with transaction() as session:
        session.add(Consent(tenant_id=shop.tenant_id, subject=subject, granted=False, changed_at=clock.now()))
    done = await ask(shop)
    await shop.deliver()
    said = await how_far(done)
    assert counted(said) == {"delivered": 1, "withheld": 2}
    assert [(one.reason, one.explanation) for one in said.reasons] == [
        ("consent_refused", explain_reason("consent_refused"))
    ]


async def test_what_dies_again_is_told_with_its_reasons_and_is_for_another_replay(shop: Shop) -> None:
    letters = await bury(shop, 6)
    ids = [row["event_id"] for row in await rows("SELECT event_id FROM deliveries ORDER BY id")]
    shop.meta.script = lambda sent: verdict(FailureClass.PAYLOAD, 100, 2804050) if {*ids[:2]} & {*sent} else None
    first = await ask(shop)
    await shop.deliver()
    said = await how_far(first)
    assert counted(said) == {"delivered": 4, "dead": 2}
    assert [(one.standing, one.reason, one.letters) for one in said.reasons] == [(Standing.DEAD, REFUSED, 2)]
    assert await finish(first.replay_id) == 0
    shop.meta.script = lambda _sent: None
    second = await ask(shop)
    await shop.deliver()
    assert counted(await how_far(second)) == {"delivered": 2}
    earlier = await how_far(first)
    assert (counted(earlier), earlier.moved_on, earlier.replayed) == ({"delivered": 4}, 2, len(letters))


async def test_it_is_written_down_who_asked(shop: Shop) -> None:
    await bury(shop, 2)
    done = await ask(shop)
    [entry] = await rows("SELECT actor, subject, tenant_id, details FROM audit_log WHERE action LIKE 'dead_letters%'")
    said = {"actor": "test", "subject": str(done.replay_id), "tenant_id": shop.tenant_id, "details": {"found": 2}}
    assert entry == said


async def test_a_letter_that_died_before_deaths_were_written_down_is_replayed(shop: Shop) -> None:
    await bury(shop, 1, died_at=None)
    assert (await ask(shop, seen_until=clock.now())).replayed == 1


@pytest.mark.usefixtures("renewed_database")
async def test_a_tenants_dead_are_found_by_their_index(shop: Shop) -> None:
    """A replay does not read past everybody's deliveries."""
    selection = Selection(tenant_id=shop.tenant_id, wanted=ReplayFilter(reason="payload"), seen_until=clock.now())
    values = {**selection.values(clock.now()), "replay": shop.tenant_id, "limit": 5, "now": clock.now()}
    async with transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        explained = text(f"EXPLAIN {replaying._sql(replaying._REVIVE, selection)}")
        plan = " ".join((await session.execute(explained, values)).scalars().all())
    assert "ix_deliveries_dead" in plan
    assert "Index Cond: ((tenant_id = " in plan
