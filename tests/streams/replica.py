"""The streams of one API process, on uvicorn: in this event loop, or as ``python -m tests.streams.replica PORT``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api import problems
from api.cli.processes import SERVER_OPTIONS
from api.middleware import BodyLimit, CorrelationId
from api.protocol import HubProtocol
from api.routes import session_events
from tracking_core.db.engine import dispose
from tracking_core.settings import get_settings
from tracking_core.streams.follow import Limits, Streams


async def snapshot(session: AsyncSession, session_id: UUID, /) -> tuple[int, dict[str, Any]]:
    query = text("SELECT event_seq, state FROM setup_sessions WHERE id = :id")
    row = (await session.execute(query, {"id": session_id})).one()
    return row.event_seq, {"state": row.state, "true_for": row.event_seq}


def make_app(limits: Limits | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.streams = Streams(get_settings().database_url, snapshot, limits)
        yield
        await app.state.streams.stop()
        await dispose()

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(BodyLimit, limit_bytes=10_000)
    app.add_middleware(CorrelationId)
    problems.install(app)
    app.include_router(session_events.router)
    return app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they stay pytest's


class Replica:
    """``async with``: it answers at ``url``."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.app = make_app(limits)
        options = {**SERVER_OPTIONS, "http": HubProtocol}
        self.server = _Server(uvicorn.Config(self.app, port=0, **options))

    @property
    def streams(self) -> Streams:
        streams: Streams = self.app.state.streams
        return streams

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server.servers[0].sockets[0].getsockname()
        return host, port

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    async def __aenter__(self) -> "Replica":
        self._serving = asyncio.create_task(self.server.serve())
        while not self.server.started:  # noqa: ASYNC110 - uvicorn sets a flag only
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.streams.stop()
        self.server.should_exit = True
        await self._serving


if __name__ == "__main__":
    uvicorn.run(make_app(), port=int(sys.argv[1]), **{**SERVER_OPTIONS, "http": HubProtocol})
