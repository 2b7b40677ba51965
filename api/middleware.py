"""ASGI middleware: a correlation id for every log line of a request, and a bound on every body."""

import re
from collections.abc import Mapping

import structlog
from starlette.exceptions import HTTPException
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


class BodyLimit:
    """Stops reading any request's body past ``limit_bytes``: a route that reads it whole is bounded too. ``larger`` are
    other limits, for requests whose whole path matches."""

    def __init__(self, app: ASGIApp, limit_bytes: int, larger: Mapping[re.Pattern[str], int] | None = None) -> None:
        self._app, self._limit_bytes, self._larger = app, limit_bytes, larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, limit = 0, self._limit_of(scope.get("path", ""))

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                # Not a HubError: FastAPI passes on only this kind from its own reading of a body.
                raise HTTPException(413)
            return message

        await self._app(scope, bounded, send)

    def _limit_of(self, path: str) -> int:
        return next((limit for pattern, limit in self._larger.items() if pattern.fullmatch(path)), self._limit_bytes)
