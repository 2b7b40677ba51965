"""The whole application in process, and our own people with their keys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.app import create_app
from tracking_core.db.engine import transaction
from tracking_core.models import StaffRole
from tracking_core.settings import Settings
from tracking_core.staff import service as staff


@dataclass(frozen=True)
class Asker:
    client: httpx.AsyncClient
    key: str

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        return await self.client.request(method, f"/api/v1/operations/{path}", headers=headers, **how)

    async def get(self, path: str, **asked: Any) -> Any:
        answer = await self.ask("GET", path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass(frozen=True)
class Staff:
    olga: Asker  # the operator
    bia: Asker  # of the support desk
    nobody: Asker


@pytest.fixture
async def people(database: Settings) -> AsyncIterator[Staff]:
    app = create_app(database)
    async with transaction() as session:
        olga = await staff.create(session, "Olga", StaffRole.OPERATOR, actor="test")
        bia = await staff.create(session, "Bia", StaffRole.SUPPORT, actor="test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield Staff(Asker(client, olga.key), Asker(client, bia.key), Asker(client, "sk_staff_nobody"))
