"""``/api/v1/setup``: who may do what, and that nothing secret comes back or stays in clear."""

from uuid import UUID

import httpx
import pytest

from tests.api.conftest import Tenant, new_tenant
from tracking_core.db.engine import transaction
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupSession

SESSIONS = "/api/v1/setup/sessions"
TOKEN = "EAAPlantedTokenOfATest0123456789abcdef"


async def _session(client: httpx.AsyncClient, tenant: Tenant) -> str:
    made = await client.post(SESSIONS, json={"tenant_id": str(tenant.id)}, headers=tenant.bearer)
    assert made.status_code == 201, made.text
    return str(made.json()["session_id"])


async def test_a_session_is_created_with_its_metadata(client: httpx.AsyncClient, tenant: Tenant) -> None:
    made = await client.post(SESSIONS, json={"tenant_id": str(tenant.id)}, headers=tenant.bearer)
    said = made.json()
    assert (made.status_code, said["state"], said["tenant_id"]) == (201, "created", str(tenant.id))
    async with transaction() as session:
        row = await session.get(SetupSession, UUID(said["session_id"]))
    assert row is not None
    assert row.state == "created"
    assert (await client.get(f"{SESSIONS}/{row.id}", headers=tenant.bearer)).json() == said


async def test_the_tenant_is_required_known_and_ones_own(client: httpx.AsyncClient, tenant: Tenant) -> None:
    other = await new_tenant("Outra loja")
    absent = await client.post(SESSIONS, json={}, headers=tenant.bearer)
    unknown = await client.post(SESSIONS, json={"tenant_id": str(new_id())}, headers=tenant.bearer)
    anothers = await client.post(SESSIONS, json={"tenant_id": str(other.id)}, headers=tenant.bearer)
    nobody = await client.post(SESSIONS, json={"tenant_id": str(tenant.id)})
    assert [one.status_code for one in (absent, unknown, anothers, nobody)] == [422, 404, 403, 401]
    assert absent.json()["errors"][0]["field"] == "body.tenant_id"
    assert {one.headers["content-type"] for one in (absent, unknown, anothers, nobody)} == {"application/problem+json"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/status"),
        ("GET", "/actions"),
        ("GET", "/messages"),
        ("GET", "/plan"),
        ("POST", "/plan"),
        ("POST", "/proof"),
        ("POST", "/actions/probe_landing_url"),
        ("PUT", "/secrets/meta_access_token"),
    ],
)
async def test_another_tenants_session_is_closed_to_everything(
    client: httpx.AsyncClient, tenant: Tenant, method: str, path: str
) -> None:
    session_id = await _session(client, tenant)
    other = await new_tenant("Outra loja")
    body = {"value": "x" * 20} if path.startswith("/secrets") else {"url": "https://loja.example/"}
    url = f"{SESSIONS}/{session_id}{path}"
    answer = await client.request(method, url, headers=other.bearer, json=body if method != "GET" else None)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_credential_goes_in_and_only_its_reference_comes_out(client: httpx.AsyncClient, tenant: Tenant) -> None:
    session_id = await _session(client, tenant)
    url = f"{SESSIONS}/{session_id}/secrets/meta_access_token"
    kept = await client.put(url, json={"value": TOKEN}, headers=tenant.bearer)
    assert kept.status_code == 200
    assert kept.json()["secret"].startswith("secret:")
    assert kept.json()["last4"] == TOKEN[-4:]
    assert TOKEN not in kept.text
    again = await client.put(url, json={"value": TOKEN}, headers=tenant.bearer)
    assert again.json()["fingerprint"] == kept.json()["fingerprint"]
    assert again.json()["secret"] != kept.json()["secret"]


async def test_a_wrong_body_never_repeats_the_credential(client: httpx.AsyncClient, tenant: Tenant) -> None:
    session_id = await _session(client, tenant)
    url = f"{SESSIONS}/{session_id}/actions/validate_meta_token"
    answer = await client.post(url, json={"access_token": TOKEN, "extra": TOKEN}, headers=tenant.bearer)
    assert answer.status_code == 422
    assert TOKEN not in answer.text


async def test_a_new_status_says_what_is_due_from_the_seller_first(client: httpx.AsyncClient, tenant: Tenant) -> None:
    session_id = await _session(client, tenant)
    status = (await client.get(f"{SESSIONS}/{session_id}/status", headers=tenant.bearer)).json()
    assert (status["state"], status["progress"], status["last_failure"], status["plan"]) == ("created", 0, None, None)
    assert {one["status"] for one in status["stages"].values()} == {"not_started"}
    assert [one["stage"] for one in status["requirements"]] == ["gateway", "meta", "url"]
    assert {one["due_from"] for one in status["requirements"]} == {"seller"}


async def test_without_a_worker_a_check_is_accepted_and_waits(client: httpx.AsyncClient, tenant: Tenant) -> None:
    client._transport.app.state.settings = client._transport.app.state.settings.model_copy(  # type: ignore[attr-defined]
        update={"setup_action_wait_seconds": 0.1}
    )
    session_id = await _session(client, tenant)
    url = f"{SESSIONS}/{session_id}/actions/probe_landing_url"
    headers = {**tenant.bearer, "Idempotency-Key": "one"}
    first = await client.post(url, json={"url": "https://loja.example/?email=a@b.com.br"}, headers=headers)
    second = await client.post(url, json={"url": "https://loja.example/"}, headers=headers)
    assert (first.status_code, first.json()["status"]) == (202, "in_flight")
    assert first.json()["action_id"] == second.json()["action_id"]


async def test_deciding_without_a_plan_is_a_conflict(client: httpx.AsyncClient, tenant: Tenant) -> None:
    session_id = await _session(client, tenant)
    answer = await client.post(
        f"{SESSIONS}/{session_id}/plan/decision",
        json={"plan_hash": "a" * 64, "decision": "approve"},
        headers=tenant.bearer,
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "approval_not_pending")
