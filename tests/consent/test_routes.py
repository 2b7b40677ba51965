"""Consents as a tenant reads and enters them."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app as hub
from tests.api.conftest import Tenant, client, new_tenant, tenant

__all__ = ["client", "tenant"]
PATH = "/api/v1/consents"


async def test_a_withdrawal_is_entered_found_and_another_tenant_s_no_business(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    said = {"email": "Ana@loja.example", "phone": "+55 11 98765-4321", "text_version": "mail of 3 May"}
    first = await client.post(PATH, json=said, headers=tenant.bearer)
    assert first.json() == {"state": "withdrawn", "identifiers": 2, "is_new": True, "deliveries": {}}
    granted = await client.post(PATH, json={"click_id": "h-1", "granted": True}, headers=tenant.bearer)
    assert granted.json()["state"] == "granted"
    listed = (await client.get(PATH, params={"limit": 1}, headers=tenant.bearer)).json()
    assert [one["granted"] for one in listed["items"]] == [True]
    older = (await client.get(PATH, params={**listed["next"], "limit": 1}, headers=tenant.bearer)).json()
    assert [(one["granted"], one["source"], one["text_version"]) for one in older["items"]] == [
        (False, "api", "mail of 3 May")
    ]
    found = await client.post(f"{PATH}/search", json={"phone": "11 98765-4321"}, headers=tenant.bearer)
    assert [one["id"] for one in found.json()["items"]] == [older["items"][0]["id"]]
    other = await new_tenant("Outra loja")
    assert (await client.get(PATH, headers=other.bearer)).json()["items"] == []
    assert "loja.example" not in json.dumps([listed, older, found.json()])


@pytest.mark.parametrize("said", [{}, {"email": "nobody"}, {"emails": ["a@b.example"]}, {"before": "2026-01-01"}])
async def test_what_cannot_be_read_is_refused(client: httpx.AsyncClient, tenant: Tenant, said: dict[str, str]) -> None:
    answer = await client.post(PATH, json=said, headers=tenant.bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    half = await client.get(PATH, params={"before": "2026-01-01T00:00:00Z"}, headers=tenant.bearer)
    assert half.status_code == 422


def test_the_command_reads_who_it_is_from_standard_input(settings: object) -> None:
    made = json.loads(CliRunner().invoke(hub, ["tenant", "create", "--name", "Loja", "--json"]).stdout)
    command = ["consent", "withdraw", "--tenant", made["tenant_id"]]
    done = CliRunner().invoke(hub, command, input="ana@loja.example\n")
    assert json.loads(done.stdout) == {"identifiers": 1, "is_new": True, "deliveries": {}}
    exported = CliRunner().invoke(hub, ["privacy-export", "--tenant", made["tenant_id"]], input="ana@loja.example\n")
    document = json.loads(exported.stdout)
    assert [one["source"] for one in document["sections"]["consents"]] == ["staff"]
    assert [one["granted"] for one in document["sections"]["consent_today"]] == [False]
