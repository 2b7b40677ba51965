"""From names to addresses."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Protocol


class Resolver(Protocol):
    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every address of the name, as text; raises OSError when there is none."""
        ...


class SystemResolver:
    """The machine's own resolver, in a thread."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        # With the last dot no search domain is tried: a seller's name never finds a neighbour in the cluster.
        absolute = f"{host}." if "." in host and not host[-1].isdigit() else host
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(absolute, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except UnicodeError:
            raise OSError("no name a resolver takes") from None
        return list(dict.fromkeys(str(answer[4][0]) for answer in found))
