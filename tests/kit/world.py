"""A network of the tests' own: names answered from a table, and sockets that only ever open to the loopback."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import httpcore
from httpcore import SOCKET_OPTION

Behaviour = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """A server on the loopback. ``behaviour`` is given the request's target and writes the answer; ``heads`` keeps
    what was asked."""

    behaviour: Behaviour | None = None
    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    server: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self.server
        self.server.close()
        await self.server.wait_closed()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, body: bytes = b"<html></html>", *, status: int = 200, **headers: str) -> None:
        """The same answer to everything."""

        async def write(_target: str, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(body, status=status, **headers))

        self.behaviour = write

    def routes(self, table: dict[str, bytes]) -> None:
        async def write(target: str, writer: asyncio.StreamWriter) -> None:
            writer.write(table[target])

        self.behaviour = write

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            if self.behaviour:
                await self.behaviour(head.split(" ")[1], writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away, which some tests are about
        finally:
            writer.close()


def answer(body: bytes = b"<html></html>", *, status: int = 200, **headers: str) -> bytes:
    """A whole response; underscores of header names become hyphens."""
    lines = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return head.encode() + body


def moved(location: str, status: int = 302) -> bytes:
    return answer(b"", status=status, location=location)


class Names:
    """Answers of a resolver, one list after the other for each lookup of a name; the last one stays."""

    def __init__(self, **_: object) -> None:
        self.table: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []

    def say(self, name: str, *answers: Sequence[str]) -> None:
        self.table[name] = list(answers)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.table.get(host)
        if not answers:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Dialer(httpcore.AnyIOBackend):
    """Notes what it is asked to dial, and opens a real socket: to the site that stands for the address, else to the
    canary."""

    def __init__(self, canary: Site) -> None:
        self._canary = canary
        self.sites: dict[tuple[str, int], Site] = {}
        self.dialled: list[tuple[str, int]] = []

    def put(self, address: str, port: int, site: Site) -> None:
        self.sites[address, port] = site

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        site = self.sites.get((host, port), self._canary)
        return await super().connect_tcp("127.0.0.1", site.port, timeout, local_address, socket_options)
