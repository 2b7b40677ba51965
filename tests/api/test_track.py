"""The collect contract over HTTP."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.api.conftest import Tenant
from tracking_core.db.engine import transaction

URL = "https://loja.example/curso?utm_source=meta"


async def stored() -> list[dict[str, Any]]:
    async with transaction() as session:
        rows = await session.execute(text("SELECT *, host(client_ip) AS ip FROM tracking_events ORDER BY received_at"))
        return [dict(row) for row in rows.mappings()]


@pytest.mark.parametrize("kind", ["click", "pageview", "initiate_checkout", "consent"])
async def test_each_kind_is_on_disk_before_the_202(client: httpx.AsyncClient, tenant: Tenant, kind: str) -> None:
    answer = await client.post(f"/track/{kind}", json={"url": URL}, headers={"X-Hub-Key": tenant.write_key})
    assert answer.status_code == 202
    assert set(answer.json()) == {"event_id", "click_id", "session_id"}
    [row] = await stored()
    assert (row["kind"], row["event_id"], row["click_id"]) == (
        kind,
        answer.json()["event_id"],
        answer.json()["click_id"],
    )


async def test_a_beacon_posts_text_plain_with_the_key_in_the_body(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = f'{{"url":"{URL}","key":"{tenant.write_key}"}}'
    answer = await client.post("/track/pageview", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 202
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_same_event_sent_again_is_answered_alike_and_stored_once(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    body = {"url": URL, "event_id": "browser-made-1", "key": tenant.write_key}
    first, second = [await client.post("/track/click", json=body) for _ in range(2)]
    assert first.json() == second.json()
    assert len(await stored()) == 1


async def test_people_are_stored_only_as_hashes(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"url": URL, "email": " Maria@Example.com ", "phone": "(11) 98765-4321", "key": tenant.write_key}
    assert (await client.post("/track/click", json=body)).status_code == 202
    [row] = await stored()
    assert None not in (row["email_hash"], row["phone_hash"])
    assert "maria" not in repr(row).lower()
    assert "98765" not in repr(row)


async def test_fbc_is_built_from_fbclid_with_its_case_kept(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"url": URL, "fbclid": "IwAR_aBc-123", "key": tenant.write_key}
    await client.post("/track/click", json=body)
    [row] = await stored()
    assert row["fbc"].startswith("fb.1.")
    assert row["fbc"].endswith(".IwAR_aBc-123")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_body"),
        (b"\xff\xfe", 400, "malformed_body"),
        (b"[]", 422, "invalid_request"),
        (b'{"url": 5}', 422, "invalid_request"),
        (b'{"url": "ftp://x"}', 422, "invalid_request"),
        (b'{"url": null, "consent_ads": false}', 422, "invalid_request"),
        (b'{"url": "https://a.example/' + b"x" * 20_000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_bad_input_gets_a_stable_code_and_stores_nothing(
    client: httpx.AsyncClient, tenant: Tenant, body: bytes, status: int, code: str
) -> None:
    answer = await client.post("/track/click", content=body, headers={"X-Hub-Key": tenant.write_key})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await stored() == []


async def test_nul_characters_are_dropped_not_fatal(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"url": URL, "referrer": "https://a.example/\x00x", "key": tenant.write_key}
    assert (await client.post("/track/click", json=body)).status_code == 202
    [row] = await stored()
    assert row["referrer"] == "https://a.example/x"


async def test_empty_texts_are_as_good_as_absent(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"url": URL, "key": tenant.write_key, "event_id": "", "click_id": " ", "referrer": "", "phone": "\x00"}
    assert (await client.post("/track/click", json=body)).status_code == 202
    [row] = await stored()
    assert (row["referrer"], row["phone_hash"]) == (None, None)


async def test_an_unknown_key_is_refused(client: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await client.post("/track/click", json={"url": URL, "key": "wk_hub_nobody"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_the_secret_key_is_no_write_key(client: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await client.post("/track/click", json={"url": URL, "key": tenant.secret_key})
    assert answer.status_code == 401


async def test_errors_speak_portuguese_first_and_english_on_request(client: httpx.AsyncClient, tenant: Tenant) -> None:
    said = [
        (await client.post("/track/click", content=b"{", headers=headers)).json()["detail"]
        for headers in ({}, {"Accept-Language": "en-US,en"})
    ]
    assert said == ["O corpo não é um objeto JSON em UTF-8.", "The body is not a JSON object in UTF-8."]


async def test_a_correlation_id_comes_back(client: httpx.AsyncClient, tenant: Tenant) -> None:
    given = await client.get("/healthz", headers={"X-Correlation-Id": "abc-1"})
    made = await client.get("/healthz", headers={"X-Correlation-Id": "not ok"})
    assert given.headers["x-correlation-id"] == "abc-1"
    assert len(made.headers["x-correlation-id"]) == 36
