"""A preview tells what a replay would do, and does nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.replays.letters import REFUSED, another_shop, ask, bury, later, look, rows, states
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import DeadLettersChanged
from tracking_core.delivery.replay_preview import WHY_NOT
from tracking_core.delivery.replay_selection import Fate, ReplayFilter
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.tenants import service as tenants


async def second_connection(shop: Shop) -> Shop:
    async with transaction() as session:
        made = await tenants.connect_meta(session, shop.tenant_id, "777", "EAAsecond", actor="test")
    return Shop(shop.settings, shop.meta, shop.tenant_id, made.id)


async def test_the_numbers_of_every_group_add_up_to_the_totals_and_nothing_is_changed(shop: Shop) -> None:
    now = clock.now()
    held = await second_connection(shop)
    async with transaction() as session:
        await session.execute(
            text("UPDATE meta_connections SET state = 'on_hold' WHERE id = :id"), {"id": held.connection_id}
        )
    await bury(shop, 3)
    await bury(held, 2, reason="unknown:1")
    await bury(shop, 2, event_time=now - timedelta(days=8), created_at=now - timedelta(days=8))
    await bury(held, 1, first_ambiguous_at=now - timedelta(hours=50), reason="deadline_passed")
    before = await rows("SELECT * FROM deliveries ORDER BY id")
    shown = await look(shop)
    assert (shown.found, shown.replayable, shown.too_late, shown.undone) == (8, 5, 3, 0)
    assert [(one.reason, one.found, one.replayable) for one in shown.reasons] == [
        (REFUSED, 5, 3),
        ("unknown:1", 2, 2),
        ("deadline_passed", 1, 0),
    ]
    assert [(one.dataset_id, one.state, one.found, one.replayable) for one in shown.connections] == [
        ("1234567890", "active", 5, 3),
        ("777", "on_hold", 3, 2),
    ]
    assert [(one.why, one.letters) for one in shown.left_out] == [(Fate.TOO_OLD, 2), (Fate.UNSAFE, 1)]
    assert shown.oldest is not None
    assert (now - shown.oldest).days == 8
    assert await rows("SELECT * FROM deliveries ORDER BY id") == before
    assert await rows("SELECT * FROM replays") == []


async def test_nothing_dead_is_a_preview_of_nothing(shop: Shop) -> None:
    shown = await look(shop)
    assert (shown.found, shown.reasons, shown.connections, shown.oldest, shown.newest) == (0, (), (), None, None)


async def test_each_filter_narrows_and_another_tenants_letters_are_never_seen(shop: Shop) -> None:
    now, other, second = clock.now(), await another_shop(shop), await second_connection(shop)
    mine = await bury(shop, 2)
    await bury(second, 3, reason="payload:100", created_at=now - timedelta(hours=5))
    theirs = await bury(other, 4)
    assert (await look(shop)).found == 5
    assert (await look(shop, ReplayFilter(ids=[mine[0], *theirs]))).found == 1
    assert (await look(shop, ReplayFilter(reason="payload:100/"))).found == 2
    assert (await look(shop, ReplayFilter(reason="payload_100"))).found == 0
    assert (await look(shop, ReplayFilter(connection_id=second.connection_id))).found == 3
    assert (await look(shop, ReplayFilter(connection_id=other.connection_id))).found == 0
    assert (await look(shop, ReplayFilter(since=now - timedelta(hours=2)))).found == 2
    assert (await look(shop, ReplayFilter(until=now - timedelta(hours=2), reason="payload"))).found == 3


async def test_what_dies_after_the_preview_is_not_touched_by_the_replay_of_it(shop: Shop) -> None:
    await bury(shop, 2)
    shown = await look(shop)
    later(minutes=5)
    await bury(shop, 3)
    done = await ask(shop, seen_until=shown.seen_until)
    assert (done.found, done.replayed) == (shown.found, shown.replayable)
    assert await states(shop) == {"waiting": 2, "dead": 3}


async def test_a_preview_of_the_future_is_one_of_now(shop: Shop) -> None:
    await bury(shop, 1, died_at=clock.now() + timedelta(minutes=1))
    assert (await ask(shop, seen_until=clock.now() + timedelta(days=1))).found == 0


async def test_the_digest_is_of_exactly_the_letters_that_would_be_sent(shop: Shop) -> None:
    first = await bury(shop, 3)
    shown = await look(shop)
    assert (await look(shop)).digest == shown.digest
    assert (await look(shop, ReplayFilter(ids=first))).digest == shown.digest
    await ask(shop, ReplayFilter(ids=first[:1]))
    with pytest.raises(DeadLettersChanged):
        await ask(shop, seen_until=shown.seen_until, digest=shown.digest)
    assert await states(shop) == {"waiting": 1, "dead": 2}
    again = await look(shop)
    assert (await ask(shop, seen_until=again.seen_until, digest=again.digest)).replayed == 2


def test_its_sentences_are_translated() -> None:
    assert all(translate(one) != one for one in [*WHY_NOT.values(), DeadLettersChanged.message, "replay"])
