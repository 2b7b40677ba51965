"""One ASGI middleware: correlation id in and out, bound to every log line of the request."""

import re

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracking_core.kit.ids import new_hex

_HEADER = b"x-correlation-id"
_ACCEPTABLE = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")


class CorrelationId:
    """Keeps the caller's ``X-Correlation-Id`` when it is harmless, else makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = correlation_of(dict(scope["headers"]))

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_HEADER, correlation)]
            await send(message)

        await self._app(scope, receive, with_header)


def correlation_of(headers: dict[bytes, bytes]) -> bytes:
    """The request's correlation id, now bound to its log lines."""
    given = headers.get(_HEADER, b"")
    correlation = given if _ACCEPTABLE.match(given) else new_hex().encode()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation_id=correlation.decode())
    return correlation
