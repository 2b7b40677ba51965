"""ASGI middleware: a span and two metrics for each request, and its ids and setup session in every log line.

Collecting does not pass here. A caller's ``traceparent`` is linked to, never continued.
"""

import re
import time

import structlog
from opentelemetry.trace import Span, SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracking_core.metrics.infrastructure import HTTP_REQUESTS, HTTP_SECONDS, STREAMS
from tracking_core.telemetry import names, tracing
from tracking_core.telemetry.context import link_outside

_SETUP = re.compile(r"/setup/sessions/([0-9a-f-]{36})(?:/|$)")
# Asked every few seconds by machines.
_UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_EVENT_STREAM = b"text/event-stream"


class Observed:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if found := _SETUP.search(scope["path"]):
            structlog.contextvars.bind_contextvars(setup_session_id=found[1])
        if scope["path"] in _UNTRACED:
            await _Request(scope).run(self._app, receive, send)
            return
        links = link_outside(dict(scope["headers"]).get(b"traceparent")) if tracing.is_on() else ()
        with tracing.span("request", is_root=True, kind=SpanKind.SERVER, links=links) as made:
            await _Request(scope, made).run(self._app, receive, send)


class _Request:
    """One request while it is answered."""

    def __init__(self, scope: Scope, span: Span | None = None) -> None:
        self._scope, self._span = scope, span
        self._method = scope["method"] if scope["method"] in _METHODS else "other"
        self._status = 500
        self._is_stream = False

    async def run(self, app: ASGIApp, receive: Receive, send: Send) -> None:
        started = time.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._begins(message)
            await send(message)

        try:
            await app(self._scope, receive, noting)
        finally:
            self._ends(time.monotonic() - started)

    def _begins(self, message: Message) -> None:
        self._status = message["status"]
        kind = dict(message.get("headers", ())).get(b"content-type", b"")
        if kind.startswith(_EVENT_STREAM):
            self._is_stream = True
            STREAMS.inc()

    def _ends(self, seconds: float) -> None:
        route = self._route()
        HTTP_REQUESTS.labels(self._method, route, f"{self._status // 100}xx").inc()
        if self._is_stream:
            STREAMS.dec()
        else:
            HTTP_SECONDS.labels(self._method, route).observe(seconds)
        if self._span is not None and self._span.is_recording():
            self._tell(self._span, route)

    def _tell(self, span: Span, route: str) -> None:
        """The template only: addresses hold keys and ids."""
        span.update_name(f"{self._method} {route}")
        span.set_attributes({names.HTTP_METHOD: self._method, names.HTTP_ROUTE: route, names.HTTP_STATUS: self._status})
        if self._status >= 500:
            tracing.failed(span, str(self._status))

    def _route(self) -> str:
        """What was routed, mounts included; ``none`` for what no route took."""
        route = self._scope.get("route")
        return str(getattr(route, "path", "none")) if route is not None else "none"
