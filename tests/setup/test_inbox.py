"""Intents are taken in order, once, and by one worker at a time."""

import asyncio

import pytest

from tests.setup.conftest import Setup
from tracking_core.db.engine import transaction
from tracking_core.errors import Forbidden, NotFound, StaleFence
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import IntentState, SetupSession
from tracking_core.setup import inbox, lease, sessions
from tracking_core.setup.inbox import IntentKind


async def _enqueue(setup: Setup, client_id: str) -> bool:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        _, is_new = await inbox.enqueue(
            session, owner, IntentKind.PROBE_LANDING, {"url": client_id}, actor="test", client_id=client_id
        )
    return is_new


async def _drain(setup: Setup) -> list[str]:
    taken: list[str] = []
    while True:
        async with transaction() as session:
            intent = await inbox.next_queued(session, setup.session_id)
            if intent is None:
                return taken
            taken.append(intent.client_id)
            await inbox.finish(session, intent.id, IntentState.DONE, clock.now())


async def test_intents_come_out_in_the_order_they_went_in(setup: Setup) -> None:
    wanted = [f"click-{number}" for number in range(10)]
    for client_id in wanted:
        assert await _enqueue(setup, client_id)
    assert await _drain(setup) == wanted


async def test_a_double_click_is_one_intent_even_at_the_same_moment(setup: Setup) -> None:
    made = await asyncio.gather(*(_enqueue(setup, "same") for _ in range(6)))
    assert sorted(made) == [False] * 5 + [True]
    assert await _drain(setup) == ["same"]


async def test_only_one_of_many_workers_gets_the_session(setup: Setup) -> None:
    async def take() -> int | None:
        async with transaction() as session:
            return await lease.take(session, setup.session_id, new_id(), clock.now(), seconds=15)

    fences = await asyncio.gather(*(take() for _ in range(6)))
    assert [fence for fence in fences if fence is not None] == [1]


async def test_a_stalled_worker_cannot_write_after_another_took_over(setup: Setup) -> None:
    old = await setup.take(seconds=-1)
    new = await setup.take()
    assert new > old
    with pytest.raises(StaleFence):
        async with transaction() as session:
            await lease.require(session, setup.session_id, old)
    async with transaction() as session:
        await lease.require(session, setup.session_id, new)


async def test_a_lost_lease_is_not_renewed(setup: Setup) -> None:
    owner = new_id()
    async with transaction() as session:
        fence = await lease.take(session, setup.session_id, owner, clock.now(), seconds=-1)
    assert fence is not None
    await setup.take()
    async with transaction() as session:
        assert not await lease.renew(session, setup.session_id, owner, fence, clock.now(), seconds=15)


async def test_a_session_with_something_queued_is_due_unless_somebody_has_it(setup: Setup) -> None:
    async def due() -> bool:
        async with transaction() as session:
            return setup.session_id in await inbox.due_sessions(session, clock.now())

    assert not await due()
    await _enqueue(setup, "one")
    assert await due()
    await setup.take()
    assert not await due()


async def test_another_tenants_session_is_forbidden_and_an_unknown_one_not_found(setup: Setup) -> None:
    async with transaction() as session:
        with pytest.raises(Forbidden):
            await sessions.get(session, setup.session_id, caller=new_id())
        with pytest.raises(NotFound):
            await sessions.get(session, new_id(), caller=setup.tenant_id)
