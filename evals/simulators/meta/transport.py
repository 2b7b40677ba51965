"""The server: each answer leaves in one write, and a handler can cut the connection it was called on."""

import asyncio

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "simulator.transport"


class Protocol(HttpToolsProtocol):
    """Hands its transport to the application, as an ASGI extension."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}


def config(app: ASGIApp, port: int) -> uvicorn.Config:
    """On 127.0.0.1. uvloop sends what one handler writes without waiting, header and body, in one packet."""
    return uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


async def pause(receive: Receive, seconds: float) -> None:
    """Wait; shorter when the client leaves."""
    try:
        async with asyncio.timeout(seconds):
            await gone(receive)
    except TimeoutError:
        return


async def gone(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the connection after what was written so far; the handler then has nothing more to answer."""
    scope["extensions"][_EXTENSION]["transport"].close()
    await gone(receive)
