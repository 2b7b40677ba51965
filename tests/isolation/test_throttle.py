"""Asking in vain is bounded by place, and a key by itself; whoever has a key that works is shut out by nobody else."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api import throttle
from api.app import create_app
from tests.isolation.conftest import browser
from tests.isolation.world import Browser, signed_in
from tests.pipeline.conftest import SECRET, Shop
from tests.replays.letters import bearer
from tests.reporting.conftest import ANA, BETO, open_shop
from tracking_core.db.engine import transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.settings import Settings
from tracking_core.users import service as users

FEW = 3
# Of the wide internet; those that documents use count as a network's own.
OUTSIDE = "9.9.9.9"
_NOBODY = {"Authorization": "Bearer sk_hub_of_nobody"}
_LIST, _FILE = "/api/v1/replays", "/api/v1/operations/sales.csv"
_PURGE, _PEOPLE = "/api/v1/privacy/purge", "/app/privacy"


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


async def test_webhooks_that_name_their_seller_shut_out_no_other_seller_s(database: Settings, app: FastAPI) -> None:
    """One seller who disconnected sends on, from the address that the gateway has for everybody."""
    ana, beto = [await open_shop(database, *one) for one in ((ANA, "1000000001"), (BETO, "2000000002"))]
    async with client_at(app) as gateway:
        left = f"/webhooks/hotmart?tenant_id={uuid4()}"
        assert await _tried(gateway, left, method="POST") == [404] * FEW + [429]
        path, _, tenant = left.partition("tenant_id=")
        assert (await gateway.post(f"{path}tenant_id={tenant.upper()}")).status_code == 429
        assert await _sale(gateway, ana, "HP1") == 200
        # And where a true one has just come from, no forged one is in the way of the next.
        own = f"/webhooks/hotmart?tenant_id={ana.tenant_id}"
        assert await _tried(gateway, own, method="POST") == [401] * (FEW + 1)
        assert await _sale(gateway, ana, "HP2") == 200
        never_sold = f"/webhooks/hotmart?tenant_id={beto.tenant_id}"
        assert await _tried(gateway, never_sold, method="POST") == [401] * FEW + [429]


async def test_what_is_asked_about_people_is_slow_by_key_and_by_who_is_signed_in(
    database: Settings, app: FastAPI
) -> None:
    shop = await open_shop(database, ANA, "1000000001")
    mine, another = await bearer(shop), await bearer(shop)
    wanted = {"kind": "email", "value": "ninguem@example.com"}
    async with client_at(app) as client:
        asked = [(await client.post(_PURGE, json=wanted, headers=mine)).status_code for _ in range(FEW)]
        written_otherwise = {"Authorization": mine["Authorization"].replace("Bearer ", "bearer  ")}
        assert (await client.post(_PURGE, json=wanted, headers=written_otherwise)).status_code == 429
        assert (asked, (await client.post(_PURGE, json=wanted, headers=another)).status_code) == ([200] * FEW, 200)
    who = await _seller(app, shop.tenant_id)
    async with browser(app, who.cookies, who.csrf) as page:
        pages = [(await page.post(_PEOPLE, data=wanted)).status_code for _ in range(FEW)]
        strewn = {"Cookie": f"{page.headers['cookie']}; of=nothing", **_NOBODY}
        refused = await page.post(_PEOPLE, data=wanted, headers=strewn)
        assert (pages, refused.status_code, refused.headers["content-type"]) == (
            [303] * FEW, 429, "text/html; charset=utf-8",
        )  # fmt: skip
        assert (await page.get(_PEOPLE)).status_code == 200


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


async def _sale(gateway: httpx.AsyncClient, shop: Shop, sale_id: str) -> int:
    sale = SyntheticSale(sale_id=sale_id, kind="approved", occurred_at=clock.now())
    sent = registry.get("hotmart").synthesize(sale, SECRET)
    params = {**sent.query, "tenant_id": str(shop.tenant_id)}
    return (await gateway.post("/webhooks/hotmart", content=sent.body, headers=sent.headers, params=params)).status_code


async def _seller(app: FastAPI, tenant_id: UUID) -> Browser:
    async with transaction() as session:
        user = await users.invite(session, "ana@example.com", "Ana", Role.SELLER, actor="test", tenants=[tenant_id])
    return (await signed_in(app, user))[0]


async def _tried(client: httpx.AsyncClient, path: str, *, method: str = "GET") -> list[int]:
    return [(await client.request(method, path, headers=_NOBODY)).status_code for _ in range(FEW + 1)]
