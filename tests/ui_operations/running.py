"""The hub over HTTP in this process, on a loop of its own, so that a browser can look at what a test has made."""

import asyncio
import os
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

import psycopg
import pytest
import uvicorn
from psycopg import sql

from api.app import create_app
from evals.stack import wait_for
from tests.conftest import KEYS
from tracking_core.db.engine import dispose
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings, get_settings

_T = TypeVar("_T")
_SECONDS = 60


class Running:
    """``run`` does something on the hub's own loop, whose database connections are its own too."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(settings), log_config=None, lifespan="on")
        self._server = uvicorn.Server(config)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def start(self) -> None:
        self._thread.start()
        self._serving = asyncio.run_coroutine_threadsafe(self._server.serve([self._socket]), self._loop)
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._serving.result(_SECONDS)
        self.run(dispose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()


@contextmanager
def running(postgres: EmbeddedPostgres, redis: EmbeddedRedis) -> Iterator[Running]:
    """Over a database of its own."""
    with _database(postgres.url) as url, pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            patched.delenv(name)
        patched.setenv("HUB_ENVIRONMENT", "testing")
        patched.setenv("HUB_DATABASE_URL", url)
        patched.setenv("HUB_REDIS_URL", redis.url)
        patched.setenv("HUB_SECRETS_KEYS", KEYS)
        get_settings.cache_clear()
        hub = Running(get_settings())
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()
            get_settings.cache_clear()


@contextmanager
def _database(base: str) -> Iterator[str]:
    name = f"test_{new_id().hex}"
    server = base.replace("+psycopg", "").rsplit("/", 1)[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE hub STRATEGY FILE_COPY").format(sql.Identifier(name)))
        yield f"{base.rsplit('/', 1)[0]}/{name}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
