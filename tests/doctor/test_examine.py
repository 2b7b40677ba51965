"""A live tenant looked at again: what broke since is told by the codes of the setup, and nothing else is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from evals.simulators.meta.faults import Fault as MetaFault
from evals.simulators.meta.faults import FaultKind as MetaFaultKind
from evals.simulators.providers.state import Fault, FaultKind
from tests.doctor.shop import DATASET, SECRET, TOKEN, Providers, Shop, open_shop
from tracking_core.db.engine import transaction
from tracking_core.doctor.examine import Finding, live_tenants
from tracking_core.kit import clock
from tracking_core.secrets import vault
from tracking_core.settings import Settings
from tracking_core.setup.meanings import describe

META, PAGE, WEBHOOK, GATEWAY = f"meta:{DATASET}", "url", "webhook:kiwify", "gateway:kiwify"
WELL = {META: "meta_ok", PAGE: "url_ok", WEBHOOK: "doctor_webhook_alive", GATEWAY: "gateway_ok"}


@pytest.fixture
async def shop(database: Settings, providers: Providers) -> Shop:
    return await open_shop(providers)


async def test_a_healthy_tenant_is_told_whole(shop: Shop) -> None:
    found = await shop.examined()
    assert {subject: one.code for subject, one in found.items()} == WELL
    assert all(one.is_healthy and not one.is_broken for one in found.values())


_BROKEN: list[tuple[Callable[[Providers], None], str, str]] = [
    (lambda all_: all_.token(is_expired=True), META, "meta_token_expired"),
    (lambda all_: all_.token(is_revoked=True), META, "meta_token_revoked"),
    (lambda all_: all_.token(expires_at=_in_days(3)), META, "meta_token_expiring"),
    (lambda all_: all_.page(script=""), PAGE, "url_script_missing"),
    (lambda all_: all_.page(fault="not-found"), PAGE, "url_not_found"),
    (lambda all_: all_.account(client_secret="another"), GATEWAY, "gateway_wrong_credentials"),
    (lambda all_: all_.account(permissions=["account"]), GATEWAY, "gateway_permission_missing"),
]


@pytest.mark.parametrize(("breaks", "subject", "code"), _BROKEN, ids=[code for _, _, code in _BROKEN])
async def test_what_broke_at_a_provider_or_on_the_page_is_told_alone(
    shop: Shop, providers: Providers, breaks: Callable[[Providers], None], subject: str, code: str
) -> None:
    breaks(providers)
    found = await shop.examined()
    assert {one.subject: one.code for one in found.values()} == WELL | {subject: code}
    _assert_broken(found, subject)


_CHANGED: list[tuple[str, str, str]] = [
    ("UPDATE meta_connections SET state = 'on_hold'", f"{META}:hold", "doctor_connection_on_hold"),
    ("UPDATE meta_connections SET disabled_at = now()", META, "doctor_connection_off"),
    ("DELETE FROM meta_connections", META, "doctor_connection_off"),
    ("UPDATE webhook_endpoints SET disabled_at = now()", WEBHOOK, "doctor_webhook_off"),
    ("DELETE FROM webhook_endpoints", WEBHOOK, "doctor_webhook_off"),
    (
        "UPDATE tracking_configurations SET activated_at = now() - interval '80 hours'",
        WEBHOOK,
        "doctor_webhook_never",
    ),
    (
        "INSERT INTO received_webhooks (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts,"
        " received_at) SELECT gen_random_uuid(), tenant_id, id, gateway, '\\x00', int4send(n), 'processed', 0,"
        " now() - make_interval(hours => 50 + n) FROM webhook_endpoints, generate_series(1, 6) n",
        WEBHOOK,
        "doctor_webhook_silent",
    ),
]


@pytest.mark.parametrize(("change", "subject", "code"), _CHANGED)
async def test_what_broke_inside_the_hub_is_told_alone(shop: Shop, change: str, subject: str, code: str) -> None:
    await shop.change(f"{change} WHERE tenant_id = :tenant")
    found = await shop.examined()
    assert {one.subject: one.code for one in found.values()} == WELL | {subject: code}
    _assert_broken(found, subject)


async def test_a_credential_that_was_revoked_is_to_be_entered_again(shop: Shop) -> None:
    async with transaction() as session:
        await vault.revoke(session, shop.credential, tenant_id=shop.tenant_id, actor="test", now=clock.now())
    found = await shop.examined()
    assert {one.subject: one.code for one in found.values()} == WELL | {GATEWAY: "secret_unknown"}
    _assert_broken(found, GATEWAY)


async def test_a_provider_that_is_down_is_shown_and_says_nothing_of_the_tenant(
    shop: Shop, providers: Providers
) -> None:
    providers.meta.faults.add(MetaFault(kind=MetaFaultKind.DEAD))
    providers.vendors.faults.append(Fault(vendor="kiwify", kind=FaultKind.STATUS, status=503, times=100))
    found = await shop.examined()
    told = {META: "meta_unavailable", GATEWAY: "gateway_unavailable"}
    assert {one.subject: one.code for one in found.values()} == WELL | told
    assert not any(one.is_broken for one in found.values())
    assert {one.subject for one in found.values() if not one.is_healthy} == set(told)


async def test_a_part_that_cannot_be_examined_hides_no_other(shop: Shop) -> None:
    await shop.change("UPDATE meta_connections SET access_token = '\\x00' WHERE tenant_id = :tenant")
    with capture_logs() as logs:
        found = await shop.examined()
    assert {one.subject: one.code for one in found.values()} == WELL | {META: "doctor_failed"}
    _assert_broken(found, META)
    assert [(one["event"], one["subject"]) for one in logs if one["log_level"] == "error"] == [("doctor_broke", META)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants SET wrapped_data_key = '\\x00' WHERE id = :tenant",
        "UPDATE tracking_configurations SET spec = '{}' WHERE tenant_id = :tenant",
    ],
)
async def test_a_broken_tenant_is_a_finding_and_its_neighbour_is_well(
    shop: Shop, providers: Providers, statement: str
) -> None:
    neighbour = await open_shop(providers)
    await shop.change(statement)
    found = await shop.examined()
    assert "doctor_failed" in {one.code for one in found.values()}
    assert {subject: one.code for subject, one in (await neighbour.examined()).items()} == WELL


async def test_only_what_is_in_use_is_examined(shop: Shop) -> None:
    await shop.change("UPDATE tracking_configurations SET state = 'rolled_back' WHERE tenant_id = :tenant")
    assert await shop.examined() == {}
    async with transaction() as session:
        assert await live_tenants(session) == []


def _in_days(days: int) -> int:
    return int((clock.now() + timedelta(days=days)).timestamp())


def _assert_broken(found: dict[str, Finding], subject: str) -> None:
    """It alone, with a sentence in both languages that leaves no gap and holds no secret."""
    assert [one.subject for one in found.values() if one.is_broken] == [subject]
    one = found[subject]
    for locale in ("en", "pt_BR"):
        said = describe(one.code, one.params, locale)
        assert said["recommendation"]
        assert "…" not in f"{said['message']}{said['recommendation']}"
    assert not any(secret in str(one) for secret in (TOKEN, SECRET))
