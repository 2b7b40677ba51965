"""What an undo could not put back: listed as long as it is so, and only where a person must act marked as such."""

from uuid import UUID

import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import DATASET, DATASET_NAME, World
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.leftovers import Leftover
from tracking_core.db.engine import transaction
from tracking_core.tenants import service as tenants


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
    [_, other] = left
    assert await world.leftovers([other.action_id]) == [other]
    again = await world.plan(world.facts())
    await world.apply_all(again)
    assert await world.leftovers() == []
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


async def test_steps_that_were_followed_again_are_not_to_be_taken_back(world: World) -> None:
    known = world.facts("hotmart")
    first = await world.plan(known)
    await world.apply_all(first)
    await _sell(world)  # the address is kept
    await world.undo_all(first)
    assert "webhook_instructions" in [one.action for one in await world.leftovers()]
    second = await world.plan(known)
    await world.apply_all(second)
    assert await world.leftovers() == []
    await world.apply_all(await world.rollback("last"))  # the version
    await world.apply_all(await world.rollback("last"))
    await world.apply_all(await world.rollback("last"))
    await world.apply_all(await world.rollback("last"))
    left = [one for one in await world.leftovers() if one.action == "webhook_instructions"]
    assert len(left) == 2  # the address stands open still, but nobody counts on it


async def test_an_address_that_was_in_the_panel_before_the_setup_stays_there(world: World) -> None:
    async with transaction() as session:
        await tenants.connect_gateway(session, world.tenant_id, "hotmart", "the old hottok", actor="cli")
    plan = await world.plan(world.facts("hotmart"))
    await world.apply_all(plan)
    assert all(one.is_success for one in await world.undo_all(plan))
    assert await world.leftovers() == []


async def test_a_webhook_that_could_not_be_deleted_is_none_too_many_once_it_is_used_again(
    world: World, kiwify: Kiwify
) -> None:
    first = await world.plan(world.facts())
    await world.apply_all(first)
    await _sell(world)
    kiwify.faults = lambda method: 403 if method == "DELETE" else None
    await world.undo_all(first)
    assert [one.action for one in await world.leftovers() if one.needs_person] == ["register_webhook"]
    await world.apply_all(await world.plan(world.facts()))
    assert (len(kiwify.webhooks), await world.leftovers()) == (1, [])


@pytest.mark.parametrize("table", ["meta_connections", "webhook_endpoints"])
async def test_what_is_in_use_again_by_another_hand_is_not_listed(world: World, table: str) -> None:
    plan = await world.plan(world.facts())
    await world.apply_all(plan)
    await _sell(world)
    await world.undo_all(plan)
    assert len(await world.leftovers()) == 2
    await world.rows(f"UPDATE {table} SET disabled_at = NULL WHERE tenant_id = :tenant RETURNING 1")
    assert len(await world.leftovers()) == 1


def test_what_a_later_setup_uses_is_named_in_both_languages() -> None:
    known = {"dataset_id": DATASET, "dataset_name": DATASET_NAME, "account_id": "acc-77", "gateway": "kiwify"}
    address = known | {"url": "https://hub.example/webhooks/kiwify/k1"}
    for action in set(ActionName) - {ActionName.UNDO, ActionName.ACTIVATE_VERSION}:
        left = Leftover(
            action_id=UUID(int=1),
            action=action,
            code=ConfigCode.CONFLICT,
            params=address,
            needs_person=True,
            is_in_use=True,
        )
        english, portuguese = left.told("en"), left.told("pt_BR")
        assert all("later setup" in one for one in english)
        assert all("instalação mais nova" in one for one in portuguese)


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
