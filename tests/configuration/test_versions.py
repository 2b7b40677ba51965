"""Versions, and taking back: the last action, all of a session's, or to an older version; always by a plan."""

from typing import Any

import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import DATASET, DATASET_NAME, OTHER_DATASET, World
from tracking_core.configuration.apply import apply_action
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.plan import Plan, render
from tracking_core.configuration.versions import list_versions
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound


async def test_the_last_action_is_taken_back_alone(world: World) -> None:
    await world.apply_all(await world.plan(world.facts()))
    plan = await world.rollback("last")
    assert (plan.kind, [one.params["action"] for one in plan.actions]) == ("rollback", ["activate_version"])
    await world.apply_all(plan)
    assert await _versions(world) == [(1, "rolled_back")]
    await world.apply_all(await world.rollback("last"))
    [tenant] = await world.rows("SELECT consent_mode FROM tenants WHERE id = :tenant")
    assert tenant.consent_mode == "opt_out"


async def test_all_of_a_session_is_taken_back(world: World, kiwify: Kiwify) -> None:
    before = await world.snapshot()
    await world.apply_all(await world.plan(world.facts()))
    plan = await world.rollback("all")
    told = "\n".join(render(plan, "pt_BR"))
    for named in (DATASET, DATASET_NAME, "acc-77-loja-da-ana", *kiwify.urls()):
        assert named in told
    await world.apply_all(plan)
    after = await world.snapshot()
    assert [row["state"] for row in after.pop("tracking_configurations")] == ["rolled_back"]
    before.pop("tracking_configurations")
    assert after == before
    assert kiwify.effects == {"POST": 1, "DELETE": 1}
    nothing = await world.rollback("all")
    assert nothing.is_empty
    assert "nothing to take back" in render(nothing, "en")[0]


async def test_a_rollback_is_applied_once_and_carried_on_after_a_failure(world: World, kiwify: Kiwify) -> None:
    await world.apply_all(await world.plan(world.facts()))
    plan = await world.rollback("all")
    kiwify.faults = lambda method: 503 if method == "DELETE" else None
    results = await world.apply(plan)
    assert results[-1].code == ConfigCode.WEBHOOK_UNCONFIRMED  # a 503 may come after the deed
    kiwify.faults = lambda _method: None
    await world.apply_all(plan)
    await world.apply_all(plan)
    assert kiwify.effects == {"POST": 1, "DELETE": 1}
    assert await world.leftovers() == []


async def test_a_rollback_killed_in_the_middle_is_carried_on(world: World, kiwify: Kiwify) -> None:
    await world.apply_all(await world.plan(world.facts()))
    plan = await world.rollback("all")
    position = next(number for number, one in enumerate(plan.actions) if one.is_external)
    await world.killed({"plan": plan.to_json(), "position": position}, "after_call")
    await world.apply_all(plan)
    assert kiwify.effects == {"POST": 1, "DELETE": 1}


async def test_an_older_version_is_activated_again_and_the_newer_one_after_it(world: World, kiwify: Kiwify) -> None:
    """Version 1: Hotmart to one dataset. Version 2: Kiwify beside it, to another dataset, with other choices."""
    await world.apply_all(await world.plan(world.facts("hotmart")))
    first = await _effective(world)
    await world.begin_session()
    await world.apply_all(await _to_other_dataset(world))
    second = await _effective(world)
    assert first != second

    await world.begin_session()
    back = await world.rollback("version", 1)
    told = "\n".join(render(back, "pt_BR"))
    for named in (DATASET, OTHER_DATASET, *kiwify.urls()):
        assert named in told
    await world.apply_all(back)
    assert await _effective(world) == first
    assert kiwify.webhooks == {}
    assert await _versions(world) == [(2, "superseded"), (1, "active")]

    await world.begin_session()
    await world.apply_all(await world.rollback("version", 2))
    assert {**await _effective(world), "webhooks": ()} == {**second, "webhooks": ()}
    assert kiwify.urls() == list(second["webhooks"])
    assert await _versions(world) == [(2, "active"), (1, "superseded")]


async def test_a_version_is_gone_back_to_as_often_as_somebody_asks(world: World, kiwify: Kiwify) -> None:
    """In one session, and each time it is done anew: the version, the gateway's webhook and all else."""
    await world.apply_all(await world.plan(world.facts("hotmart")))
    known = world.facts()
    preferences = known.preferences.model_copy(update={"consent_mode": "opt_out"})
    await world.apply_all(await world.plan(known.model_copy(update={"preferences": preferences})))
    told = {2: await _effective(world)}
    for version in (1, 2, 1, 2):
        plan = await world.rollback("version", version)
        await world.apply_all(plan)
        await world.apply_all(plan)  # said again, the same plan still happens once
        now = await _effective(world)
        assert {**told.setdefault(version, now), "webhooks": ()} == {**now, "webhooks": ()}
        assert (now["active"], len(kiwify.webhooks)) == (version, version - 1)
    assert kiwify.effects == {"POST": 3, "DELETE": 2}


async def test_a_plan_stays_good_while_nothing_is_activated_and_is_stale_after(world: World) -> None:
    await world.apply_all(await world.plan(world.facts("hotmart")))
    await world.apply_all(await _to_other_dataset(world))
    back = await world.rollback("version", 1)
    await world.rows("UPDATE meta_connections SET state = 'on_hold' WHERE tenant_id = :tenant RETURNING 1")
    assert (await world.rollback("version", 1)).actions[-1] == back.actions[-1]
    await world.rows("UPDATE tracking_configurations SET activated_at = now() WHERE version = 2 RETURNING 1")
    assert (await apply_action(world.ctx, back, len(back.actions) - 1)).code == ConfigCode.STALE


async def test_an_activation_that_stops_anywhere_is_undone_to_what_was_active(world: World, kiwify: Kiwify) -> None:
    await world.apply_all(await world.plan(world.facts("hotmart")))
    await world.begin_session()
    await world.apply_all(await _to_other_dataset(world))
    before = await world.snapshot()
    urls = kiwify.urls()
    before.pop("webhooks")
    for applied in range(1, 7):
        world.ctx = await world.beside()
        plan = await world.rollback("version", 1)
        assert len(plan.actions) == 6
        for position in range(applied):
            assert (await apply_action(world.ctx, plan, position)).is_success
        assert all(one.is_success for one in await world.undo_all(plan))
        after = await world.snapshot()
        after.pop("webhooks")
        assert (kiwify.urls(), after) == (urls, before), applied


async def test_only_what_is_proved_promises_a_test_event(world: World) -> None:
    forward = await world.plan(world.facts())
    await world.apply_all(forward)
    to_other = await _to_other_dataset(world)
    await world.apply_all(to_other)
    plans = [forward, to_other, *[await world.rollback(*scope) for scope in (("last",), ("all",), ("version", 1))]]
    promised = ["test purchase" in "".join(render(plan, "en")) for plan in plans]
    assert promised == [True, True, False, False, False]


async def test_an_active_version_needs_no_activation(world: World) -> None:
    await world.apply_all(await world.plan(world.facts()))
    plan = await world.rollback("version", 1)
    assert plan.is_empty
    assert DATASET in render(plan, "pt_BR")[0]


async def test_there_is_no_way_to_a_version_that_never_was(world: World) -> None:
    with pytest.raises(NotFound):
        await world.rollback("version", 7)


async def _to_other_dataset(world: World) -> Plan:
    known = world.facts()
    assert known.meta is not None
    meta = known.meta.model_copy(update={"dataset_id": OTHER_DATASET, "token_ref": world.refs["other_token"]})
    preferences = known.preferences.model_copy(update={"consent_mode": "opt_out", "browser_events": ()})
    return await world.plan(known.model_copy(update={"meta": meta, "preferences": preferences}))


async def _versions(world: World) -> list[tuple[int, str]]:
    async with transaction() as session:
        return [(one.version, one.state) for one in await list_versions(session, world.tenant_id)]


async def _effective(world: World) -> dict[str, Any]:
    """What the tenant's configuration does: where sales come in, where they go, what counts as consent."""
    now = await world.current()
    return {
        "endpoints": {one.endpoint_key for one in now.endpoints if not one.is_disabled},
        "datasets": {(one.dataset_id, one.browser_events) for one in now.connections if not one.is_disabled},
        "consent_mode": now.consent_mode,
        "webhooks": tuple(world.kiwify.urls()),
        "active": now.active.version if now.active else None,
    }
