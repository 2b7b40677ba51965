"""Every page and form, asked with what no browser sends: it may be refused, it must not crash."""

import httpx
from fastapi import FastAPI

from tests.isolation import asking
from tests.isolation.conftest import app, browser, world
from tests.isolation.routes import Door, Route, routes_of
from tests.isolation.world import Browser, Seller, World, person_of
from tracking_core.models import Role

__all__ = ["app", "world"]
_NAMES = """
tenant_id shop q said named role state show origin gateway status kind value reason objective connection_id since until
from to days limit rows before before_id after after_id cursor sort done asked step next back locale theme email name
code token starts_at ends_at hours min_severity target enabled plan_hash decision scope text note ids one all seen_until
digest version match_threshold url contact-name contact-email contact-phone client_message_id
"""
# Afterwards nobody would be signed in.
_ENDING = ("/sign-out", "/browsers", "/shut-out", "/role", "/shops")
_STRANGE = ("\x00", "9" * 400, "-1", "'\u2028\"<é%00\U0001f600", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")


async def test_nothing_strange_crashes_a_page(world: World, app: FastAPI) -> None:
    wrong: list[str] = []
    operator = await person_of(app, Role.OPERATOR)
    for route in routes_of(app):
        if not route.is_page or route.is_stream or any(one in route.path for one in _ENDING):
            continue
        who: Browser | Seller = operator if route.door in (Door.OPERATOR, Door.SUPPORT) else world.beto
        async with browser(app, who.cookies, who.csrf) as client:
            for strange in _STRANGE:
                answer = await _asked(client, route, world.beto, strange)
                if answer.status_code >= 500:
                    wrong.append(f"{route.name} with {strange!r}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    async with browser(app, operator.cookies, operator.csrf) as client:
        silence = f"/ops/objectives/alerts/{world.beto.ids['alert_id']}/silence"
        assert (await client.post(silence, data={"hours": "1", "reason": "\x00"})).status_code == 422
    for last in (operator, world.beto):
        async with browser(app, last.cookies, last.csrf) as client:
            assert (await client.get("/app/account")).status_code == 200


async def _asked(client: httpx.AsyncClient, route: Route, owner: Seller, strange: str) -> httpx.Response:
    url, fields = asking.url_of(route, owner.ids), dict.fromkeys(_NAMES.split(), strange)
    if route.method == "GET":
        return await client.get(url, params=fields)
    return await client.request(route.method, url, data=fields)
