"""A tenant with one setup over HTTP, and a worker's word on what was asked of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlmodel import col, select

from api.limits import Allowance, Limits
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import IntentState, SetupIntent, SetupSession, VaultSecret
from tracking_core.setup import inbox

if TYPE_CHECKING:
    from tests.api.conftest import Tenant

SESSIONS = "/api/v1/setup/sessions"


@dataclass(frozen=True)
class Setup:
    client: httpx.AsyncClient
    tenant: "Tenant"
    session_id: UUID

    @classmethod
    async def begin(cls, client: httpx.AsyncClient, tenant: "Tenant") -> "Setup":
        made = await client.post(SESSIONS, json={"tenant_id": str(tenant.id)}, headers=tenant.bearer)
        assert made.status_code == 201, made.text
        return cls(client, tenant, UUID(made.json()["session_id"]))

    @property
    def app(self) -> FastAPI:
        app: FastAPI = self.client._transport.app  # type: ignore[attr-defined]
        return app

    def waits(self, seconds: float) -> None:
        self.app.state.settings = self.app.state.settings.model_copy(update={"setup_action_wait_seconds": seconds})

    def limited(self, **limits: int) -> None:
        self.app.state.allowance = Allowance(Limits(**limits))

    async def send(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "", language: str = "en"
    ) -> httpx.Response:
        headers = {**self.tenant.bearer, "Accept-Language": language, **({"Idempotency-Key": key} if key else {})}
        url = f"{SESSIONS}/{self.session_id}/{path}"
        return await self.client.request(method, url, json=body, headers=headers)

    async def meta(self, *, key: str = "", **changes: Any) -> httpx.Response:
        body = {"dataset_id": "820000000000001", "access_token": "EAAaTokenOfTheTest0123456789", **changes}
        return await self.send("POST", "actions/validate_meta_token", body, key=key)

    async def probe(self, url: str = "https://loja.example/", *, key: str = "") -> httpx.Response:
        return await self.send("POST", "actions/probe_landing_url", {"url": url}, key=key)

    async def keep(self, kind: str, value: str) -> str:
        kept = await self.send("PUT", f"secrets/{kind}", {"value": value})
        assert kept.status_code == 200, kept.text
        return str(kept.json()["secret"])

    async def intents(self) -> list[SetupIntent]:
        query = select(SetupIntent).where(SetupIntent.session_id == self.session_id).order_by(col(SetupIntent.seq))
        async with transaction() as session:
            return list((await session.scalars(query)).all())

    async def secrets(self) -> list[VaultSecret]:
        async with transaction() as session:
            return list((await session.scalars(select(VaultSecret).order_by(col(VaultSecret.created_at)))).all())

    async def row(self) -> SetupSession:
        async with transaction() as session:
            return await session.get_one(SetupSession, self.session_id)

    async def finish(self, code: str | None = None, **result: Any) -> None:
        """Take everything off the queue."""
        async with transaction() as session:
            while intent := await inbox.next_queued(session, self.session_id):
                await inbox.finish(session, intent.id, IntentState.DONE, clock.now(), code=code, result=result)

    @asynccontextmanager
    async def asking(self, *requests: Any) -> AsyncIterator["asyncio.Future[list[httpx.Response]]"]:
        """The requests under way, each with its intent in the inbox; all are answered once those are handled."""
        under_way = asyncio.gather(*requests)
        while len([one for one in await self.intents() if one.state == IntentState.QUEUED]) < len(requests):
            assert not under_way.done(), under_way.result()
            await asyncio.sleep(0.01)
        yield under_way
        await under_way
