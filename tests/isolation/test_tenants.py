"""Every route there is, asked by Ana for what is Beto's: she is told nothing, and nothing of his moves."""

from collections.abc import Iterator

import httpx
from fastapi import FastAPI

from tests.isolation.asking import Asked, asked_of, bodies
from tests.isolation.conftest import browser
from tests.isolation.routes import Door, Route, routes_of
from tests.isolation.world import Seller, World, rows_of

_HIDDEN = (403, 404)
# Without an id in its path a route tells Ana of her own, whatever she asks for; these are the codes it may.
_OWN = (200, 201, 202, 204, 303, 400, 403, 404, 409, 410, 415, 422)
# Beto's own requests that something of the moment stands against: no plan is in that state, no file is a picture.
_NOT_NOW = {409, 410, 415, 422, 503}
_UNKNOWN = {400, 401, 403, 404, 405, 500}
# Of our own people: a seller has none.
_PASSWORD = "/app/account/password"


async def test_nothing_of_another_tenant_is_told_or_changed(world: World, app: FastAPI) -> None:
    before = await rows_of(world.beto.shop.tenant_id)
    wrong: list[str] = []
    async with Talking(app, world.ana) as talk:
        for route in sorted(_tenants_routes(app), key=_ends_something):
            for asked in asked_of(route, world.beto, world.ana):
                answer = await talk(route, asked)
                wrong += _wrong_with(route, asked, answer, world)
    assert wrong == [], "\n".join(wrong)
    assert await rows_of(world.beto.shop.tenant_id) == before
    # The same, asked by whom it belongs to, is understood: the refusals above were not of addresses that nobody has.
    async with Talking(app, world.beto) as talk:
        await _understood(app, talk, world.beto)


async def _understood(app: FastAPI, talk: "Talking", who: Seller) -> None:
    gone: set[str] = set()
    for route in sorted(_tenants_routes(app), key=_ends_something):
        asked = next(asked_of(route, who, who))
        # What another face of the same has already removed is not there to be removed.
        last = next((one for one in reversed(asked.url.split("/")) if one in who.ids.values()), route.name)
        if route.is_stream or route.path == _PASSWORD or last in gone:
            continue
        status = (await talk(route, asked)).status_code
        assert status not in _UNKNOWN, (route.name, status)
        assert route.method != "GET" or status not in _NOT_NOW, (route.name, status)
        if _ends_something(route):
            gone.add(last)


async def test_every_route_that_changes_something_can_be_asked(app: FastAPI) -> None:
    ids = {"tenant_id": "x"}
    for is_page in (True, False):
        known = {route.name for route in _tenants_routes(app) if route.method != "GET" and route.is_page is is_page}
        assert known == set(bodies(ids, is_page=is_page))


def _tenants_routes(app: FastAPI) -> list[Route]:
    return [route for route in routes_of(app) if route.door in (Door.TENANT, Door.SIGNED_IN)]


def _ends_something(route: Route) -> int:
    if "/account/browsers" in route.path:
        return 2 + ("{" not in route.path)
    return int(route.method == "DELETE" or route.path.endswith(("/remove", "/withdraw")))


def _wrong_with(route: Route, asked: Asked, answer: httpx.Response, world: World) -> Iterator[str]:
    if leaked := world.leaked(answer, said=asked.said):
        yield f"{asked.method} {asked.url}: {answer.status_code} told {leaked}"
    theirs = [one for one in world.beto.ids.values() if one in asked.url.partition("?")[0]]
    allowed = _HIDDEN if theirs else _OWN
    if answer.status_code not in allowed:
        yield f"{asked.method} {asked.url}: {answer.status_code} {answer.text[:200]}"


class Talking:
    """Asks as one seller: with the key where a key opens, as the signed-in browser where a page is asked for."""

    def __init__(self, app: FastAPI, who: Seller) -> None:
        self._who, self._api, self._pages = who, browser(app), browser(app, who.cookies, who.csrf)

    async def __aenter__(self) -> "Talking":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.aclose()
        await self._pages.aclose()

    async def __call__(self, route: Route, asked: Asked) -> httpx.Response:
        if route.door is Door.TENANT:
            return await self._api.request(asked.method, asked.url, json=asked.body, headers=self._who.headers)
        return await self._pages.request(asked.method, asked.url, data=asked.body)
