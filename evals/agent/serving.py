"""Applications served on this event loop."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from api.cli.processes import SERVER_OPTIONS
from evals.simulators.meta.transport import config

_PAUSE_SECONDS = 0.005


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever runs the loop hears them."""
        yield


@asynccontextmanager
async def simulator(app: ASGIApp, port: int) -> AsyncIterator[None]:
    async with _serving(config(app, port)):
        yield


@asynccontextmanager
async def hub(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """As ``hub api`` serves it."""
    options = {**SERVER_OPTIONS, "timeout_graceful_shutdown": 1}
    async with _serving(uvicorn.Config(app, host="127.0.0.1", port=port, **options)):
        yield


@asynccontextmanager
async def _serving(made: uvicorn.Config) -> AsyncIterator[None]:
    server = _Server(made)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((made.host, made.port))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError(f"nothing serves on port {made.port}")
            await asyncio.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            server.should_exit = True
            await task
