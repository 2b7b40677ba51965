"""The whole application in process over its real database, a seller with a case, and people who are signed in."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from api.app import create_app
from api.ui.cookies import SessionCookie
from api.ui.paths import DESK
from tests.handoff.conftest import NOW, Case, new_case
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import AuditEntry, IntentState, Role, SetupIntent
from tracking_core.settings import Settings
from tracking_core.setup import inbox
from tracking_core.users import service as users
from tracking_core.users import web_sessions
from tracking_core.users.web_sessions import How

ORIGIN = "http://127.0.0.1"
_CSRF = re.compile(r'data-csrf="([0-9a-f]{64})"')
_READ = re.compile(r'name="read" value="([^"]*)"')
_SEEN = re.compile(r'name="seen" value="([^"]+)"')


@dataclass
class Person:
    """Somebody in a browser. ``seen`` and ``read`` are of their last look at a case."""

    client: httpx.AsyncClient
    name: str
    csrf: str = ""
    seen: str = ""
    read: str = ""

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        answer = await self.client.get(f"{DESK}{path}", headers=headers)
        if token := _CSRF.search(answer.text):
            self.csrf = token[1]
        if seen := _SEEN.search(answer.text):
            self.seen = seen[1]
        if read := _READ.search(answer.text):
            self.read = read[1]
        return answer

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """With what the page's forms hold."""
        known = {"csrf": self.csrf, "seen": self.seen, "read": self.read}
        return await self.client.post(f"{DESK}{path}", data={**known, **fields})

    async def does(self, path: str, **fields: str) -> str:
        """The page that follows."""
        answer = await self.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return (await self.client.get(answer.headers["location"])).text


SignIn = Callable[..., Awaitable[Person]]


@pytest.fixture
async def app(database: Settings) -> AsyncIterator[FastAPI]:
    """Without workers: a check is asked for and waits."""
    clock.set_source(lambda: NOW)
    app = create_app(database.model_copy(update={"setup_action_wait_seconds": 0.1}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def sign_in(app: FastAPI) -> AsyncIterator[SignIn]:
    opened: list[httpx.AsyncClient] = []

    async def signed_in(name: str, role: Role = Role.SUPPORT, *, tenant: UUID | None = None) -> Person:
        async with transaction() as session:
            shops = [tenant] if tenant else []
            user = await users.invite(session, f"{name}@example.com", name, role, actor="test", tenants=shops)
            begun = await web_sessions.begin(session, user, How.LINK, now=clock.now())
        cookie = SessionCookie(app.state.settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        cookies = {cookie.name: cookie._signer.sign(begun.token).decode()}
        client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=cookies, headers={"Origin": ORIGIN, "Accept-Language": "en"}
        )
        client.cookies.set("hub_locale", "en")
        opened.append(client)
        person = Person(client, name)
        await person.get()
        return person

    yield signed_in
    for client in opened:
        await client.aclose()


@pytest.fixture
async def case(app: FastAPI) -> Case:
    return await new_case(app.state.settings, "Loja da Ana")


@pytest.fixture
async def other(app: FastAPI) -> Case:
    return await new_case(app.state.settings, "Loja do Beto")


@pytest.fixture
async def bia(sign_in: SignIn) -> Person:
    return await sign_in("Bia")


@pytest.fixture
async def caio(sign_in: SignIn) -> Person:
    return await sign_in("Caio")


async def audited(action: str) -> list[tuple[str, str]]:
    """Who did it, and to what."""
    async with transaction() as session:
        rows = (await session.scalars(select(AuditEntry).where(AuditEntry.action == action))).all()
    return [(row.actor, row.subject) for row in rows]


async def intents(session_id: UUID) -> list[SetupIntent]:
    async with transaction() as session:
        return list((await session.scalars(select(SetupIntent).where(SetupIntent.session_id == session_id))).all())


async def handle(session_id: UUID, code: str | None = None, **result: object) -> None:
    """As a worker would: everything is off the queue."""
    async with transaction() as session:
        while intent := await inbox.next_queued(session, session_id):
            await inbox.finish(session, intent.id, IntentState.DONE, clock.now(), code=code, result=dict(result))
