"""The one way out: resolves, checks every answer, and dials exactly a checked address.

The URL, the ``Host`` header, SNI and the certificate's name stay the seller's; only the socket's address is ours.
"""

import asyncio
import ipaddress
from collections.abc import Iterable
from typing import NoReturn

import httpcore
from httpcore import SOCKET_OPTION

from tracking_core.kit.guarded.addresses import Address, public_address
from tracking_core.kit.guarded.resolver import Resolver
from tracking_core.kit.guarded.results import FailureKind, Stop
from tracking_core.kit.guarded.targets import Target

_DIALS_MAX = 4


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to one target and nothing else, asking and checking anew for each connection."""

    def __init__(self, target: Target, resolver: Resolver, dialer: httpcore.AsyncNetworkBackend) -> None:
        self._target, self._resolver, self._dialer = target, resolver, dialer

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """``timeout`` seconds for the name and as many for each address; of several addresses, four are tried."""
        if (host, port) != (self._target.host, self._target.port):
            raise Stop(FailureKind.DENIED)
        async with asyncio.timeout(timeout):
            addresses = await self._addresses()
        fault: Exception = httpcore.ConnectError()
        for address in addresses[:_DIALS_MAX]:
            try:
                return await self._dialer.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError) as error:
                fault = error
        raise fault

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> NoReturn:
        raise Stop(FailureKind.DENIED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self) -> list[Address]:
        """IPv4 first: a machine without an IPv6 route then loses no time. One bad answer spoils them all, for the
        next connection might get that one."""
        host = self._target.host
        answers = [host] if _is_literal(host) else await self._resolver.resolve(host, self._target.port)
        if self._target.is_trusted:
            return [ipaddress.ip_address(answer) for answer in answers]
        checked = [public_address(answer) for answer in answers]
        allowed = [address for address in checked if address is not None]
        if len(allowed) < len(checked):
            raise Stop(FailureKind.DENIED)
        return sorted(allowed, key=lambda address: address.version)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
