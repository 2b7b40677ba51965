"""What a tenant reads is its own."""

import httpx

from tests.api.conftest import Tenant, new_tenant
from tests.api.test_webhooks import post, signed
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.settings import Settings


async def test_a_tenant_sees_its_sales_and_nobody_elses(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    other = await new_tenant("Outra loja")
    await post(client, tenant.webhook_path, signed())
    async for _ in drain_webhooks(database):
        pass
    mine = (await client.get("/api/v1/conversions", headers=tenant.bearer)).json()
    theirs = (await client.get("/api/v1/conversions", headers=other.bearer)).json()
    assert [sale["sale_id"] for sale in mine["items"]] == ["HP1"]
    assert mine["totals"]["withheld"] == 1  # no dataset is connected yet
    assert theirs["items"] == []
    path = f"/api/v1/conversions/{mine['items'][0]['id']}"
    assert (await client.get(path, headers=tenant.bearer)).status_code == 200
    assert (await client.get(path, headers=other.bearer)).status_code == 404


async def test_reading_needs_the_secret_key(client: httpx.AsyncClient, tenant: Tenant) -> None:
    for path in ("conversions", "deliveries", "dead-letters"):
        for headers in ({}, {"Authorization": f"Bearer {tenant.write_key}"}, {"Authorization": "Basic x"}):
            answer = await client.get(f"/api/v1/{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_ready_metrics_and_the_script_answer(client: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    assert "python_info" in (await client.get("/metrics")).text
    script = await client.get("/t.js", params={"key": tenant.write_key})
    assert script.headers["content-type"].startswith("text/javascript")
