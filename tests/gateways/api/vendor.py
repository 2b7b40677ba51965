"""A provider's API on the loopback: what it answers is said route by route, and what it received is kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
PAGE = b"<!doctype html><html><title>Docs</title></html>"


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Vendor:
    """A route's replies are used up in order; the last one stays. A route nobody named answers with a page."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    routes: dict[str, list[Behaviour]] = field(default_factory=dict)

    def on(self, route: str, *replies: Behaviour) -> None:
        self.routes[route] = list(replies)

    def calls(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            await self._reply(f"{request.method} {request.path}")(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away, which some tests are about
        finally:
            writer.close()

    def _reply(self, route: str) -> Behaviour:
        replies = self.routes.get(route) or self.routes.get("*") or [page(404)]
        return replies.pop(0) if len(replies) > 1 else replies[0]


@asynccontextmanager
async def running() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield vendor
    server.close()
    await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.strip().split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return Request(method, parts.path, query, headers, body)


def raw(status: int, body: bytes, content_type: str | None = "application/json", **headers: str) -> Behaviour:
    lines = {"content-length": str(len(body)), "connection": "close"}
    if content_type is not None:
        lines["content-type"] = content_type
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return _writing(head.encode("latin-1") + body)


def says(status: int, said: Any, **headers: str) -> Behaviour:
    return raw(status, orjson.dumps(said), **headers)


def page(status: int) -> Behaviour:
    return raw(status, PAGE, "text/html; charset=utf-8")


def empty(status: int) -> Behaviour:
    return raw(status, b"")


def _writing(data: bytes) -> Behaviour:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return write


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1.5)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Each byte comes in time, the whole never does."""
    writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n")
    for _ in range(15):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drop(_writer: asyncio.StreamWriter) -> None:
    return


half = _writing(b'HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a')
no_http = _writing(b"\x00\x01 this is not HTTP\r\n\r\n")


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
    for _ in range(4_000):
        writer.write(b"[" * 65_536)
        await writer.drain()
