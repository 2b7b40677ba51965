"""Who gets in where, over every route: the wrong credential, or none, or a form of another site, is shown the door."""

import re

from fastapi import FastAPI

from tests.isolation.asking import WORDS, url_of
from tests.isolation.conftest import browser
from tests.isolation.routes import KEYS, PAGES, SAFE, Door, Route, routes_of
from tests.isolation.world import Browser, person_of, staff_key
from tests.replays.letters import bearer
from tests.reporting.conftest import ANA, open_shop
from tracking_core.kit.ids import new_id
from tracking_core.models import Role, StaffRole
from tracking_core.settings import Settings

# Without any credential, on purpose: each has another proof of its own, or tells nothing that is anybody's.
ANYBODY = {
    "GET /", "GET /t.js", "GET /static/{name:path}", "GET /openapi.json",
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /api/v1/setup/playbooks/{code}",
    "POST /track/click", "POST /track/pageview", "POST /track/initiate_checkout", "POST /track/consent",
    "POST /webhooks/{gateway}/{endpoint_key}", "POST /webhooks/{gateway}", "POST /webhooks/chatwoot/{token}",
    "GET /sign-in", "POST /sign-in", "GET /sign-in/sent", "GET /sign-in/link/{token}", "POST /sign-in/link/{token}",
    "GET /sign-in/team", "POST /sign-in/team", "GET /sign-in/oidc", "GET /sign-in/oidc/callback", "POST /sign-out",
    "POST /preferences", "GET /embed/status/{token}", "GET /embed/status/{token}/live",
    "GET /embed/status/{token}/events",
}  # fmt: skip
_CASE = "/api/v1/handoffs"
# Open to support, not to operators alone.
SUPPORT = {
    f"GET {_CASE}", f"GET {_CASE}/{{handoff_id}}",
    *(f"POST {_CASE}/{{handoff_id}}/{act}" for act in ("take", "release", "reply", "ask", "resume", "resolve")),
    "GET /api/v1/operations/retention", "GET /api/v1/operations/retention/runs",
    "GET /api/v1/operations/alerts", "POST /api/v1/operations/alerts/{alert_id}/acknowledge",
    "GET /api/v1/operations/alert-silences", "GET /api/v1/operations/objectives",
}  # fmt: skip


def test_what_is_open_to_anybody_or_to_support_is_what_was_meant_to_be(app: FastAPI) -> None:
    routes = routes_of(app)
    assert {one.name for one in routes if one.door is Door.ANYBODY and one.method != "OPTIONS"} == ANYBODY
    assert {one.name for one in routes if one.door is Door.STAFF_KEY} == SUPPORT
    desk = {one.name for one in routes if one.door is Door.SUPPORT}
    assert desk == {one.name for one in routes if one.path.startswith("/desk")}
    assert {one.door for one in routes if one.path.startswith("/ops")} == {Door.OPERATOR}
    assert {one.door for one in routes if one.path.startswith("/app")} == {Door.SIGNED_IN}


async def test_without_a_credential_every_other_door_is_shut(app: FastAPI) -> None:
    async with browser(app) as anybody:
        for route in _but(app, Door.ANYBODY):
            answer = await anybody.request(route.method, address_of(route))
            if route.door in KEYS:
                assert (answer.status_code, answer.json()["code"]) in _NO_KEY, route.name
            else:
                assert answer.status_code == 303, route.name
                assert answer.headers["location"].startswith("/sign-in"), route.name


async def test_no_key_opens_what_is_another_s(database: Settings, app: FastAPI) -> None:
    shop = await open_shop(database, ANA, "1000000001")
    keys = {"tenant": await bearer(shop), "support": await staff_key(StaffRole.SUPPORT)}
    keys["operator"] = await staff_key(StaffRole.OPERATOR)
    shut = {
        Door.TENANT: {"support": 401, "operator": 401},
        Door.STAFF_KEY: {"tenant": 401},
        Door.OPERATOR_KEY: {"tenant": 401, "support": 403},
    }
    async with browser(app) as client:
        for route in _but(app, Door.ANYBODY, *PAGES):
            for whose, status in shut[route.door].items():
                answer = await client.request(route.method, address_of(route), headers=keys[whose])
                assert answer.status_code == status, (route.name, whose, answer.text)
        # Where pages are asked for, a key is nothing at all.
        for route in _but(app, Door.ANYBODY, *KEYS):
            assert (await client.request(route.method, address_of(route), headers=keys["operator"])).status_code == 303


async def test_no_sign_in_opens_what_is_for_another_role_and_no_form_is_believed_unsigned(app: FastAPI) -> None:
    seller, support = await person_of(app, Role.SELLER), await person_of(app, Role.SUPPORT)
    for who, doors in ((seller, (Door.SUPPORT, Door.OPERATOR)), (support, (Door.OPERATOR,))):
        async with browser(app, who.cookies, who.csrf) as client:
            for route in routes_of(app):
                if route.door in doors:
                    answer = await client.request(route.method, address_of(route))
                    assert answer.status_code == 403, (route.name, answer.text)
    await _forged(app, await person_of(app, Role.OPERATOR))


async def _forged(app: FastAPI, who: Browser) -> None:
    """Each form: of another site, of ours without its token, and of ours with a token of another sign-in."""
    other = await person_of(app, Role.SUPPORT)
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    asked: tuple[tuple[str, dict[str, str]], ...] = ((who.csrf, elsewhere), ("", {}), (other.csrf, {}))
    for csrf, headers in asked:
        async with browser(app, who.cookies, csrf) as client:
            for route in routes_of(app):
                if route.is_page and route.method not in SAFE:
                    answer = await client.request(route.method, address_of(route), headers=headers)
                    assert answer.status_code == 403, (route.name, headers)


_NO_KEY = {(401, "unauthorized"), (401, "staff_key_unknown")}


def _but(app: FastAPI, *doors: Door) -> list[Route]:
    return [route for route in routes_of(app) if route.door not in doors and route.method != "OPTIONS"]


def address_of(route: Route) -> str:
    """With ids of nothing."""
    nobody = str(new_id())
    names = re.findall(r"\{(\w+)", route.path)
    return url_of(route, {**dict.fromkeys(names, nobody), **WORDS})
