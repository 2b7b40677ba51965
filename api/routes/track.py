"""``POST /track/*`` and ``GET /t.js``: what browsers talk to. Durable before the 202; CORS open, no credentials."""

from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import problems
from api.body import bounded
from tracking_core.collector.accept import Visitor, accept
from tracking_core.collector.client_ip import client_ip
from tracking_core.collector.schema import TrackRequest
from tracking_core.errors import MalformedBody, Unauthorized
from tracking_core.kit import clock
from tracking_core.models import TrackingKind

router = APIRouter(tags=["collect"])
_SCRIPT = Path(__file__).parents[1] / "static" / "t.js"
_CORS = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Hub-Key",
    "Access-Control-Max-Age": "86400",
}
_USER_AGENT_MAX = 512
# The body is read by hand because sendBeacon posts JSON as text/plain.
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": TrackRequest.model_json_schema()}}}
}


async def _track(request: Request, kind: TrackingKind) -> Response:
    state, settings = request.app.state, request.app.state.settings
    body = await bounded(request, settings.track_max_body_bytes)
    event = _parsed(body)
    key = request.headers.get("x-hub-key") or event.key
    if not key or len(key) > 128:
        raise Unauthorized
    state.rate_limiter.check(key)
    writer = await state.write_keys.writer(key)
    peer = request.client.host if request.client else None
    visitor = Visitor(
        client_ip(peer, request.headers.get("x-forwarded-for"), state.trusted_proxies),
        (request.headers.get("user-agent") or "").replace("\x00", "")[:_USER_AGENT_MAX] or None,
    )
    accepted = accept(kind, event, tenant_id=writer.tenant_id, country=writer.country, visitor=visitor, now=clock.now())
    await state.group_writer.write(accepted)
    return Response(orjson.dumps(accepted.answer), 202, _CORS, "application/json")


def _parsed(body: bytes) -> TrackRequest:
    try:
        return TrackRequest.model_validate_json(body)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors()):
            raise MalformedBody from None
        raise problems.invalid(error) from None


def _route(kind: TrackingKind) -> None:
    path = f"/track/{kind}"

    async def endpoint(request: Request) -> Response:
        return await _track(request, kind)

    async def preflight() -> Response:
        return Response(None, 204, _PREFLIGHT)

    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        status_code=202,
        openapi_extra=_BODY,
        name=f"track_{kind}",
        response_model=None,
    )
    router.add_api_route(path, preflight, methods=["OPTIONS"], status_code=204, include_in_schema=False)


for _kind in TrackingKind:
    _route(_kind)


@router.get("/t.js", include_in_schema=False)
async def script() -> Response:
    """The browser script; it finds its key in its own address."""
    headers = {**_CORS, "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(_SCRIPT.read_bytes(), 200, headers, "text/javascript; charset=utf-8")
