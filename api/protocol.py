"""HTTP/1.1 as uvicorn speaks it, on connections that end when the peer takes nothing any more."""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Without it a peer that stops reading keeps its connection and what was written for it for ever: closing waits until
# everything is sent. tcp(7): data that stays unacknowledged, or unsent because the window is zero, for this long.
_TAKES_NOTHING_MS = 20_000


class HubProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        connection = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKES_NOTHING_MS)
        super().connection_made(transport)
