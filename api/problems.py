"""Every error leaves as RFC 9457 problem JSON with a stable ``code``, in the caller's language."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.field_errors import field_error, localised
from api.ui import errors as pages
from tracking_core.db.engine import AWAY
from tracking_core.errors import BodyTooLarge, HubError, InvalidRequest, RateLimited, ServiceUnavailable
from tracking_core.i18n import negotiate, translate

log = structlog.get_logger()
_MEDIA_TYPE = "application/problem+json"
_HTTP_ERRORS = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: (BodyTooLarge.code, "The body is too large."),
}
# Without these a page of another site, which is every page that tracks, could not read why it was refused.
_PUBLIC_PATH = "/track/"
_PUBLIC_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}


def install(app: FastAPI) -> None:
    for kind in (HubError, RequestValidationError, HTTPException, *AWAY, DBAPIError, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> Response:
    """The answer to whatever was raised; what nobody expected is logged whole and told as an internal error."""
    match error:
        case HubError():
            if error.status >= 500:
                log.error("request_failed", code=error.code, route=_route(request))
            return problem(request, error)
        case RequestValidationError():
            return problem(request, invalid(error))
        case HTTPException():
            return _http_error(request, error)
    if isinstance(error, AWAY):
        log.error("database_away", error=type(error).__name__, route=_route(request))
        return problem(request, ServiceUnavailable())
    log.error("request_crashed", route=_route(request), exc_info=error)
    return problem(request, HubError())


def problem(request: Request, error: HubError) -> Response:
    locale = _locale(request)
    message = translate(error.message, locale)
    body: dict[str, Any] = {
        "type": f"urn:hub:error:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "code": error.code,
        "detail": message.format(**_told(error.params, locale)) if error.params else message,
    }
    if isinstance(error, InvalidRequest):
        body["errors"] = [localised(item, locale) for item in error.errors]
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.params["retry_after_seconds"])
    return _answer(request, body, headers, error)


def _route(request: Request) -> str:
    """For the log. Never the address itself: that of a sign-in link, a webhook or a frame is a key."""
    path = request.url.path
    return path if path.startswith(_PUBLIC_PATH) else str(getattr(request.scope.get("route"), "path", "none"))


def _told(params: Mapping[str, object], locale: str) -> dict[str, object]:
    """Names of things are msgids too."""
    return {name: translate(value, locale) if isinstance(value, str) else value for name, value in params.items()}


def invalid(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """Field, kind and message of each fault; never the value that was sent."""
    return InvalidRequest([field_error(item) for item in error.errors()])


def _locale(request: Request) -> str:
    return pages.locale_of(request) if pages.answers(request) else negotiate(request.headers.get("accept-language"))


def _answer(request: Request, body: dict[str, Any], headers: Mapping[str, str], error: Exception) -> Response:
    if pages.answers(request):
        return pages.answer(request, error, body["status"], body["detail"], dict(headers))
    shared = _PUBLIC_HEADERS if request.url.path.startswith(_PUBLIC_PATH) else {}
    return Response(orjson.dumps(body), body["status"], {**headers, **shared}, _MEDIA_TYPE)


def _http_error(request: Request, error: HTTPException) -> Response:
    code, message = _HTTP_ERRORS.get(error.status_code, ("http_error", str(error.detail)))
    body = {
        "type": f"urn:hub:error:{code}",
        "title": code.replace("_", " "),
        "status": error.status_code,
        "code": code,
        "detail": translate(message, _locale(request)),
    }
    return _answer(request, body, error.headers or {}, error)
