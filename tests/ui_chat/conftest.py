"""The chat's pages over the real database, and two sellers who are signed in, each with a setup of their own."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from api import problems
from api.deps import SessionDep
from api.limits import Allowance
from api.middleware import BodyLimit
from api.routes.screenshots import larger_bodies
from api.ui import app as ui
from api.ui import paths
from api.ui.chat.views import chat_of
from api.ui.rendering import environment
from api.ui.setup.access import setup_of
from api.ui.visitor import SignedInDep
from tests.ui.conftest import browser
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role
from tracking_core.settings import Settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users
from tracking_core.worker.doorbell import Doorbell

_CSRF = re.compile(r'data-csrf="([0-9a-f]{64})"')
# A page with nothing but the chat.
_ALONE = "{% extends 'base.html' %}{% block main %}<h1>Chat</h1>{% include 'chat/panel.html' %}{% endblock %}"


@dataclass(frozen=True)
class Seller:
    """``http`` is their browser; it sends the token of their pages with everything."""

    http: httpx.AsyncClient
    tenant_id: UUID
    setup_id: UUID

    @property
    def at(self) -> str:
        return f"{paths.SETUPS}/{self.setup_id}"

    async def page(self) -> str:
        """The chat on a page of its own."""
        answer = await self.http.get(f"{self.at}/alone")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def news(self, after: int = 0) -> str:
        answer = await self.http.get(f"{self.at}/chat/messages?after={after}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def say(self, text: str, **more: object) -> httpx.Response:
        """As the page's script does."""
        return await self.http.post(
            f"{self.at}/chat?after=0", json={"text": text, **more}, headers={"HX-Request": "true"}
        )


@pytest.fixture
def app(database: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings, app.state.allowance, app.state.doorbell = database, Allowance(), _Silent(database)
    app.add_middleware(BodyLimit, limit_bytes=database.webhook_max_body_bytes, larger=larger_bodies(database))
    problems.install(app)
    ui.install(app, database)
    app.add_api_route(f"{paths.SETUPS}/{{session_id}}/alone", _alone)
    return app


class _Silent(Doorbell):
    """Nobody listens here."""

    def after_commit(self, *_: object) -> Callable[[], None]:
        return lambda: None


async def _alone(session_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    chat = await chat_of(session, await setup_of(session, who, session_id), who)
    return HTMLResponse(environment(who.locale).from_string(_ALONE).render(who=who, paths=paths, chat=chat))


@pytest.fixture
async def seller(app: FastAPI) -> AsyncIterator[Seller]:
    async with browser(app) as client:
        yield await signed_in(app, client)


@pytest.fixture
async def another(app: FastAPI) -> AsyncIterator[Seller]:
    async with browser(app) as client:
        yield await signed_in(app, client)


@pytest.fixture
async def support(app: FastAPI, seller: Seller) -> AsyncIterator[Seller]:
    """One of our own people, at the seller's setup."""
    async with browser(app) as client:
        made = await signed_in(app, client, Role.SUPPORT)
        yield replace(made, setup_id=seller.setup_id)


async def signed_in(app: FastAPI, client: httpx.AsyncClient, role: Role = Role.SELLER) -> Seller:
    """A new person with a shop of their own and its setup, in this browser."""
    async with transaction() as session:
        tenant = await tenants.create(session, "Loja", actor="test")
        setup = await sessions.create(session, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
        name = new_hex()
        user = await users.invite(session, f"{name}@example.com", name, role, actor="test", tenants=[tenant.tenant_id])
        token = await links.issue(session, user, now=clock.now())
    assert (await client.post(f"{paths.SIGN_IN}/link/{token}")).status_code == 303
    made = Seller(client, tenant.tenant_id, setup.id)
    found = _CSRF.search(await made.page())
    assert found is not None
    client.headers["X-CSRF-Token"] = found[1]
    return made
