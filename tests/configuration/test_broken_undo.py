"""A defect of ours, or a snapshot that does not open, at one action: it is listed, and the others are undone."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import World
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.registering import ApiRegistrar
from tracking_core.configuration.undo import undo_action
from tracking_core.configuration.undoing import UNDOS
from tracking_core.models import ActionState


@pytest.fixture
async def applied(world: World) -> World:
    await world.apply_all(await world.plan(world.facts()))
    return world


async def test_a_defect_at_one_undo_is_written_down_and_the_others_happen(
    applied: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(UNDOS, ActionName.MAP_EVENTS, _raising(KeyError("planted-value")))
    with capture_logs() as logs:
        await _assert_only_this_is_left(applied, "map_events")
    [said] = [one for one in logs if one["event"] == "undo_broke"]
    assert (said["error"], "planted" in str({**said, "exc_info": None})) == ("KeyError", False)
    monkeypatch.undo()
    assert (await undo_action(applied.ctx, (await applied.row_of("map_events")).id)).is_success
    assert await applied.leftovers() == []


async def test_a_snapshot_that_does_not_open_is_no_reason_to_leave_the_others(applied: World) -> None:
    row = await applied.row_of("set_consent_mode")
    await applied.rows("UPDATE setup_action_logs SET before = '\\x00' WHERE id = :id RETURNING 1", id=row.id)
    await _assert_only_this_is_left(applied, "set_consent_mode")


async def test_a_defect_at_the_gateway_leaves_the_undo_open(
    applied: World, kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiRegistrar, "delete_webhook", _raising(ValueError("planted-value")))
    await _assert_only_this_is_left(applied, "register_webhook")
    assert (await applied.row_of("undo_register_webhook")).state == ActionState.IN_FLIGHT
    monkeypatch.undo()
    kiwify.webhooks.clear()  # the call had got through
    assert (await undo_action(applied.ctx, (await applied.row_of("register_webhook")).id)).is_success
    assert kiwify.effects == {"POST": 1}


async def test_without_the_tenants_key_nothing_is_undone_and_all_of_it_is_listed(applied: World) -> None:
    await applied.rows("UPDATE tenants SET wrapped_data_key = '\\x00' WHERE id = :tenant RETURNING 1")
    done = [row for row in await applied.ledger() if row.state == ActionState.SUCCESS]
    results = [await undo_action(applied.ctx, row.id) for row in reversed(done)]
    assert {one.code for one in results} == {ConfigCode.UNDO_FAILED}
    assert [one.action_id for one in await applied.leftovers()] == [row.id for row in reversed(done)]


async def test_a_database_that_is_away_is_no_outcome_of_an_undo(
    applied: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = OperationalError("", {}, Exception("away"))
    monkeypatch.setitem(UNDOS, ActionName.MAP_EVENTS, _raising(away))
    row = await applied.row_of("map_events")
    with pytest.raises(OperationalError):
        await undo_action(applied.ctx, row.id)
    assert (await applied.row_of("map_events")).state == ActionState.SUCCESS


async def _assert_only_this_is_left(world: World, action: str) -> None:
    done = [row for row in await world.ledger() if row.state == ActionState.SUCCESS]
    results = [await undo_action(world.ctx, row.id) for row in reversed(done)]
    assert [one.code for one in results if not one.is_success] == [ConfigCode.UNDO_FAILED]
    [left] = await world.leftovers()
    assert (left.action, left.code, left.needs_person) == (action, ConfigCode.UNDO_FAILED, True)
    assert all(left.told("pt_BR"))
    states = {row.action: row.state for row in await world.ledger() if not row.action.startswith("undo_")}
    assert states == {**dict.fromkeys(states, ActionState.UNDONE), action: ActionState.UNDO_FAILED}


def _raising(error: Exception) -> Any:
    async def broken(*_: object, **__: object) -> None:
        raise error

    return broken
