"""Servers to compare ingestion with, on the options of ``hub api``.

``python -m evals.bench.servers framework|bare|one_commit``.
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request
from psycopg_pool import AsyncConnectionPool
from starlette.responses import Response

from api.app import create_app
from api.cli.processes import SERVER_OPTIONS
from tracking_core.collector.accept import Accepted
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import COLUMNS
from tracking_core.settings import Settings, get_settings

_INSERT = f"INSERT INTO tracking_events ({COLUMNS}) VALUES ({', '.join(['%s'] * len(COLUMNS.split(',')))})"  # noqa: S608
_CLAIM = """
INSERT INTO dedupe_registry (tenant_id, key, scope, claimed_at) VALUES (%s, %s, 'tracking', now())
ON CONFLICT DO NOTHING RETURNING key
"""
_ANSWER = b'{"event_id":"00000000-0000-0000-0000-000000000000","click_id":"h0","session_id":"s0"}'


def framework() -> FastAPI:
    """The usual endpoint: the framework routes it, the body is checked against the same schema, nothing is kept."""
    app = FastAPI()

    async def click(request: Request) -> Response:
        TrackRequest.model_validate_json(await request.body())
        return Response(_ANSWER, 202, media_type="application/json")

    app.add_api_route("/track/click", click, methods=["POST"], response_model=None)
    return app


def bare() -> FastAPI:
    """The limit: our own application, which reads, checks, hashes and answers the same and keeps nothing."""
    return _writing_with(lambda _: nullcontext(_Nowhere()))


def one_commit() -> FastAPI:
    """Our own application with the usual way of writing: a pool, and one insert and commit for each request."""
    return _writing_with(_one_by_one)


def _writing_with(make: Callable[[Settings], AbstractAsyncContextManager[Any]]) -> FastAPI:
    app = create_app()
    grouped = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with grouped(app), make(get_settings()) as writer:
            app.state.collector.writer = writer
            yield

    app.router.lifespan_context = lifespan
    return app


class _Nowhere:
    """The group writer's ``write`` without writing."""

    async def write(self, accepted: Accepted) -> None:
        return


class _OneByOne:
    """The group writer's ``write`` without the group."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def write(self, accepted: Accepted) -> None:
        async with self._pool.connection() as connection:
            claimed = await connection.execute(_CLAIM, (accepted.tenant_id, UUID(accepted.key)))
            if await claimed.fetchone():
                await connection.execute(_INSERT, accepted.row)


@asynccontextmanager
async def _one_by_one(settings: Settings) -> AsyncIterator[_OneByOne]:
    dsn = settings.database_url.replace("+psycopg", "")
    async with AsyncConnectionPool(dsn, min_size=settings.database_pool_size, open=False) as pool:
        yield _OneByOne(pool)


if __name__ == "__main__":
    wanted = {"framework": framework, "bare": bare, "one_commit": one_commit}[sys.argv[1]]
    uvicorn.run(wanted(), host="127.0.0.1", port=get_settings().port, **SERVER_OPTIONS)
