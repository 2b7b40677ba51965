"""A failure at each action, undone in reverse: everything is as it was, or what is left is listed exactly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlmodel import select

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import DATASET, OTHER_DATASET, VALUES, World
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed
from tracking_core.configuration.effects import EFFECTS, Effect
from tracking_core.configuration.facts import Facts
from tracking_core.configuration.ledger import Done
from tracking_core.connections.endpoints import promote_webhook_secret
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import ActionState, WebhookEndpoint
from tracking_core.tenants import service as tenants

_KIWIFY = ["connect_dataset", "create_webhook_endpoint", "register_webhook", "map_events", "set_consent_mode"]
_FAILING = [*_KIWIFY, "activate_version"]


async def test_failed_at_any_action_of_a_first_setup_everything_is_as_it_was(world: World) -> None:
    for name in _FAILING:
        await _fails_and_is_undone(world, name, world.facts())


async def test_failed_at_any_action_on_an_old_configuration_everything_is_as_it_was(world: World) -> None:
    """A tenant with rows of every kind: an older version, a connection on hold with its own secrets, switched off."""
    await world.apply_all(await world.plan(world.facts("hotmart")))
    async with transaction() as session:
        old = await tenants.connect_meta(
            session, world.tenant_id, OTHER_DATASET, "EAAold", actor="cli", app_secret="s", test_event_code="T1"
        )
        old.state, old.hold_code, old.failure_streak, old.browser_events = "on_hold", "190", 7, ["initiate_checkout"]
    await world.rows("UPDATE tenants SET consent_mode = 'opt_out' WHERE id = :tenant RETURNING 1")
    await world.begin_session()
    known = world.facts()
    assert known.meta is not None
    meta = known.meta.model_copy(update={"dataset_id": OTHER_DATASET, "token_ref": world.refs["other_token"]})
    for name in [*_FAILING, "disconnect_dataset"]:
        await _fails_and_is_undone(world, name, known.model_copy(update={"meta": meta}))


async def test_when_the_gateway_refuses_the_delete_the_list_names_the_webhook_and_nothing_else(
    world: World, kiwify: Kiwify
) -> None:
    before = await world.snapshot()
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    kiwify.faults = lambda method: 403 if method == "DELETE" else None
    results = await world.undo_all(plan)
    assert [one.code for one in results if not one.is_success] == [ConfigCode.WEBHOOK_REFUSED]
    [left] = await world.leftovers()
    assert (left.action, left.needs_person) == ("register_webhook", True)
    [url] = kiwify.urls()
    for locale in ("en", "pt_BR"):
        assert url in left.told(locale)[0]
        assert "acc-77-loja-da-ana" in left.told(locale)[0]
    after = await world.snapshot()
    assert len(after.pop("webhooks")) == 1
    assert _without_versions(after) == _without_versions(before)

    kiwify.faults = lambda _method: None
    assert all(one.is_success for one in await world.undo_all(plan))
    assert await world.leftovers() == []
    assert kiwify.webhooks == {}


async def test_a_change_made_since_is_not_thrown_away(world: World) -> None:
    async with transaction() as session:
        await tenants.connect_meta(session, world.tenant_id, DATASET, "EAAold", actor="cli")
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    await world.rows("UPDATE meta_connections SET token_ref = NULL WHERE tenant_id = :tenant RETURNING 1")
    await world.rows("UPDATE tenants SET consent_mode = 'opt_out' WHERE id = :tenant RETURNING 1")
    results = await world.undo_all(plan)
    assert [one.code for one in results if not one.is_success] == [ConfigCode.CONFLICT, ConfigCode.CONFLICT]
    assert [one.action for one in await world.leftovers()] == ["set_consent_mode", "connect_dataset"]
    told = [one.told("pt_BR") for one in await world.leftovers()]
    assert all(len(sentences) == 2 for sentences in told)


async def test_an_undo_has_a_row_of_its_own_and_happens_once(world: World, kiwify: Kiwify) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    first = await world.undo_all(plan)
    assert await world.undo_all(plan) == []
    done = [row for row in await world.ledger() if row.plan_hash == plan.hash]
    undone = [row for row in await world.ledger() if row.action.startswith("undo_")]
    assert [one.action_id for one in first] == [row.id for row in undone]
    assert [row.input["undoes"] for row in undone] == [str(row.id) for row in reversed(done)]
    assert {row.state for row in done} == {ActionState.UNDONE}
    assert all(row.undone_at and row.code == ConfigCode.OK for row in done)
    assert kiwify.effects == {"POST": 1, "DELETE": 1}


async def test_the_same_wish_after_an_undo_is_another_plan_and_is_applied(world: World, kiwify: Kiwify) -> None:
    known = world.facts()
    first = await world.plan(known)
    await world.apply_all(first)
    await world.undo_all(first)
    second = await world.plan(known)
    assert second.hash != first.hash
    assert not (await world.apply(first))[0].is_success  # the old one stays undone
    await world.apply_all(second)
    assert len(kiwify.webhooks) == 1


async def test_a_webhook_that_was_there_before_us_is_taken_over_and_not_deleted(world: World, kiwify: Kiwify) -> None:
    async with transaction() as session:
        endpoint = await tenants.connect_gateway(session, world.tenant_id, "kiwify", "token", actor="cli")
    url = f"https://hub.example{tenants.webhook_path(endpoint)}"
    kiwify.webhooks["by-hand"] = {"id": "by-hand", "url": url}
    before = await world.snapshot()
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    assert kiwify.effects == {}
    await world.undo_all(plan)
    assert _without_versions(await world.snapshot()) == _without_versions(before)


async def test_a_token_that_a_webhook_proved_since_stays_and_all_else_is_put_back(world: World) -> None:
    """The gateway signs with the new one by now: with the old one put back, every webhook would be refused."""
    async with transaction() as session:
        made = await tenants.connect_gateway(session, world.tenant_id, "hotmart", "the old hottok", actor="cli")
        made.disabled_at = clock.now()
    [before] = (await world.snapshot())["webhook_endpoints"]
    plan = await world.plan(world.facts("hotmart"))
    await world.apply_all(plan)
    await _proved(world, VALUES["hottok"][1])
    assert all(one.is_success for one in await world.undo_all(plan))
    [after] = (await world.snapshot())["webhook_endpoints"]
    changed = {name for name in after if after[name] != before[name]}
    assert (changed, after["secret_ref"]) == ({"secret", "secret_ref"}, world.refs["hottok"])
    [left] = [one for one in await world.leftovers() if one.action == "create_webhook_endpoint"]
    assert (left.code, left.needs_person) == (ConfigCode.KEPT_PROVED, False)
    assert [(made.endpoint_key in said, "Hotmart" in said) for said in left.told("pt_BR")] == [(True, True)]
    await world.rows("UPDATE webhook_endpoints SET secret_ref = NULL WHERE tenant_id = :tenant RETURNING 1")
    assert left.action_id not in [one.action_id for one in await world.leftovers()]


async def test_a_second_token_of_the_same_session_proved_since_is_taken_away_with_the_address(world: World) -> None:
    await world.apply_all(await world.plan(world.facts("hotmart")))
    await world.apply_all(await world.plan(world.facts("hotmart", webhook_secret_ref=world.refs["other_hottok"])))
    await _proved(world, VALUES["other_hottok"][1])
    await world.apply_all(await world.rollback("all"))
    assert (await world.snapshot())["webhook_endpoints"] == []
    assert {one.action for one in await world.leftovers()} == {"webhook_instructions"}


async def _proved(world: World, secret: str) -> None:
    """A webhook signed with the secret that was accepted beside the one in use came in."""
    async with transaction() as session:
        of_tenant = select(WebhookEndpoint).where(WebhookEndpoint.tenant_id == world.tenant_id)
        [row] = (await session.scalars(of_tenant)).all()
        cipher = tenants.cipher_of(await tenants.get(session, world.tenant_id))
        assert row.next_secret is not None
        await promote_webhook_secret(session, row.id, proved=row.next_secret, secret=secret, cipher=cipher)


async def _fails_and_is_undone(world: World, name: str, known: Facts) -> None:
    before = await world.snapshot()
    plan = await world.plan(known)
    assert name in [one.name for one in plan.actions]
    with _broken(world.kiwify, name):
        results = await world.apply(plan)
    assert len(results) - 1 == [one.name for one in plan.actions].index(ActionName(name))
    assert not results[-1].is_success
    assert all(one.is_success for one in await world.undo_all(plan)), name
    assert await world.leftovers() == [], name
    assert await world.snapshot() == before, name
    assert {row.state for row in await world.ledger() if row.plan_hash == plan.hash} <= {"undone", "failed"}, name


@contextmanager
def _broken(kiwify: Kiwify, name: str) -> Iterator[None]:
    """The action does its work and fails after it, as late as it can."""
    work: Callable[[Effect], Any] | None = EFFECTS.get(ActionName(name))

    async def broken(effect: Effect) -> Done:
        assert work
        await work(effect)
        await effect.session.flush()
        raise ActionFailed(ConfigCode.STALE, "broken by the test")

    kiwify.faults = lambda method: 400 if method == "POST" and work is None else None
    with pytest.MonkeyPatch.context() as patched:
        if work:
            patched.setitem(EFFECTS, ActionName(name), broken)
        yield
    kiwify.faults = lambda _method: None


def _without_versions(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A version that was in use stays in the list of versions, marked as rolled back."""
    return {name: rows for name, rows in snapshot.items() if name not in ("tracking_configurations", "webhooks")}
