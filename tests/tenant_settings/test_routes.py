"""Settings over HTTP: a tenant's own, and any tenant's by an operator."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Tenant, new_tenant
from tests.tenant_settings.changing import audited, rows
from tracking_core.db.engine import transaction
from tracking_core.kit.ids import new_id
from tracking_core.models import StaffRole
from tracking_core.staff import service as staff

_PATH = "/api/v1/tenant/settings"
_NAMES = ("match_threshold", "attribution_window_days", "consent_mode", "escalate_after", "version")


def path_of(tenant: Tenant) -> str:
    return f"/api/v1/operations/tenants/{tenant.id}/settings"


async def of_staff(role: StaffRole) -> dict[str, str]:
    async with transaction() as session:
        made = await staff.create(session, "Bia", role, actor="test")
    return {"Authorization": f"Bearer {made.key}"}


async def form(client: httpx.AsyncClient, path: str, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    """What a page sends: what it read, with the changes."""
    read = (await client.get(path, headers=headers)).json()
    return {**{name: read[name] for name in _NAMES}, **changes}


async def test_a_tenant_reads_and_changes_its_own(client: httpx.AsyncClient, tenant: Tenant) -> None:
    read = (await client.get(_PATH, headers=tenant.bearer)).json()
    assert {name: read[name] for name in _NAMES[:4]} == {
        "match_threshold": 0.6,
        "attribution_window_days": 28,
        "consent_mode": "opt_out",
        "escalate_after": 3,
    }
    assert read["bounds"]["match_threshold"] == {"least": 0.3, "most": 1.0}
    wanted = await form(client, _PATH, tenant.bearer, match_threshold=0.7, consent_mode="opt_in")
    answer = await client.put(_PATH, json=wanted, headers=tenant.bearer)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["match_threshold"], changed["consent_mode"]) == (0.7, "opt_in")
    assert changed["version"] != read["version"]
    assert (await client.get(_PATH, headers=tenant.bearer)).json() == changed
    other = await new_tenant("Outra loja")
    assert (await client.get(_PATH, headers=other.bearer)).json() == read
    assert [entry["actor"] for entry in await audited(tenant.id)] == ["tenant_api"]


async def test_of_two_tabs_the_second_is_told_to_look_again(client: httpx.AsyncClient, tenant: Tenant) -> None:
    first = await form(client, _PATH, tenant.bearer, escalate_after=5)
    second = {**first, "escalate_after": 7}
    assert (await client.put(_PATH, json=first, headers=tenant.bearer)).status_code == 200
    answer = await client.put(_PATH, json=second, headers=tenant.bearer)
    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_settings_changed")
    assert (await client.get(_PATH, headers=tenant.bearer)).json()["escalate_after"] == 5


async def test_under_a_setup_that_waits_for_approval_the_consent_is_refused(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    made = await client.post("/api/v1/setup/sessions", json={"tenant_id": str(tenant.id)}, headers=tenant.bearer)
    assert made.is_success
    await rows("UPDATE setup_sessions SET state = 'awaiting_approval' RETURNING 1")
    wanted = await form(client, _PATH, tenant.bearer, consent_mode="opt_in")
    answer = await client.put(_PATH, json=wanted, headers=tenant.bearer)
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_in_setup")


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"match_threshold": 0.29}, "match_threshold", "O valor deve ser no mínimo 0.3."),
        ({"attribution_window_days": 91}, "attribution_window_days", "O valor deve ser no máximo 90."),
        ({"match_threshold": 0.6001}, "match_threshold", "Este campo pode ter no máximo 3 casas decimais."),
        ({"version": None}, "version", "Este campo deve ser um texto."),
    ],
)
async def test_a_value_that_is_not_accepted_is_told_with_its_bound(
    client: httpx.AsyncClient, tenant: Tenant, wrong: dict[str, Any], field: str, message: str
) -> None:
    answer = await client.put(_PATH, json=await form(client, _PATH, tenant.bearer, **wrong), headers=tenant.bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(one["field"], one["message"]) for one in answer.json()["errors"]] == [(f"body.{field}", message)]


async def test_without_a_version_nothing_is_saved(client: httpx.AsyncClient, tenant: Tenant) -> None:
    wanted = await form(client, _PATH, tenant.bearer, escalate_after=5)
    del wanted["version"]
    assert (await client.put(_PATH, json=wanted, headers=tenant.bearer)).status_code == 422
    assert await audited(tenant.id) == []


async def test_an_operator_changes_any_tenants_and_is_named(client: httpx.AsyncClient, tenant: Tenant) -> None:
    operator, path = await of_staff(StaffRole.OPERATOR), path_of(tenant)
    wanted = await form(client, path, operator, attribution_window_days=60)
    assert (await client.put(path, json=wanted, headers=operator)).json()["attribution_window_days"] == 60
    assert (await client.get(_PATH, headers=tenant.bearer)).json()["attribution_window_days"] == 60
    assert [entry["actor"] for entry in await audited(tenant.id)] == ["staff:Bia"]
    unknown = path.replace(str(tenant.id), str(new_id()))
    assert (await client.get(unknown, headers=operator)).status_code == 404
    assert (await client.put(unknown, json=wanted, headers=operator)).status_code == 404


async def test_support_and_tenants_are_not_operators(client: httpx.AsyncClient, tenant: Tenant) -> None:
    wanted = await form(client, _PATH, tenant.bearer, escalate_after=5)
    support = await of_staff(StaffRole.SUPPORT)
    for headers, status in ((support, 403), (tenant.bearer, 401), ({}, 401)):
        assert (await client.get(path_of(tenant), headers=headers)).status_code == status
        assert (await client.put(path_of(tenant), json=wanted, headers=headers)).status_code == status
    assert (await client.get(_PATH, headers=support)).status_code == 401
    assert await audited(tenant.id) == []
