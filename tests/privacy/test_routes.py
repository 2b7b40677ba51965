"""The contract's purge, and the command that does the same with the identifier on standard input."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as cli
from tests.pipeline.conftest import Shop
from tests.privacy.planted import EMAIL
from tracking_core.db.engine import transaction
from tracking_core.privacy.erase import drain_request, due_requests
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


@pytest.fixture
async def client(database: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def test_a_purge_is_planned_approved_by_hash_and_read_back(client: httpx.AsyncClient, database: Settings) -> None:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        await tenants.connect_gateway(session, made.tenant_id, "hotmart", "webhook-secret-of-the-test", actor="test")
        other = await tenants.create(session, "Outra", actor="test")
    shop = Shop(database, None, made.tenant_id, made.tenant_id)  # type: ignore[arg-type]
    await shop.webhook("HP-1", email=EMAIL)
    await shop.process()
    headers = {"Authorization": f"Bearer {made.secret_key}", "Accept-Language": "en"}
    asked = {"kind": "email", "value": EMAIL.upper()}
    wrong = await client.post("/api/v1/privacy/purge", json={"kind": "email", "value": "maria"}, headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "identifier_email_malformed")
    planned = await client.post("/api/v1/privacy/purge", json=asked, headers=headers)
    plan = planned.json()
    assert (planned.status_code, plan["state"]) == (200, "planned")
    assert {k: v for k, v in plan["plan"]["items"][0].items() if k in ("table", "rows")} == {
        "table": "conversions",
        "rows": 1,
    }
    bare = await client.post("/api/v1/privacy/purge", json={**asked, "dry_run": False}, headers=headers)
    assert [one["field"] for one in bare.json()["errors"]] == ["plan_hash", "approved_by"]
    wanted = {**asked, "dry_run": False, "approved_by": "Olga"}
    stale = await client.post("/api/v1/privacy/purge", json={**wanted, "plan_hash": "0" * 64}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "privacy_plan_changed")
    for _ in range(2):  # sent again, it is the same request
        accepted = await client.post(
            "/api/v1/privacy/purge", json={**wanted, "plan_hash": plan["plan_hash"]}, headers=headers
        )
        assert (accepted.status_code, accepted.json()["request_id"]) == (202, plan["request_id"])
    async with transaction() as session:
        [due] = await due_requests(session)
    async for _ in drain_request(due, database):
        pass
    address = f"/api/v1/privacy/requests/{plan['request_id']}"
    done = (await client.get(address, headers=headers)).json()
    assert (done["state"], done["receipt"]["searched"]["found"], done["approved_by"]) == ("done", [], "Olga")
    assert EMAIL not in json.dumps(done)
    [listed] = (await client.get("/api/v1/privacy/requests", headers=headers)).json()["items"]
    assert listed["request_id"] == plan["request_id"]
    stranger = {"Authorization": f"Bearer {other.secret_key}"}
    assert (await client.get(address, headers=stranger)).status_code == 404
    again = (await client.post("/api/v1/privacy/purge", json=asked, headers=headers)).json()
    assert again["plan"]["rows"] == 0


def test_the_command_reads_the_identifier_from_standard_input(settings: Settings) -> None:
    runner = CliRunner()
    made = json.loads(runner.invoke(cli, ["tenant", "create", "--name", "Loja", "--json"]).stdout)
    who = ["--tenant", made["tenant_id"], "--kind", "email", "--json"]
    plan = json.loads(runner.invoke(cli, ["privacy", "plan", *who], input=f"{EMAIL}\n").stdout)
    approved = ["--plan", plan["plan_hash"], "--approved-by", "Olga"]
    done = runner.invoke(cli, ["privacy", "purge", *who, *approved], input=f"{EMAIL}\n")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "done")
    seen = json.loads(runner.invoke(cli, ["privacy", "status", plan["request_id"], "--json"]).stdout)
    assert seen["receipt"]["rows"] == 0
    found = runner.invoke(cli, ["privacy", "verify", *who], input=f"{EMAIL}\n")
    assert (found.exit_code, json.loads(found.stdout)["found"]) == (0, [])
    assert runner.invoke(cli, ["privacy", "plan", *who], input="maria\n").exit_code == 1
