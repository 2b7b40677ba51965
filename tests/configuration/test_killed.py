"""A process killed with SIGKILL at every named point of every action: effects happen once, the ledger is complete."""

import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import World
from tracking_core.configuration.apply import apply_action
from tracking_core.configuration.plan import Plan
from tracking_core.models import ActionState

_LOCAL = ["connect_dataset", "create_webhook_endpoint", "map_events", "set_consent_mode", "activate_version"]
_POINTS = [(name, point) for name in _LOCAL for point in ("before_commit", "after_commit")] + [
    ("register_webhook", point) for point in ("before_call", "after_call", "before_commit", "after_commit")
]


@pytest.mark.parametrize(("name", "point"), _POINTS)
async def test_killed_at_any_point_the_plan_is_carried_on_and_every_effect_happens_once(
    world: World, name: str, point: str
) -> None:
    plan = await world.plan(world.facts())
    position = await _apply_up_to(world, plan, name)
    await world.killed({"plan": plan.to_json(), "position": position}, point)
    await world.apply_all(plan)
    await _assert_done_once(world, plan)


async def test_killed_between_the_gateways_deed_and_its_answer_the_webhook_is_found_and_not_made_again(
    world: World, kiwify: Kiwify
) -> None:
    plan = await world.plan(world.facts())
    position = await _apply_up_to(world, plan, "register_webhook")

    def mark(pid: int) -> None:
        kiwify.victim = pid

    await world.killed({"plan": plan.to_json(), "position": position}, "never", started=mark)
    kiwify.victim = None
    assert kiwify.effects == {"POST": 1}
    await world.apply_all(plan)
    await _assert_done_once(world, plan)


@pytest.mark.parametrize("point", ["before_call", "after_call", "before_commit", "after_commit"])
async def test_an_undo_killed_at_any_point_is_carried_on_and_deletes_once(world: World, point: str) -> None:
    before = await world.snapshot()
    plan = await world.plan(world.facts())
    await _apply_up_to(world, plan, "map_events")
    [row] = [one for one in await world.ledger() if one.action == "register_webhook"]
    await world.killed({"undo": str(row.id)}, point)
    assert all(one.is_success for one in await world.undo_all(plan))
    assert world.kiwify.effects == {"POST": 1, "DELETE": 1}
    assert await world.snapshot() == before
    assert await world.leftovers() == []


@pytest.mark.parametrize("name", ["connect_dataset", "create_webhook_endpoint", "map_events", "activate_version"])
async def test_an_undo_inside_the_hub_killed_before_its_commit_never_was(world: World, name: str) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    before = await world.snapshot()
    [row] = [one for one in await world.ledger() if one.action == name]
    await world.killed({"undo": str(row.id)}, "before_commit")
    assert await world.snapshot() == before
    assert all(one.is_success for one in await world.undo_all(plan))


async def _apply_up_to(world: World, plan: Plan, name: str) -> int:
    """Apply what comes before the action; its position."""
    position = next(number for number, one in enumerate(plan.actions) if one.name == name)
    for number in range(position):
        assert (await apply_action(world.ctx, plan, number)).is_success
    return position


async def _assert_done_once(world: World, plan: Plan) -> None:
    assert world.kiwify.effects == {"POST": 1}
    ledger = await world.ledger()
    assert [(row.action, row.state) for row in ledger] == [(one.name, ActionState.SUCCESS) for one in plan.actions]
    assert all(row.finished_at and row.code for row in ledger)
    for table in ("meta_connections", "webhook_endpoints", "tracking_configurations"):
        assert len(await world.rows(f"SELECT 1 FROM {table} WHERE tenant_id = :tenant")) == 1
