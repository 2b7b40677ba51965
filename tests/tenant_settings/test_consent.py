"""Consent is told in two places, the tenant and the active version, and they never say different things."""

import pytest

from tests.configuration.world import World
from tests.tenant_settings.changing import audited, change, read
from tracking_core.configuration.facts import Facts
from tracking_core.models import ConsentMode, SessionState
from tracking_core.tenants.preferences import ConsentInSetup

_SPECS = (
    "SELECT version, state, spec->>'consent_mode' AS consent FROM tracking_configurations WHERE tenant_id = :tenant"
)


def silent(world: World) -> Facts:
    """A setup that says nothing of consent: it stays what it is."""
    known = world.facts("hotmart")
    return known.model_copy(update={"preferences": known.preferences.model_copy(update={"consent_mode": None})})


async def versions(world: World) -> list[tuple[int, str, str]]:
    return [(row.version, row.state, row.consent) for row in await world.rows(f"{_SPECS} ORDER BY version")]


async def rest(world: World, state: SessionState) -> None:
    await world.rows("UPDATE setup_sessions SET state = :state WHERE tenant_id = :tenant RETURNING 1", state=state)


async def test_the_active_version_is_brought_along_and_older_ones_stay_what_they_were(world: World) -> None:
    await world.apply_all(await world.plan(silent(world)))
    await world.apply_all(await world.plan(silent(world).model_copy(update={"gateway": world.facts().gateway})))
    await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN)
    assert await versions(world) == [(1, "superseded", "opt_out"), (2, "active", "opt_in")]
    back = await world.rollback("version", 1)
    assert [one.params["consent_mode"] for one in back.actions if one.name == "set_consent_mode"] == ["opt_out"]


async def test_a_setup_that_asks_for_nothing_else_then_finds_nothing_to_do(world: World) -> None:
    await world.apply_all(await world.plan(silent(world)))
    assert (await world.plan(silent(world))).actions == ()
    await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN)
    assert (await world.plan(silent(world))).actions == ()


async def test_a_setup_can_still_be_undone_whole_and_the_consent_stays_as_it_was_set_since(world: World) -> None:
    plan = await world.plan(silent(world))
    await world.apply_all(plan)
    await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN)
    assert [one.code for one in await world.undo_all(plan) if not one.is_success] == []
    assert [state for _, state, _ in await versions(world)] == ["rolled_back"]
    assert (await read(world.tenant_id)).consent_mode is ConsentMode.OPT_IN


async def test_a_tenant_without_a_configuration_has_only_its_own(world: World) -> None:
    await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN)
    assert await versions(world) == []
    assert (await world.current()).consent_mode is ConsentMode.OPT_IN


@pytest.mark.parametrize("state", [SessionState.AWAITING_APPROVAL, SessionState.WORKING])
async def test_while_a_setup_has_a_plan_the_consent_is_not_changed_under_it(world: World, state: SessionState) -> None:
    await rest(world, state)
    with pytest.raises(ConsentInSetup):
        await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN, escalate_after=4)
    assert (await read(world.tenant_id)).escalate_after == 3
    assert await audited(world.tenant_id) == []
    await change(world.tenant_id, escalate_after=4)
    await rest(world, SessionState.DONE)
    await change(world.tenant_id, consent_mode=ConsentMode.OPT_IN)
