"""Every error leaves as RFC 9457 problem JSON with a stable ``code``, in the caller's language."""

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tracking_core.errors import BodyTooLarge, HubError, InvalidRequest, RateLimited, ServiceUnavailable
from tracking_core.i18n import negotiate, translate

log = structlog.get_logger()
_MEDIA_TYPE = "application/problem+json"


def install(app: FastAPI) -> None:
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(DBAPIError, _unexpected)
    app.add_exception_handler(Exception, _unexpected)


def problem(request: Request, error: HubError) -> Response:
    locale = negotiate(request.headers.get("accept-language"))
    message = translate(error.message, locale)
    body: dict[str, Any] = {
        "type": f"urn:hub:error:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "code": error.code,
        "detail": message.format(**error.params) if error.params else message,
    }
    if isinstance(error, InvalidRequest):
        body["errors"] = error.errors
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.params["retry_after_seconds"])
    return Response(orjson.dumps(body), error.status, headers, _MEDIA_TYPE)


def invalid(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """Field, kind and message of each fault; never the value that was sent."""
    return InvalidRequest(
        [
            {"field": ".".join(str(part) for part in item["loc"]), "code": item["type"], "message": item["msg"]}
            for item in error.errors()
        ]
    )


async def _hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    if error.status >= 500:
        log.error("request_failed", code=error.code, path=request.url.path)
    return problem(request, error)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(request, invalid(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed", 413: BodyTooLarge.code}.get(error.status_code, "http_error")
    body = {
        "type": f"urn:hub:error:{code}",
        "title": str(error.detail),
        "status": error.status_code,
        "code": code,
        "detail": str(error.detail),
    }
    return Response(orjson.dumps(body), error.status_code, dict(error.headers or {}), _MEDIA_TYPE)


async def _database_away(request: Request, error: Exception) -> Response:
    log.error("database_away", error=type(error).__name__, path=request.url.path)
    return problem(request, ServiceUnavailable())


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_crashed", path=request.url.path, exc_info=error)
    return problem(request, HubError())
