"""Asking in vain is bounded by place, and a key by itself; whoever has a key that works is shut out by nobody else."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api import throttle
from api.app import create_app
from tests.replays.letters import bearer
from tests.reporting.conftest import ANA, open_shop
from tracking_core.settings import Settings

FEW = 3
# Of the wide internet; those that documents use count as a network's own.
OUTSIDE = "9.9.9.9"
_NOBODY = {"Authorization": "Bearer sk_hub_of_nobody"}
_LIST, _FILE = "/api/v1/replays", "/api/v1/operations/sales.csv"


@pytest.fixture
async def app(database: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    for name in ("FAILED_KEYS_PER_MINUTE", "FORGED_PER_MINUTE", "EXPORTS_PER_MINUTE"):
        monkeypatch.setattr(throttle, name, FEW)
    app = create_app(database.model_copy(update={"api_rate_per_second": FEW}))
    async with app.router.lifespan_context(app):
        yield app


def client_at(app: FastAPI, address: str = "198.51.100.7") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_keys_that_open_nothing_shut_out_their_own_place_and_no_key_that_works(
    database: Settings, app: FastAPI
) -> None:
    known = await bearer(await open_shop(database, ANA, "1000000001"))
    async with client_at(app) as here, client_at(app, "203.0.113.9") as elsewhere:
        assert (await here.get(_LIST, headers=known)).status_code == 200
        assert await _tried(here, _LIST) == [401] * FEW + [429]
        refused = await here.get(_LIST, headers=_NOBODY)
        assert (refused.json()["code"], int(refused.headers["retry-after"]) > 0) == ("rate_limited", True)
        assert (await here.get(_LIST, headers=known)).status_code == 200
        assert (await elsewhere.get(_LIST, headers=_NOBODY)).status_code == 401


async def test_one_key_is_bounded_too_and_so_are_files(database: Settings, app: FastAPI) -> None:
    shop = await open_shop(database, ANA, "1000000001")
    mine, another = await bearer(shop), await bearer(shop)
    async with client_at(app) as client:
        asked = [(await client.get(_LIST, headers=mine)).status_code for _ in range(2 * FEW + 2)]
        assert (asked[0], asked[-1]) == (200, 429)
        assert (await client.get(_LIST, headers=another)).status_code == 200
        files = [(await client.get(_FILE, headers=another)).status_code for _ in range(FEW + 1)]
        assert files[-1] == 429


async def test_forged_webhooks_shut_out_one_address_for_one_endpoint_alone(app: FastAPI) -> None:
    async with client_at(app) as here, client_at(app, "203.0.113.9") as elsewhere:
        path = "/webhooks/hotmart/an-endpoint-of-nobody"
        assert await _tried(here, path, method="POST") == [404] * FEW + [429]
        assert (await here.post("/webhooks/hotmart/another", content=b"{}")).status_code == 404
        assert (await elsewhere.post(path, content=b"{}")).status_code == 404
    async with client_at(app, "10.0.0.3") as balancer:
        assert await _tried(balancer, path, method="POST") == [404] * (FEW + 1)


async def test_metrics_are_for_those_inside_or_with_the_token(app: FastAPI) -> None:
    async with client_at(app, "10.0.0.3") as inside, client_at(app, OUTSIDE) as outside:
        assert (await inside.get("/metrics")).status_code == 200
        passed_on = await inside.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"})
        assert (passed_on.status_code, passed_on.json()["code"]) == (404, "not_found")
        assert (await outside.get("/metrics")).status_code == 404
        app.state.settings = app.state.settings.model_copy(update={"metrics_token": SecretStr("a-token")})
        for client, key, status in ((inside, "", 404), (outside, "a-token", 200), (outside, "another", 404)):
            answer = await client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == status


async def _tried(client: httpx.AsyncClient, path: str, *, method: str = "GET") -> list[int]:
    return [(await client.request(method, path, headers=_NOBODY)).status_code for _ in range(FEW + 1)]
