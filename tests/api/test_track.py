"""The collect contract over HTTP."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api.app import create_app
from tests.api.conftest import Tenant
from tracking_core.collector.addresses import URL_LIMIT
from tracking_core.db.engine import transaction
from tracking_core.settings import Settings

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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"fbclid": "x" * 2_000, "event_id": "with space", "phone": {}, "utm_id": 7, "age_ms": "late"}, None),
        ({"consent_ads": "maybe"}, False),
        ({"consent_ads": None}, None),
        ({"consent_ads": 1}, True),
    ],
)
async def test_an_odd_optional_field_does_not_cost_the_event(
    client: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], told: bool | None
) -> None:
    answer = await client.post("/track/click", json={"url": URL, "key": tenant.write_key, **body})
    assert answer.status_code == 202
    [row] = await stored()
    assert (row["consent_ads"], row["fbc"], row["details"]) == (told, None, None)


async def test_a_refusal_in_any_spelling_is_kept_for_the_person(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"url": URL, "key": tenant.write_key, "click_id": "c1", "consent_ads": "no", "age_ms": 60_000}
    await client.post("/track/consent", json=body)
    await client.post("/track/click", json={**body, "consent_ads": True})
    async with transaction() as session:
        granted = (await session.scalars(text("SELECT granted FROM consents"))).all()
    assert set(granted) == {False}


async def test_a_long_address_is_cut_and_stored_without_personal_data(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    url = "https://loja.example/?email=maria@example.com&x=" + "y" * 9_000
    assert (await client.post("/track/click", json={"url": url, "key": tenant.write_key})).status_code == 202
    [row] = await stored()
    assert row["url"] == ("https://loja.example/?x=" + "y" * 9_000)[:URL_LIMIT]


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.9", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.9", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.9", "6.6.6.6, 198.51.100.1, 10.0.0.8", "198.51.100.1"),
        ("10.0.0.9", "not an address", "10.0.0.9"),
        ("10.0.0.9", "2804:14d::1", "2804:14d::1"),
    ],
)
async def test_only_a_trusted_proxy_may_say_who_the_visitor_is(
    database: Settings, tenant: Tenant, peer: str, forwarded: str, visitor: str
) -> None:
    app = create_app(database.model_copy(update={"trusted_proxies": ["10.0.0.0/8"]}))
    transport = httpx.ASGITransport(app, client=(peer, 5_000))
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        headers = {"X-Forwarded-For": forwarded}
        body = {"url": URL, "key": tenant.write_key}
        assert (await client.post("/track/click", json=body, headers=headers)).status_code == 202
    [row] = await stored()
    assert row["ip"] == visitor


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
    assert len(made.headers["x-correlation-id"]) == 32


async def test_a_character_cut_in_half_costs_the_character_and_not_the_event(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    body = b'{"url": "https://loja.example/", "utm_content": "oferta \\ud83d", "key": "%s"}' % tenant.write_key.encode()
    answer = await client.post("/track/click", content=body)
    assert answer.status_code == 202


async def test_the_script_answers_head(client: httpx.AsyncClient) -> None:
    assert (await client.head("/t.js")).status_code == 200
