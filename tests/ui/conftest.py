"""The shell of the pages over the real database, and people who are signed in."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from api import problems
from api.limits import Allowance
from api.middleware import BodyLimit
from api.ui import app as ui
from api.ui.paths import SIGN_IN
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

ORIGIN = "http://127.0.0.1"
SignIn = Callable[[Role], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def app(database: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings, app.state.allowance = database, Allowance()
    app.add_middleware(BodyLimit, limit_bytes=database.webhook_max_body_bytes)
    problems.install(app)
    ui.install(app, database)
    return app


def browser(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN})


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


@pytest.fixture
async def sign_in(app: FastAPI) -> AsyncIterator[SignIn]:
    """A browser in which a new person of the role has signed in; a seller has one shop."""
    opened: list[httpx.AsyncClient] = []

    async def signed_in(role: Role) -> httpx.AsyncClient:
        async with transaction() as session:
            made = await tenants.create(session, "Loja", actor="test")
            name = new_hex()
            user = await users.invite(
                session, f"{name}@example.com", name, role, actor="test", tenants=[made.tenant_id]
            )
            token = await links.issue(session, user, now=clock.now())
        client = browser(app)
        opened.append(client)
        answer = await client.post(f"{SIGN_IN}/link/{token}")
        assert answer.status_code == 303
        return client

    yield signed_in
    for client in opened:
        await client.aclose()
