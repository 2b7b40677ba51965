"""A server on the loopback that answers each connection as the test says, and keeps what it received."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import orjson
import pytest

from tracking_core.destinations.meta_capi.client import MetaClient

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Graph:
    """``behaviour`` writes the answer; the connection closes after it."""

    url: str = ""
    behaviour: Behaviour | None = None
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def answers(self, status: int, body: bytes, **headers: str) -> None:
        lines = {"content-length": str(len(body)), "connection": "close"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(head.encode("latin-1") + body)
            await writer.drain()

        self.behaviour = write

    def says(self, status: int, said: object, **headers: str) -> None:
        self.answers(status, orjson.dumps(said), **headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *rest = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append(Request(line, headers, body))
            self.arrived.set()
            if self.behaviour:
                await self.behaviour(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away, which some tests are about
        finally:
            writer.close()


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    graph = Graph()
    server = await asyncio.start_server(graph.serve, "127.0.0.1", 0)
    graph.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield graph
    server.close()
    await server.wait_closed()


@pytest.fixture
async def client(graph: Graph) -> AsyncIterator[MetaClient]:
    client = MetaClient(graph_url=graph.url, version="v26.0", timeout_seconds=2.0)
    yield client
    await client.aclose()
