"""What every class of answer says to a browser, whichever route gave it."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from api.app import create_app
from api.routes import webhooks
from api.ui.home import pages as home
from tests.isolation.conftest import MANY, browser
from tests.isolation.routes import KEYS, PAGES, Door, routes_of
from tests.isolation.test_doors import address_of
from tests.isolation.world import Browser, person_of, staff_key
from tracking_core.models import Role, StaffRole
from tracking_core.settings import Settings

SHARED = ("/t.js", "/track/")


async def test_every_answer_tells_browsers_what_they_may_do_with_it(app: FastAPI) -> None:
    operator, key = await person_of(app, Role.OPERATOR), await staff_key(StaffRole.OPERATOR)
    for headers, who, doors in (({}, None, set(Door)), (key, None, set(KEYS)), ({}, operator, set(PAGES))):
        async with _client(app, who) as client:
            for route in routes_of(app):
                if route.is_stream or "browsers" in route.path or route.door not in doors:
                    continue
                answer = await client.request(route.method, address_of(route), headers=headers)
                assert answer.status_code < 500 or route.path == "/metrics", (route.name, answer.text)
                _is_guarded(route.path, answer)
            for path in ("/nothing/here", "/app/nothing", "/api/v1/nothing"):
                _is_guarded(path, await client.get(path))


async def test_a_stream_a_crash_and_a_site_with_tls_say_them_too(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await person_of(app, Role.OPERATOR)
    started = await _begun(app, "/ops/live/events", who)
    assert started.headers["content-type"].startswith("text/event-stream")
    _is_guarded("/ops/live/events", started)
    monkeypatch.setattr(home, "RedirectResponse", None)
    async with browser(app) as client:
        crashed = await client.get("/")
        assert (crashed.status_code, "traceback" in crashed.text.lower()) == (500, False)
        _is_guarded("/", crashed)
    secure = create_app(app.state.settings.model_copy(update={"public_url": "https://hub.example"}))
    async with browser(secure) as client:
        for path in ("/sign-in", "/api/v1/nothing", "/t.js", "/static/app.css"):
            assert "max-age=31536000" in (await client.get(path)).headers["strict-transport-security"]
        refused = await client.post("/track/click", content=b"{")
        assert "max-age=31536000" in refused.headers["strict-transport-security"]


async def test_a_crash_tells_the_log_no_address_that_is_a_key(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webhooks, "receive", None)
    async with browser(app) as client:
        assert (await client.post("/webhooks/hotmart/whk-of-a-seller", content=b"{}")).status_code == 500
    said = capsys.readouterr().out
    assert '"route": "/webhooks/{gateway}/{endpoint_key}"' in said
    assert "whk-of-a-seller" not in said


async def test_pages_that_would_run_scripts_of_others_are_not_served(database: Settings) -> None:
    app = create_app(database.model_copy(update={"api_rate_per_second": MANY}))
    async with browser(app) as client:
        for path in ("/docs", "/redoc"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/openapi.json")).status_code == 200


def _is_guarded(path: str, answer: httpx.Response) -> None:
    said, where = answer.headers, (path, answer.status_code, dict(answer.headers))
    assert said["x-content-type-options"] == "nosniff", where
    policy = said["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy, where
    assert "unsafe" not in policy, where
    assert "frame-ancestors" in policy or "sandbox" in policy, where
    assert said["referrer-policy"] in ("same-origin", "no-referrer", "strict-origin"), where
    assert "strict-transport-security" not in said, where
    assert ("access-control-allow-origin" in said) == path.startswith(SHARED), where
    if not path.startswith(("/t.js", "/static/")):
        assert "no-store" in said.get("cache-control", "") or answer.status_code == 204, where


def _client(app: FastAPI, who: Browser | None) -> httpx.AsyncClient:
    return browser(app, who.cookies, who.csrf) if who else browser(app)


async def _begun(app: FastAPI, path: str, who: Browser) -> httpx.Response:
    """A stream's head; it is left then."""
    started: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    cookie = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
    headers = [(b"host", b"127.0.0.1"), (b"cookie", cookie.encode())]
    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "scheme": "http",
        "root_path": "", "http_version": "1.1", "headers": headers, "client": ("127.0.0.1", 1), "server": ("x", 80),
    }  # fmt: skip

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.set_result(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(app(scope, receive, send))
    message = await asyncio.wait_for(started, 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return httpx.Response(message["status"], headers=message["headers"])
