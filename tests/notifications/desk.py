"""The hub's address for Chatwoot's webhooks, served in the test's own loop, and the people at Chatwoot's desk."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api import problems
from api.routes import chatwoot
from tracking_core.kit.json_http import tls_context
from tracking_core.settings import Settings
from tracking_core.worker.doorbell import Doorbell


@asynccontextmanager
async def serving_hub(settings: Settings) -> AsyncIterator[str]:
    """The address, without a slash at its end."""
    app = FastAPI()
    app.state.settings, app.state.doorbell = settings, Doorbell(settings)
    problems.install(app)
    app.include_router(chatwoot.router)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - it tells of its start in no other way
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running
    await app.state.doorbell.close()


class Desk:
    """Ana and her colleagues, by the simulator's control."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_control"

    async def said(self, conversation_id: int, text: str, **more: Any) -> None:
        await self._post("/said", {"conversation_id": conversation_id, "text": text, **more})

    async def moved(self, conversation_id: int, **more: Any) -> None:
        await self._post("/moved", {"conversation_id": conversation_id, **more})

    async def everything(self) -> dict[str, Any]:
        """Once every webhook was answered."""
        async with self._client() as client:
            told: dict[str, Any] = (await client.get(f"{self._url}/everything")).json()
            return told

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self._client() as client:
            (await client.post(f"{self._url}{path}", json=body)).raise_for_status()
        await self.everything()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=10, trust_env=False, verify=tls_context())
