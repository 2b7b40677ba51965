"""The pages over the real database, as browsers without scripts see them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api import problems
from api.limits import Allowance
from api.middleware import BodyLimit
from api.ui import app as ui
from evals.simulators.oidc.app import create_app
from evals.simulators.oidc.state import State
from tests.notifications.mailbox import Mailbox, serving_mail
from tests.simulators.serving import serving
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.users import links, passwords, service

ORIGIN = "http://127.0.0.1:8000"
PASSWORD = "girafa lampada cadeira"
Change = Callable[..., None]
Invite = Callable[..., Awaitable[User]]


class Browser(httpx.AsyncClient):
    """Sends the token of the page it is on with each form, as its hidden field does."""

    def __init__(self, app: FastAPI, **headers: str) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, **headers})
        self.csrf = ""

    async def see(self, address: str) -> httpx.Response:
        answer = await self.get(address)
        found = re.search(r'name="csrf" value="([0-9a-f]*)"', answer.text)
        self.csrf = found[1] if found else ""
        return answer

    async def submit(self, address: str, **fields: str) -> httpx.Response:
        return await self.post(address, data={"csrf": self.csrf, **fields})

    async def come_by_link(self, user: User, **more: Any) -> httpx.Response:
        async with transaction() as session:
            token = await links.issue(session, user, now=clock.now(), **more)
        answer = await self.post(f"/sign-in/link/{token}", data={"csrf": self.csrf})
        await self.see("/app/account")
        return answer


@pytest.fixture
def app(database: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings, app.state.allowance = database, Allowance()
    app.add_middleware(BodyLimit, limit_bytes=database.webhook_max_body_bytes)
    problems.install(app)
    ui.install(app, database)
    return app


@pytest.fixture
def change(app: FastAPI) -> Change:
    """Other settings for the pages."""

    def changed(**settings: object) -> None:
        app.state.settings = app.state.settings.model_copy(update=settings)

    return changed


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(app) as client:
        yield client


@pytest.fixture
async def another(app: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(app) as client:
        yield client


@pytest.fixture
def invite(database: Settings) -> Invite:
    async def made(role: Role = Role.SELLER, email: str = "", *, password: str = "", shop: str = "") -> User:
        async with transaction() as session:
            name = email.partition("@")[0] or role.value.title()
            user = await service.invite(session, email or f"{role}@hub.example", name, role, actor="test")
            user.password_hash = await passwords.hashed(password) if password else None
            if shop:
                tenant = await tenants.create(session, shop, actor="test")
                await service.let_in(session, user, tenant.tenant_id, actor="test")
        return user

    return made


@pytest.fixture
async def mailbox(change: Change) -> AsyncIterator[Mailbox]:
    """The mail server of the settings."""
    async with serving_mail(Mailbox()) as box:
        change(
            smtp_host="127.0.0.1", smtp_port=box.port, smtp_security="none",
            mail_from="Hub <entrar@hub.example>", notification_timeout_seconds=3.0,
        )  # fmt: skip
        yield box


@pytest.fixture(scope="package")
def running_provider() -> Iterator[tuple[State, str]]:
    state = State()
    with serving(create_app(state)) as url:
        yield state, url


@pytest.fixture
def company(running_provider: tuple[State, str], change: Change) -> State:
    """The identity provider of the settings."""
    state, url = running_provider
    state.reset()
    change(oidc_issuer=url, oidc_client_id="hub", oidc_client_secret=SecretStr(state.settings.client_secret))
    return state


def link_in(mailbox: Mailbox, number: int = -1) -> str:
    """The path of the link in a mail."""
    body = mailbox.mails[number].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://127\.0\.0\.1:8000(/\S+)", str(body.get_content()))
    assert found is not None
    return found[1]
