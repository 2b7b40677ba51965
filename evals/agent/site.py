"""The seller's page under a stable public name: the hub's own guard asks a resolver and a dialer that lead to the
simulator on loopback, so that no prompt has a port in it."""

import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
from httpcore import SOCKET_OPTION
from starlette.types import ASGIApp, Receive, Scope, Send

from evals.agent.cast import PAGE
from evals.simulators.landing.app import create_app
from evals.simulators.landing.state import State
from tracking_core.kit.guarded.client import GuardedClient, Limits

# Public by every list, and never dialled.
_PUBLIC = "93.184.216.34"
_HOSTS = frozenset({"loja.example", "www.loja.example"})
_PATH, _SIMULATED_PATH = f"/{PAGE.rsplit('/', 1)[1]}", "/ok"
_HASTY = Limits(total_seconds=3.0, connect_seconds=1.0, read_seconds=1.0)


def guarded(port: int) -> GuardedClient:
    """Every rule of the guard holds; only names and sockets are made up."""
    return GuardedClient(resolver=_Names(), dialer=_Dialer(port), limits=_HASTY)


def create_page(state: State) -> ASGIApp:
    """The landing simulator, with the page that a fault can be ordered for at the path a seller would name."""
    simulated = create_app(state)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == _PATH:
            scope = {**scope, "path": _SIMULATED_PATH}
        await simulated(scope, receive, send)

    return page


class _Names:
    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if host not in _HOSTS:
            raise OSError("no such name")
        return [_PUBLIC]


class _Dialer(httpcore.AnyIOBackend):
    """Every address is the simulator's. TLS is taken as made: certificates are tested where the guard is."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp("127.0.0.1", self._port, timeout, local_address, socket_options)
        return _InClear(stream)


class _InClear(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None if info == "ssl_object" else self._stream.get_extra_info(info)
