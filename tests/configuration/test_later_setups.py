"""An older session is undone while a later setup is in use: what that one counts on stays, and is named."""

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import DATASET, DATASET_NAME, OTHER_DATASET, World
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.facts import Facts
from tracking_core.db.engine import transaction
from tracking_core.tenants import service as tenants


async def test_an_older_session_takes_nothing_from_the_setup_in_use(world: World, kiwify: Kiwify) -> None:
    """Session A made everything; session B connected a new token, and uses all the rest as well."""
    first = await world.plan(world.facts())
    await world.apply_all(first)
    older = world.ctx
    later = await world.begin_session()
    second = await world.plan(world.facts())
    await world.apply_all(second)
    in_use = await world.snapshot()

    world.ctx = older
    assert {one.code for one in await world.undo_all(first)} == {ConfigCode.CONFLICT}
    assert await world.snapshot() == in_use
    left = {one.action.value: "\n".join(one.told("en")) for one in await world.leftovers()}
    assert set(left) == {one.name.value for one in first.actions}
    stays = {name for name, told in left.items() if "a later setup" in told and "undo the later setup first" in told}
    assert stays == set(left) - {"activate_version"}
    for name in ("register_webhook", "create_webhook_endpoint"):
        assert kiwify.urls()[0] in left[name]
    assert f"{DATASET_NAME} ({DATASET})" in left["connect_dataset"]

    world.ctx = later
    assert all(one.is_success for one in await world.undo_all(second))
    world.ctx = older
    assert all(one.is_success for one in await world.undo_all(first))
    assert (kiwify.webhooks, await world.leftovers()) == ({}, [])


async def test_what_an_older_session_switched_off_stays_off_where_the_setup_in_use_does_without(world: World) -> None:
    first = await world.plan(world.facts())
    await world.apply_all(first)
    away = await world.plan(_to_other_dataset(world))
    await world.apply_all(away)
    older = world.ctx
    await world.begin_session()
    await world.apply_all(await world.plan(_to_other_dataset(world)))
    world.ctx = older
    await world.undo_all(away)
    [left] = [one for one in await world.leftovers() if one.action == "disconnect_dataset"]
    assert "stays switched off: a later setup" in left.told("en")[0]
    assert not [one for one in (await world.current()).connections if one.dataset_id == DATASET and not one.is_disabled]


async def test_a_credential_that_was_set_since_is_not_deleted_with_what_was_created(world: World) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    async with transaction() as session:
        await tenants.connect_meta(session, world.tenant_id, DATASET, "EAAnewer", actor="cli")
    results = await world.undo_all(plan)
    assert [one.code for one in results if not one.is_success] == [ConfigCode.CONFLICT]
    assert len(await world.rows("SELECT 1 FROM meta_connections WHERE tenant_id = :tenant")) == 1


def _to_other_dataset(world: World) -> Facts:
    known = world.facts()
    assert known.meta is not None
    meta = known.meta.model_copy(update={"dataset_id": OTHER_DATASET, "token_ref": world.refs["other_token"]})
    return known.model_copy(update={"meta": meta})
