"""The server: each answer leaves in one write, and a handler can cut the connection it was called on."""

import asyncio
import os
import socket
import struct
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "simulator.transport"


class _OneWrite(asyncio.Transport):
    """Sends what was written in one turn of the loop together: header and body apart cost a client two wake-ups, and
    40 ms where the acknowledgement of the first is delayed."""

    def __init__(self, wrapped: asyncio.Transport) -> None:
        super().__init__()
        self._wrapped = wrapped
        self._parts: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts.append(bytes(data))

    def close(self) -> None:
        self._flush()
        self._wrapped.close()

    def is_closing(self) -> bool:
        return self._wrapped.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._wrapped.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._wrapped.pause_reading()

    def resume_reading(self) -> None:
        self._wrapped.resume_reading()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._wrapped.is_closing():
            self._wrapped.write(b"".join(parts))


class Protocol(HttpToolsProtocol):
    """Hands its transport to the application, as an ASGI extension."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_OneWrite(transport))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}


def config(app: ASGIApp, port: int) -> uvicorn.Config:
    """The server on 127.0.0.1."""
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


async def body_of(receive: Receive, limit_bytes: int) -> bytes | None:
    """The whole body; None when it was cut short or is larger than the limit."""
    chunks, size, has_more = [], 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit_bytes:
            chunks.append(chunk)
        has_more = message.get("more_body", False)
    return b"".join(chunks) if size <= limit_bytes else None


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


async def cut(scope: Scope, receive: Receive, *, is_reset: bool = False) -> None:
    """Close the connection after what was written so far; the handler then has nothing more to answer.

    ``is_reset``: with a TCP reset.
    """
    transport = scope["extensions"][_EXTENSION]["transport"]
    if is_reset:
        _reset_on_close(transport.get_extra_info("socket").fileno())
    transport.close()
    await gone(receive)


def _reset_on_close(descriptor: int) -> None:
    """A socket that lingers for zero seconds ends with a reset instead of an end of stream."""
    with socket.socket(fileno=os.dup(descriptor)) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
