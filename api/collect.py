"""``POST /track/*``: the one path where every microsecond counts. Durable before the 202; CORS open, no credentials.

Answered before the framework's routing and middleware, which would cost more than the collecting itself.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import problems
from api.answer_headers import AnswerHeaders
from api.body import bounded
from api.middleware import correlation_of
from api.write_keys import WriteKeys
from tracking_core.collector.accept import Visitor, accept
from tracking_core.collector.client_ip import client_ip
from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import GroupWriter
from tracking_core.errors import HubError, MalformedBody, Unauthorized
from tracking_core.kit import clock
from tracking_core.metrics.collector import REFUSED
from tracking_core.models import TrackingKind
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing

PATHS = {f"/track/{kind}": kind for kind in TrackingKind}
CORS = {"Access-Control-Allow-Origin": "*"}
_KEY_MAX, _USER_AGENT_MAX = 128, 512
_ANSWER = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event_id", "click_id", "session_id")},
    "required": ["event_id", "click_id", "session_id"],
}
_HEADERS = [(b"content-type", b"application/json"), (b"access-control-allow-origin", b"*")]


@dataclass(slots=True)
class Collector:
    """What collecting needs of the process; ``writer`` is set while the application runs."""

    settings: Settings
    trusted_proxies: tuple[str, ...]
    rate_limiter: RateLimiter
    write_keys: WriteKeys
    writer: GroupWriter | None = None
    _said: AnswerHeaders = field(init=False)
    _head: list[tuple[bytes, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self._said = AnswerHeaders(self.settings)
        self._head = [*_HEADERS, *self._said.of_accepted()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: collect and answer; an error leaves as problem JSON that a browser may read."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        correlation = correlation_of(headers)
        try:
            answer = await self.collect(PATHS[scope["path"]], scope, headers, receive)
        except Exception as error:
            REFUSED.labels(error.code if isinstance(error, HubError) else HubError.code).inc()
            response = await problems.answer(Request(scope), error)
            response.headers["X-Correlation-Id"] = correlation.decode()
            self._said.complete(scope["path"], response.headers)
            await response(scope, receive, send)
            return
        length = (b"content-length", b"%d" % len(answer))
        head = [*self._head, length, (b"x-correlation-id", correlation)]
        await send({"type": "http.response.start", "status": 202, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    async def collect(self, kind: TrackingKind, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The 202's JSON, once the event is on disk. Raises HubError."""
        assert self.writer is not None
        body = await bounded(receive, headers.get(b"content-length"), self.settings.track_max_body_bytes)
        event = _parsed(body)
        key = headers[b"x-hub-key"].decode("latin-1") if b"x-hub-key" in headers else event.key
        if not key or len(key) > _KEY_MAX:
            raise Unauthorized
        self.rate_limiter.check(key)
        owner = await self.write_keys.writer(key)
        visitor, now = self._visitor(scope, headers), clock.now()
        accepted = accept(kind, event, tenant_id=owner.tenant_id, country=owner.country, visitor=visitor, now=now)
        await self.writer.write(accepted)
        tracing.visit(accepted.row_id, kind.value, now, headers.get(b"traceparent"))
        return orjson.dumps(accepted.answer)

    def _visitor(self, scope: Scope, headers: dict[bytes, bytes]) -> Visitor:
        peer = scope["client"][0] if scope.get("client") else None
        forwarded = ""
        if self.trusted_proxies and b"x-forwarded-for" in headers:
            # A proxy may add a line of its own after the visitor's; in order they are one list.
            lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            forwarded = b",".join(lines).decode("latin-1")
        agent = headers.get(b"user-agent", b"").decode("latin-1").replace("\x00", "")[:_USER_AGENT_MAX]
        return Visitor(client_ip(peer, forwarded, self.trusted_proxies), agent or None)


def described() -> dict[str, Any]:
    """These paths for the OpenAPI document."""
    problem = {"description": "Problem JSON with a stable `code`."}
    accepted = {"description": "Stored.", "content": {"application/json": {"schema": _ANSWER}}}
    operation = {
        "tags": ["collect"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": TrackRequest.model_json_schema()}},
        },
        "responses": {"202": accepted, **{str(status): problem for status in (400, 401, 413, 422, 429, 503)}},
    }
    return {path: {"post": {**operation, "operationId": f"track_{kind}"}} for path, kind in PATHS.items()}


def _parsed(body: bytes) -> TrackRequest:
    try:
        return TrackRequest.model_validate_json(body)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors()):
            return _mended(body)
        raise problems.invalid(error) from None


def _mended(body: bytes) -> TrackRequest:
    """A script that cuts a text may cut a character in half, which the strict parser refuses: only that is lost."""
    try:
        fields = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise MalformedBody from None
    if not isinstance(fields, dict):
        raise MalformedBody
    try:
        return TrackRequest.model_validate({name: _whole(value) for name, value in fields.items()})
    except ValidationError as error:
        raise problems.invalid(error) from None


def _whole(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
