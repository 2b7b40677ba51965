"""A plan applied in one piece: what is there afterwards, at the gateway and in the ledger."""

import pytest

from tests.configuration.world import (
    DATASET,
    UNKNOWN,
    VALUES,
    World,
)
from tracking_core.configuration.codes import ConfigCode
from tracking_core.connections.contexts import app_secret_context
from tracking_core.db.engine import transaction
from tracking_core.models import ActionState
from tracking_core.secrets import vault
from tracking_core.secrets.value import SecretValue
from tracking_core.tenants import service as tenants


async def test_a_kiwify_setup_is_applied_and_its_ledger_is_complete(world: World) -> None:
    plan = await world.plan(world.facts())
    assert [one.name for one in plan.actions] == [
        "connect_dataset",
        "create_webhook_endpoint",
        "register_webhook",
        "map_events",
        "set_consent_mode",
        "activate_version",
    ]
    await world.apply_all(plan)
    ledger = await world.ledger()
    assert [(row.action, row.position, row.state) for row in ledger] == [
        (one.name, position, ActionState.SUCCESS) for position, one in enumerate(plan.actions)
    ]
    assert all(row.finished_at and row.latency_ms is not None and row.before for row in ledger)
    [connection] = await world.rows("SELECT * FROM meta_connections WHERE tenant_id = :tenant")
    assert (connection.token_ref, connection.browser_events, connection.disabled_at) == (
        world.refs["token"],
        ["pageview"],
        None,
    )
    assert connection.test_event_code is None  # it marks the proof's event, never the seller's sales
    [version] = await world.rows("SELECT * FROM tracking_configurations WHERE tenant_id = :tenant")
    assert (version.version, version.state, version.plan_hash) == (1, "active", plan.hash)


async def test_the_registered_webhook_is_the_endpoint_and_signs_with_its_secret(world: World) -> None:
    await world.apply_all(await world.plan(world.facts()))
    [webhook] = world.kiwify.webhooks.values()
    [endpoint] = await world.rows("SELECT * FROM webhook_endpoints WHERE tenant_id = :tenant")
    assert webhook["url"] == f"https://hub.example/webhooks/kiwify/{endpoint.endpoint_key}"
    async with transaction() as session:
        cipher = tenants.cipher_of(await tenants.get(session, world.tenant_id))
    assert cipher.decrypt(bytes(endpoint.secret), f"endpoint:{endpoint.id}:secret").decode() == webhook["token"]


async def test_what_was_applied_is_not_applied_again(world: World) -> None:
    plan = await world.plan(world.facts())
    first = await world.apply(plan)
    calls = dict(world.kiwify.calls)
    again = await world.apply(plan)
    assert again == first
    assert dict(world.kiwify.calls) == calls


async def test_an_unchanged_configuration_gives_an_empty_plan_that_says_so(world: World) -> None:
    known = world.facts()
    await world.apply_all(await world.plan(known))
    again = await world.plan(known)
    assert again.is_empty
    assert "Nothing changes" in again.diff[0].msgid


async def test_hotmart_gets_steps_instead_of_a_registration(world: World) -> None:
    plan = await world.plan(world.facts("hotmart"))
    results = await world.apply(plan)
    [told] = [one for one in results if one.code == ConfigCode.FOLLOW_STEPS]
    [endpoint] = await world.rows("SELECT endpoint_key FROM webhook_endpoints WHERE tenant_id = :tenant")
    assert any(f"https://hub.example/webhooks/hotmart/{endpoint.endpoint_key}" in step for step in told.params["steps"])
    assert not world.kiwify.calls


async def test_an_address_that_is_in_the_gateways_panel_is_kept_and_a_new_token_accepted_beside(world: World) -> None:
    async with transaction() as session:
        endpoint = await tenants.connect_gateway(session, world.tenant_id, "hotmart", "the old hottok", actor="cli")
    await world.apply_all(await world.plan(world.facts("hotmart")))
    [row] = await world.rows("SELECT * FROM webhook_endpoints WHERE tenant_id = :tenant")
    assert (row.endpoint_key, bytes(row.secret)) == (endpoint.endpoint_key, endpoint.secret)
    assert row.next_secret_ref == world.refs["hottok"]


async def test_two_gateways_stand_beside_each_other_in_one_configuration(world: World) -> None:
    await world.apply_all(await world.plan(world.facts()))
    await world.begin_session()
    plan = await world.plan(world.facts("hotmart"))
    added = ["create_webhook_endpoint", "webhook_instructions", "activate_version"]
    assert [one.name for one in plan.actions] == ["connect_dataset", *added]  # the token was entered again
    await world.apply_all(plan)
    active = (await world.current()).active
    assert active is not None
    assert [one.gateway for one in active.spec.endpoints] == ["hotmart", "kiwify"]


async def test_another_dataset_takes_the_place_of_the_one_before(world: World) -> None:
    known = world.facts()
    await world.apply_all(await world.plan(known))
    assert known.meta is not None
    other = known.meta.model_copy(update={"dataset_id": "770000000000202", "token_ref": world.refs["other_token"]})
    await world.apply_all(await world.plan(known.model_copy(update={"meta": other})))
    rows = await world.rows("SELECT dataset_id, disabled_at IS NULL FROM meta_connections WHERE tenant_id = :tenant")
    assert {tuple(row) for row in rows} == {(DATASET, False), ("770000000000202", True)}


async def test_a_connection_in_test_mode_is_connected_for_real(world: World) -> None:
    async with transaction() as session:
        await tenants.connect_meta(session, world.tenant_id, DATASET, "EAA", actor="cli", test_event_code="TEST9")
    plan = await world.plan(world.facts())
    assert any("only tests" in line.msgid for line in plan.diff)
    await world.apply_all(plan)
    [row] = await world.rows("SELECT test_event_code FROM meta_connections WHERE tenant_id = :tenant")
    assert row.test_event_code is None


@pytest.mark.parametrize("has_secret", [True, False])
async def test_a_token_is_used_as_it_was_checked_with_its_app_secret_or_without_one(
    world: World, has_secret: bool
) -> None:
    async with transaction() as session:
        await tenants.connect_meta(session, world.tenant_id, DATASET, "EAA", actor="cli", app_secret="of another app")
    before = await world.snapshot()
    known = world.facts()
    assert known.meta is not None
    meta = known.meta if has_secret else known.meta.model_copy(update={"app_secret_ref": None})
    plan = await world.plan(known.model_copy(update={"meta": meta}))
    await world.apply_all(plan)
    [row] = await world.rows("SELECT * FROM meta_connections WHERE tenant_id = :tenant")
    async with transaction() as session:
        cipher = tenants.cipher_of(await tenants.get(session, world.tenant_id))
    used = cipher.decrypt(bytes(row.app_secret), app_secret_context(row.id)).decode() if row.app_secret else None
    assert used == (VALUES["app_secret"][1] if has_secret else None)
    assert all(one.is_success for one in await world.undo_all(plan))
    assert (await world.snapshot())["meta_connections"] == before["meta_connections"]


async def test_a_plan_made_before_somebody_elses_change_is_stale(world: World) -> None:
    plan = await world.plan(world.facts())
    await world.rows("UPDATE tenants SET consent_mode = 'opt_in' WHERE id = :tenant RETURNING id")
    results = await world.apply(plan)
    assert (results[-1].code, len(results)) == (ConfigCode.STALE, 5)
    [row] = [one for one in await world.ledger() if one.state == ActionState.FAILED]
    assert (row.action, row.code) == ("set_consent_mode", ConfigCode.STALE)


async def test_a_credential_that_left_the_vault_fails_its_action_only(world: World) -> None:
    plan = await world.plan(world.facts("hotmart", webhook_secret_ref=UNKNOWN))
    results = await world.apply(plan)
    assert [one.code for one in results] == [ConfigCode.OK, ConfigCode.SECRET_UNAVAILABLE]
    assert not await world.rows("SELECT 1 FROM webhook_endpoints WHERE tenant_id = :tenant")


@pytest.mark.parametrize("gateway", ["kiwify", "hotmart"])
async def test_while_a_credential_is_opened_nothing_is_locked(
    world: World, monkeypatch: pytest.MonkeyPatch, gateway: str
) -> None:
    """A secrets manager takes its time: meanwhile the seller's sales, and other changes, go on."""
    unseal, opened = vault.unseal, []

    async def slow(admitted: vault.Admitted) -> SecretValue:
        for table in ("tenants", "setup_sessions", "vault_secrets", "webhook_endpoints", "meta_connections"):
            await world.rows(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT")
        opened.append(admitted.row.kind)
        return await unseal(admitted)

    plan = await world.plan(world.facts(gateway))
    with monkeypatch.context() as patched:
        patched.setattr(vault, "unseal", slow)
        await world.apply_all(plan)
        times = len(opened)
        await world.apply_all(plan)
    its = {"kiwify": {"gateway_client_id", "gateway_client_secret"}, "hotmart": {"webhook_secret"}}[gateway]
    assert (set(opened), len(opened)) == ({"meta_access_token", "meta_app_secret", *its}, times)


async def test_a_refusal_is_the_sellers_to_mend_and_a_fault_is_the_gateways(world: World) -> None:
    plan = await world.plan(world.facts())
    for status, code, is_theirs in [(403, "config_webhook_refused", False), (503, None, True), (429, None, True)]:
        world.kiwify.faults = lambda method, status=status: status if method == "GET" else None  # type: ignore[misc]
        result = (await world.apply(plan))[-1]
        assert result.code == (code or ConfigCode.WEBHOOK_UNAVAILABLE)
        assert (result.is_provider_fault, result.return_code) == (is_theirs, status)
    world.kiwify.faults = lambda _method: None
    await world.apply_all(plan)
    [row] = [one for one in await world.ledger() if one.action == "register_webhook"]
    assert [one["return_code"] for one in row.output["earlier"]] == [403, 503, 429]
    assert world.kiwify.effects == {"POST": 1}


async def test_no_secret_stands_in_clear_in_any_row(world: World) -> None:
    plan = await world.plan(world.facts("hotmart"))
    await world.apply_all(plan)
    await world.begin_session()
    second = await world.plan(world.facts())
    await world.apply_all(second)
    tokens = [one["token"] for one in world.kiwify.webhooks.values()]
    await world.undo_all(second)
    assert tokens
    tables = await world.rows("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'")
    planted = [*(clear for _, clear in VALUES.values()), *tokens]
    for table in tables:
        rows = await world.rows(f'SELECT to_jsonb(t)::text FROM "{table.name}" t')
        kept = "".join(row[0] for row in rows)
        assert not [value for value in planted if value in kept or value.encode().hex() in kept]


async def test_what_was_done_is_seen_by_whoever_watches(world: World) -> None:
    await world.apply_all(await world.plan(world.facts()))
    events = await world.rows(
        "SELECT data FROM session_events WHERE session_id = :session AND type = 'action.applied' ORDER BY seq",
        session=world.ctx.session_id,
    )
    assert [one.data["action"] for one in events] == [row.action for row in await world.ledger()]
