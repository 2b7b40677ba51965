"""A failure at each action, undone in reverse: everything is as it was, or what is left is listed exactly."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import (
    DATASET,
    DATASET_NAME,
    OTHER_DATASET,
    World,
)
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed
from tracking_core.configuration.effects import EFFECTS, Effect
from tracking_core.configuration.facts import Facts
from tracking_core.configuration.ledger import Done
from tracking_core.db.engine import transaction
from tracking_core.models import ActionState
from tracking_core.tenants import service as tenants

_KIWIFY = ["connect_dataset", "create_webhook_endpoint", "register_webhook", "map_events", "set_consent_mode"]
_FAILING = [*_KIWIFY, "activate_version"]


@pytest.mark.parametrize("name", _FAILING)
async def test_failed_at_any_action_of_a_first_setup_everything_is_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    await _fails_and_is_undone(world, monkeypatch, name, world.facts())


@pytest.mark.parametrize("name", [*_FAILING, "disconnect_dataset"])
async def test_failed_at_any_action_on_an_old_configuration_everything_is_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
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
    await _fails_and_is_undone(world, monkeypatch, name, known.model_copy(update={"meta": meta}))


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


async def test_what_sales_refer_to_is_switched_off_and_listed_as_harmless(world: World) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    await _sell(world)
    assert all(one.is_success for one in await world.undo_all(plan))
    left = await world.leftovers()
    assert {(one.action, one.code, one.needs_person) for one in left} == {
        ("connect_dataset", ConfigCode.KEPT_DISABLED, False),
        ("create_webhook_endpoint", ConfigCode.KEPT_DISABLED, False),
    }
    assert any(f"{DATASET_NAME} ({DATASET})" in one.told("en")[0] for one in left)
    for table in ("meta_connections", "webhook_endpoints"):
        [row] = await world.rows(f"SELECT disabled_at FROM {table} WHERE tenant_id = :tenant")
        assert row.disabled_at is not None
    again = await world.plan(world.facts())
    await world.apply_all(again)
    assert [one.params["url"] for one in again.actions if one.name == "register_webhook"] == world.kiwify.urls()
    assert again.actions[1].params["endpoint_key"] == plan.actions[1].params["endpoint_key"]
    for table in ("meta_connections", "webhook_endpoints"):
        assert len(await world.rows(f"SELECT 1 FROM {table} WHERE tenant_id = :tenant AND disabled_at IS NULL")) == 1


async def test_what_the_seller_did_by_hand_is_left_to_the_seller(world: World) -> None:
    plan = await world.plan(world.facts("hotmart"))
    await world.apply_all(plan)
    assert all(one.is_success for one in await world.undo_all(plan))
    [left] = await world.leftovers()
    url = next(one.params["url"] for one in plan.actions if one.name == "webhook_instructions")
    assert (left.action, left.code, left.needs_person) == ("webhook_instructions", ConfigCode.LEFT_OVER, False)
    assert url in left.told("pt_BR")[-1]


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


async def _fails_and_is_undone(world: World, monkeypatch: pytest.MonkeyPatch, name: str, known: Facts) -> None:
    before = await world.snapshot()
    plan = await world.plan(known)
    assert name in [one.name for one in plan.actions]
    _break(world.kiwify, monkeypatch, name)
    results = await world.apply(plan)
    assert len(results) - 1 == [one.name for one in plan.actions].index(ActionName(name))
    assert not results[-1].is_success
    assert all(one.is_success for one in await world.undo_all(plan))
    assert await world.leftovers() == []
    assert await world.snapshot() == before
    assert {row.state for row in await world.ledger() if row.plan_hash == plan.hash} <= {"undone", "failed"}


def _break(kiwify: Kiwify, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The action does its work and fails after it, as late as it can."""
    if name == "register_webhook":
        kiwify.faults = lambda method: 400 if method == "POST" else None
        return
    work: Callable[[Effect], Any] = EFFECTS[ActionName(name)]

    async def broken(effect: Effect) -> Done:
        await work(effect)
        await effect.session.flush()
        raise ActionFailed(ConfigCode.STALE, "broken by the test")

    monkeypatch.setitem(EFFECTS, ActionName(name), broken)


async def _sell(world: World) -> None:
    """Rows that refer to the endpoint and to the connection, as a sale leaves them."""
    await world.rows(
        "INSERT INTO received_webhooks (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts)"
        " SELECT gen_random_uuid(), tenant_id, id, gateway, '\\x00', '\\x00', 'processed', 0 FROM webhook_endpoints"
        " WHERE tenant_id = :tenant RETURNING 1"
    )
    await world.rows(
        "INSERT INTO deliveries (id, tenant_id, connection_id, event_name, event_id, event_time, payload, state,"
        " attempts) SELECT gen_random_uuid(), tenant_id, id, 'Purchase', 'e', now(), '\\x00', 'delivered', 0"
        " FROM meta_connections WHERE tenant_id = :tenant RETURNING 1"
    )


def _without_versions(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A version that was in use stays in the list of versions, marked as rolled back."""
    return {name: rows for name, rows in snapshot.items() if name not in ("tracking_configurations", "webhooks")}
