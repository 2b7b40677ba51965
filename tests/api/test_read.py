"""What a tenant reads is its own."""

from typing import Any

import httpx
from sqlalchemy import text

from tests.api.conftest import Tenant, new_tenant
from tests.api.test_webhooks import post, signed
from tracking_core.db.engine import transaction
from tracking_core.delivery.drain import drain_connection
from tracking_core.destinations.meta_capi.client import MetaClient
from tracking_core.pipeline.browser_events import drain_browser_events
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


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


async def test_what_was_made_at_once_is_read_in_pages_that_leave_nothing_out(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    """A batch is one transaction, so its rows share their time."""
    async with transaction() as session:
        await tenants.connect_meta(session, tenant.id, "1234567890", "EAAtesttoken", actor="test")
    for number in range(5):
        await post(client, tenant.webhook_path, signed(sale_id=f"HP{number}"))
    async for _ in drain_webhooks(database):
        pass
    async with transaction() as session:
        await session.execute(text("UPDATE deliveries SET state = 'dead', reason = 'unknown'"))
    for path in ("conversions", "deliveries", "dead-letters"):
        first = await _read(client, tenant, path, limit=2)
        seen, page = [*first["items"]], first
        while page["next"]:
            page = await _read(client, tenant, path, limit=2, **page["next"])
            seen += page["items"]
        assert (path, len({one["id"] for one in seen}), len(seen)) == (path, 5, 5)
        assert len({one["created_at"] for one in seen}) == 1
        assert (await _read(client, tenant, path, before=seen[0]["created_at"]))["items"] == []
        half = await client.get(f"/api/v1/{path}", params={"before_id": seen[0]["id"]}, headers=tenant.bearer)
        assert (half.status_code, half.json()["errors"][0]["field"]) == (422, "before")
    first = await _read(client, tenant, "conversions", limit=2)
    assert first["totals"]["dead"] == 5
    assert (await _read(client, tenant, "conversions", **first["next"]))["totals"] is None


async def _read(client: httpx.AsyncClient, tenant: Tenant, path: str, **asked: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/{path}", params=asked, headers=tenant.bearer)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


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


async def test_a_browser_event_withheld_for_consent_is_listed_with_its_reason_and_is_no_sale(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    async with transaction() as session:
        connection = await tenants.connect_meta(
            session, tenant.id, "1234567890", "EAAtesttoken", actor="test", browser_events=["pageview"]
        )
    headers = {"X-Hub-Key": tenant.write_key, "User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
    visit = {"url": "https://loja.example/", "event_id": "view-1", "click_id": "hA", "fbp": "fb.1.1700000000000.12"}
    await client.post("/track/pageview", json=visit, headers=headers)
    assert [progress.planned async for progress in drain_browser_events(connection.id)] == [1]
    refusal = {**visit, "event_id": "view-2", "consent_ads": False}
    assert (await client.post("/track/pageview", json=refusal, headers=headers)).status_code == 202
    meta = MetaClient(graph_url="http://127.0.0.1:1", version="v26.0", timeout_seconds=1)
    await drain_connection(connection.id, client=meta, settings=database)
    answer = await client.get("/api/v1/deliveries", params={"state": "withheld"}, headers=tenant.bearer)
    [listed] = answer.json()["items"]
    said = {name: listed[name] for name in ("event_name", "event_id", "reason", "conversion_id")}
    assert said == {"event_name": "PageView", "event_id": "view-1", "reason": "consent_refused", "conversion_id": None}
    assert not {"consent_subjects", "payload"} & set(listed)
    assert sum((await client.get("/api/v1/conversions", headers=tenant.bearer)).json()["totals"].values()) == 0
