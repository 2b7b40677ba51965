"""Several workers at one session: one effect, and nothing by a worker whose time is over. And answers that get lost."""

import asyncio
import threading
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import World
from tracking_core.configuration import alone
from tracking_core.configuration.apply import apply_action
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext
from tracking_core.configuration.plan import Plan
from tracking_core.configuration.undo import undo_action
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound, StaleFence
from tracking_core.models import ActionState


async def test_a_worker_that_lost_the_session_writes_nothing(world: World, kiwify: Kiwify) -> None:
    plan = await world.plan(world.facts())
    before = await world.snapshot()
    await world.bump_fence()
    for position in range(len(plan.actions)):
        with pytest.raises(StaleFence):
            await apply_action(world.ctx, plan, position)
    assert await world.snapshot() == before
    assert await world.ledger() == []
    assert not kiwify.effects


async def test_a_worker_that_lost_the_session_undoes_nothing(world: World, kiwify: Kiwify) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    before = await world.snapshot()
    await world.bump_fence()
    for row in await world.ledger():
        with pytest.raises(StaleFence):
            await undo_action(world.ctx, row.id)
    assert await world.snapshot() == before


async def test_a_session_lost_during_the_call_leaves_it_to_the_next_worker_who_finds_the_webhook(
    world: World, kiwify: Kiwify
) -> None:
    plan, position = await _before_the_registration(world)
    kiwify.gate = gate = threading.Event()
    first = asyncio.create_task(apply_action(world.ctx, plan, position))
    await asyncio.to_thread(kiwify.waiting.wait, 20)
    next_worker = await world.bump_fence()
    gate.set()
    with pytest.raises(StaleFence):
        await first
    result = await apply_action(next_worker, plan, position)
    assert (result.is_success, result.params["webhook_id"]) == (True, "wh1")
    assert kiwify.effects == {"POST": 1}


async def test_two_workers_at_once_have_one_effect_and_one_answer(world: World, kiwify: Kiwify) -> None:
    plan, position = await _before_the_registration(world)
    kiwify.gate = gate = threading.Event()
    both = [asyncio.create_task(apply_action(world.ctx, plan, position)) for _ in range(2)]
    await asyncio.to_thread(kiwify.waiting.wait, 20)
    gate.set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert first.is_success
    assert kiwify.effects == {"POST": 1}
    for number in range(position + 1, len(plan.actions)):
        pair = await asyncio.gather(*(apply_action(world.ctx, plan, number) for _ in range(2)))
        assert pair[0] == pair[1]
        assert pair[0].is_success
    assert len(await world.ledger()) == len(plan.actions)


async def test_a_lost_answer_is_read_back_and_the_webhook_taken_as_made(world: World, kiwify: Kiwify) -> None:
    plan, position = await _before_the_registration(world)
    kiwify.faults = lambda method: "lose" if method == "POST" else None
    result = await apply_action(world.ctx, plan, position)
    assert (result.is_success, result.params["webhook_id"]) == (True, "wh1")
    assert kiwify.effects == {"POST": 1}


async def test_a_lost_answer_that_cannot_be_read_back_stays_open_until_it_can(world: World, kiwify: Kiwify) -> None:
    plan, position = await _before_the_registration(world)
    lists = iter([None, 503, 503, None, None])
    kiwify.faults = lambda method: next(lists) if method == "GET" else "lose"
    for _ in range(2):
        result = await apply_action(world.ctx, plan, position)
        assert (result.code, result.is_provider_fault) == (ConfigCode.WEBHOOK_UNCONFIRMED, True)
        [row] = [one for one in await world.ledger() if one.action == "register_webhook"]
        assert row.state == ActionState.IN_FLIGHT
    assert (await apply_action(world.ctx, plan, position)).is_success
    assert kiwify.effects == {"POST": 1}


async def test_what_stays_open_is_undone_like_what_was_done(world: World, kiwify: Kiwify) -> None:
    before = await world.snapshot()
    plan, position = await _before_the_registration(world)
    lists = iter([None, 503])
    kiwify.faults = lambda method: next(lists, None) if method == "GET" else "lose"
    assert not (await apply_action(world.ctx, plan, position)).is_success
    kiwify.faults = lambda _method: None
    assert all(one.is_success for one in await world.undo_all(plan))
    assert await world.snapshot() == before
    assert kiwify.effects == {"POST": 1, "DELETE": 1}


async def test_a_delete_whose_answer_was_lost_is_read_back(world: World, kiwify: Kiwify) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    kiwify.faults = lambda method: "lose" if method == "DELETE" else None
    assert all(one.is_success for one in await world.undo_all(plan))
    assert kiwify.effects == {"POST": 1, "DELETE": 1}


async def test_another_sessions_row_cannot_be_undone_from_here(world: World) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    [*_, last] = await world.ledger()
    here = await world.begin_session()
    with pytest.raises(NotFound):
        await undo_action(here, last.id)


async def _before_the_registration(world: World) -> tuple[Plan, int]:
    plan = await world.plan(world.facts())
    position = next(number for number, one in enumerate(plan.actions) if one.name == "register_webhook")
    for number in range(position):
        assert (await apply_action(world.ctx, plan, number)).is_success
    return plan, position


async def test_a_worker_that_waited_too_long_says_busy_and_has_no_effect(
    world: World, kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, position = await _before_the_registration(world)
    monkeypatch.setattr(alone, "WAIT_SECONDS", 0.05)
    async with alone.alone(world.ctx):
        result = await apply_action(world.ctx, plan, position)
        assert await asyncio.to_thread(asyncio.run, _finds_no_turn(world.ctx))  # nor does another process
    assert (result.is_success, result.code) == (False, ConfigCode.BUSY)
    assert not kiwify.effects
    assert len(await world.ledger()) == position


async def _finds_no_turn(ctx: ApplyContext) -> bool:
    try:
        async with alone.alone(ctx):
            return False
    except ActionFailed as failed:
        return failed.code == ConfigCode.BUSY


async def test_an_undo_that_never_got_its_turn_is_listed_and_tried_again(
    world: World, kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.apply_all(await world.plan(world.facts()))
    row = await world.row_of("register_webhook")
    monkeypatch.setattr(alone, "WAIT_SECONDS", 0.05)
    async with alone.alone(world.ctx):
        result = await undo_action(world.ctx, row.id)
    assert (result.is_success, result.code) == (False, ConfigCode.BUSY)
    assert (await world.row_of("register_webhook")).state == ActionState.UNDO_FAILED
    assert (await world.row_of("undo_register_webhook")).state == ActionState.FAILED
    assert [(one.action_id, one.code) for one in await world.leftovers()] == [(row.id, ConfigCode.BUSY)]
    assert (await undo_action(world.ctx, row.id)).is_success
    assert (await world.leftovers(), kiwify.webhooks) == ([], {})


async def test_an_undo_that_is_still_at_the_gateway_stays_open_when_the_next_worker_finds_no_turn(
    world: World, kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.apply_all(await world.plan(world.facts()))
    row = await world.row_of("register_webhook")
    kiwify.gate = gate = threading.Event()
    first = asyncio.create_task(undo_action(world.ctx, row.id))
    await asyncio.to_thread(kiwify.waiting.wait, 20)
    next_worker = await world.bump_fence()
    monkeypatch.setattr(alone, "WAIT_SECONDS", 0.05)
    assert (await undo_action(next_worker, row.id)).code == ConfigCode.BUSY
    assert (await world.row_of("undo_register_webhook")).state == ActionState.IN_FLIGHT
    gate.set()
    with pytest.raises(StaleFence):
        await first
    assert (await undo_action(next_worker, row.id)).is_success
    assert (await world.row_of("register_webhook")).state == ActionState.UNDONE
    assert kiwify.effects == {"POST": 1, "DELETE": 1}


async def test_many_tenants_at_their_gateways_leave_the_database_to_everybody_else(
    world: World, kiwify: Kiwify
) -> None:
    """And of one tenant, however many sessions ask, one is at its gateway; the others take no turn from anybody."""
    plan, position = await _before_the_registration(world)
    asking = [(world.ctx, plan, position), *[(await world.beside(), plan, position) for _ in range(alone.AT_ONCE)]]
    for _ in range(alone.AT_ONCE):
        other = World(kiwify, world.appliers)
        await other.begin()
        asking.append((other.ctx, *await _before_the_registration(other)))
    kiwify.gate = gate = threading.Event()
    acting = [asyncio.create_task(apply_action(*one)) for one in asking]
    for _ in range(alone.AT_ONCE):
        assert await asyncio.to_thread(kiwify.at_gate.acquire, timeout=20)
    async with AsyncExitStack() as everybody:
        for _ in range(world.ctx.settings.database_pool_size + 4):
            await (await everybody.enter_async_context(transaction())).execute(text("SELECT 1"))
        assert not kiwify.at_gate.acquire(blocking=False)
    gate.set()
    assert [one.code for one in await asyncio.gather(*acting)] == [ConfigCode.OK] * len(acting)
    assert kiwify.effects == {"POST": alone.AT_ONCE + 1}


async def test_a_webhook_is_not_deleted_while_another_session_of_the_tenant_counts_on_it(
    world: World, kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two comes first: there is a webhook for the one that registers it."""
    plan, position = await _before_the_registration(world)
    assert (await apply_action(world.ctx, plan, position)).is_success
    row, other = await world.row_of("register_webhook"), await world.beside()
    kiwify.gate = gate = threading.Event()
    undoing = asyncio.create_task(undo_action(world.ctx, row.id))
    await asyncio.to_thread(kiwify.waiting.wait, 20)
    with monkeypatch.context() as impatient:
        impatient.setattr(alone, "WAIT_SECONDS", 0.05)
        assert (await apply_action(other, plan, position)).code == ConfigCode.BUSY
    gate.set()
    assert (await undoing).is_success
    assert (await apply_action(other, plan, position)).is_success
    assert (len(kiwify.webhooks), kiwify.effects) == (1, {"POST": 2, "DELETE": 1})

    third = await world.beside()
    assert (await apply_action(third, plan, position)).is_success  # by the webhook that is there
    for ctx, code, count in ((other, ConfigCode.CONFLICT, 1), (third, ConfigCode.UNDONE, 1), (other, ConfigCode.OK, 0)):
        world.ctx = ctx
        result = await undo_action(ctx, (await world.row_of("register_webhook")).id)
        assert (result.code, len(kiwify.webhooks)) == (code, count)
