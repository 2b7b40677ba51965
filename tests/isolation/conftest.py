"""The application in process over one database; nothing of it waits."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from api import throttle
from api.app import create_app
from api.limits import Allowance, Limits
from tests.isolation import world as worlds
from tests.isolation.world import ORIGIN, World
from tracking_core.settings import Settings

MANY = 1_000_000


@pytest.fixture
async def app(database: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    """Without its limits: all of them are looked at elsewhere."""
    for name in ("FAILED_KEYS_PER_MINUTE", "FORGED_PER_MINUTE", "EXPORTS_PER_MINUTE"):
        monkeypatch.setattr(throttle, name, MANY)
    settings = database.model_copy(update={"setup_action_wait_seconds": 0.0, "api_rate_per_second": MANY})
    app = create_app(settings)
    app.state.allowance = Allowance(Limits(waiting=MANY, actions_per_minute=MANY, queued=MANY, sessions_per_day=MANY))
    async with app.router.lifespan_context(app):
        yield app


def browser(app: FastAPI, cookies: dict[str, str] | None = None, csrf: str = "") -> httpx.AsyncClient:
    """Keeps no cookie that an answer sets: every request is of whoever it was made for."""
    cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = {"Origin": ORIGIN, "X-CSRF-Token": csrf, "Accept-Language": "en", "Cookie": cookie}
    headers = {name: value for name, value in headers.items() if value}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


@pytest.fixture
async def world(database: Settings, app: FastAPI) -> World:
    return await worlds.create(database, app)
