"""A seller with a setup session, the screenshots' routes over a real database, a model's endpoint on the loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import orjson
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api import problems
from api.limits import Allowance
from api.middleware import BodyLimit
from api.routes import screenshots as routes
from tests.screenshots import pictures
from tests.secrets import search
from tracking_core.db.engine import engine, transaction
from tracking_core.models import SetupScreenshot, SetupSession
from tracking_core.screenshots import service
from tracking_core.screenshots.decode import picture_of
from tracking_core.settings import Settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants

SESSIONS = "/api/v1/setup/sessions"
TOKEN = "EAA" + "BwzLixnjYBO" * 8
CLIENT_SECRET = "9f1c2d3e-4b5a-4c6d-8e7f-0a1b2c3d4e5f"
SHOWN: dict[str, Any] = {
    "screen": "hotmart_credentials",
    "error_code": "invalid_client",
    "error_text": "Credenciais inválidas para este ambiente",
    "visible_fields": ["Client ID", "Client Secret", "Basic"],
    "visible_secret": False,
    "confidence": 0.9,
}


@dataclass(frozen=True)
class Seller:
    client: httpx.AsyncClient
    tenant_id: UUID
    secret_key: str = field(repr=False)
    session_id: UUID

    @classmethod
    async def signed_up(cls, client: httpx.AsyncClient) -> "Seller":
        async with transaction() as session:
            tenant = await tenants.create(session, "Loja", actor="test")
            owner = await sessions.create(session, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
        return cls(client, tenant.tenant_id, tenant.secret_key, owner.id)

    async def ask(self, method: str, path: str, *, at: UUID | None = None, **request: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.secret_key}",
            "Accept-Language": "pt-BR",
            **request.pop("headers", {}),
        }
        url = f"{SESSIONS}/{at or self.session_id}/screenshots{path}"
        return await self.client.request(method, url, headers=headers, **request)

    async def send(self, content: Any, **request: Any) -> httpx.Response:
        return await self.ask("POST", "", content=content, **request)

    async def keep(self, data: bytes | None = None) -> UUID:
        """A picture that is there, past the edge."""
        picture = await picture_of(data or pictures.png())
        async with transaction() as session:
            owner = await session.get_one(SetupSession, self.session_id)
            return (await service.keep(session, owner, picture, actor="test")).id

    async def row(self, screenshot_id: UUID) -> SetupScreenshot:
        async with transaction() as session:
            return await session.get_one(SetupScreenshot, screenshot_id)


@pytest.fixture
def app(database: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings, app.state.allowance = database, Allowance()
    app.add_middleware(BodyLimit, limit_bytes=database.webhook_max_body_bytes, larger=routes.larger_bodies(database))
    problems.install(app)
    app.include_router(routes.router)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
async def seller(client: httpx.AsyncClient) -> Seller:
    return await Seller.signed_up(client)


@pytest.fixture
def rows(database: Settings) -> Callable[[], bytes]:
    """All that the tables hold."""

    def read() -> bytes:
        with psycopg.connect(database.database_url.replace("+psycopg", "")) as connection:
            return b"\n".join(held for _, held in search.tables(connection))

    return read


Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Eyes:
    """A model that reads pictures, as any OpenAI-compatible endpoint: it answers in turn as the test says, the last one
    for ever, and keeps what it was asked. ``held`` is how many database connections were out meanwhile."""

    url: str = ""
    behaviours: list[Behaviour] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    holding: Callable[[], int] = lambda: 0

    def says(self, content: object, *, finish: str = "stop") -> None:
        """A completion with this text, or this value as JSON."""
        text = content if isinstance(content, str) else orjson.dumps(content).decode()
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        self.answers(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})

    def answers(self, status: int, body: object, kind: str = "application/json") -> None:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n"

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(head.encode() + b"connection: close\r\n\r\n" + content)
            await writer.drain()

        self.behaviours.append(write)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the client went away, which some tests are about
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            self.paths.append(head.split()[1])
            self.requests.append(orjson.loads(await reader.readexactly(length)))
            self.held.append(self.holding())
            await self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](writer)
        writer.close()


@pytest.fixture
async def eyes() -> AsyncIterator[Eyes]:
    eyes = Eyes()
    server = await asyncio.start_server(eyes.serve, "127.0.0.1", 0, limit=1 << 20)
    eyes.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    yield eyes
    server.close()
    await server.wait_closed()


@pytest.fixture
def model(eyes: Eyes) -> Settings:
    """The settings of a hub whose model reads pictures, without a database."""
    return Settings(
        llm_base_url=eyes.url,
        llm_model="eyes",
        llm_api_key=SecretStr("key-of-the-test"),
        llm_vision=True,
        llm_timeout_seconds=5.0,
    )


@pytest.fixture
def seeing(database: Settings, eyes: Eyes, model: Settings) -> Settings:
    eyes.holding = lambda: engine().pool.checkedout()  # type: ignore[attr-defined]
    return model
