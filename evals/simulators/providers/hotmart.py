"""Hotmart's OAuth and API. Source: developers.hotmart.com, authentication, rate limits, errors, pagination and sales
history pages. What wrong client credentials get is documented nowhere: it is Spring's, whose fields the token has."""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.providers.accounts import Account, Permission
from evals.simulators.providers.faults import json_response, page
from evals.simulators.providers.forms import FORM, form_of, media_type
from evals.simulators.providers.hotmart_pages import BadQuery, paged
from evals.simulators.providers.hotmart_sales import listed
from evals.simulators.providers.serving import UNKNOWN_PATH, Manner, guarded
from evals.simulators.providers.state import State, Use

_ERRORS = {
    400: ("invalid_parameter", "A parameter is invalid"),
    401: ("unauthorized", "Full authentication is required to access this resource"),
    403: ("unauthorized_client", "The client may not use this resource"),
    404: ("not_found", "The URL was not found"),
    429: ("too_many_requests", "Too many requests"),
}
_PRODUCT = {"id": 1_355_458, "ucode": "ucode_4038161c", "name": "Curso Exemplo", "status": "ACTIVE"}
_FAILURE = ("internal_server_error", "Unexpected error")


def api_refusal(status: int) -> Response:
    return _refused(status, *(_FAILURE if status >= 500 else _ERRORS.get(status, _ERRORS[400])))


def _limit_headers(_status: int, used: Use) -> dict[str, str]:
    """On every answer."""
    limit, left = str(used.limit), str(max(used.left, 0))
    return {
        "RateLimit-Limit": limit,
        "RateLimit-Remaining": left,
        "RateLimit-Reset": str(used.seconds_to_reset),
        "X-RateLimit-Limit-Minute": limit,
        "X-RateLimit-Remaining-Minute": left,
    }


_MANNER = Manner("hotmart", api_refusal, _limit_headers, throttled_seconds=17)


def auth_routes(state: State) -> list[Route]:
    route = guarded(_MANNER, state)
    return [route("/security/oauth/token", _token, "POST"), route(UNKNOWN_PATH, _nothing, "")]


def api_routes(state: State) -> list[Route]:
    """The host is that of the documentation site too: whatever the API does not know is a page, with status 200."""
    route = guarded(_MANNER, state)
    return [
        route("/payments/api/v1/sales/history", _history, "GET"),
        route("/user/api/v1/me", _me, "GET"),
        route("/products/api/v1/products", _products, "GET"),
        route(UNKNOWN_PATH, _documentation, ""),
    ]


async def _token(state: State, request: Request) -> Response:
    """Client id and secret in the query and again in the Basic; or, as reported too, a form and the Basic alone."""
    form = form_of(await request.body()) if media_type(request) == FORM else {}
    if form is None:
        return api_refusal(400)
    given = {**form, **request.query_params}
    pair = _basic(request.headers.get("authorization", ""))
    if pair is None:
        return api_refusal(401)
    if given.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "Unsupported grant type")
    is_by_basic_alone = "grant_type" in form and not given.keys() & {"client_id", "client_secret"}
    account = state.account("hotmart", *pair)
    if account is None or not (is_by_basic_alone or (given.get("client_id"), given.get("client_secret")) == pair):
        return _refused(401, "invalid_client", "Bad client credentials")
    return json_response(200, _granted(state, account))


def _granted(state: State, account: Account) -> dict[str, object]:
    token = f"H4sIAAAAAAAA{secrets.token_urlsafe(48)}"
    state.issue(token, account)
    lifetime = {"token_type": "bearer", "expires_in": account.token_seconds}
    return {"access_token": token, **lifetime, "scope": "read write", "jti": secrets.token_hex(16)}


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    try:
        name, mark, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, secret) if scheme.lower() == "basic" and mark else None


def _holder(state: State, request: Request, permission: Permission) -> Account | Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return api_refusal(401)
    known = state.holder("hotmart", token)
    if known is None:
        return _refused(401, "invalid_token", "Invalid access token")
    account, has_expired = known
    if has_expired:
        return _refused(401, "token_expired", "Access token expired")
    return account if permission in account.permissions else api_refusal(403)


async def _history(state: State, request: Request) -> Response:
    account = _holder(state, request, "sales")
    return account if isinstance(account, Response) else _listed(request, partial(listed, account.sales))


async def _me(state: State, request: Request) -> Response:
    account = _holder(state, request, "account")
    return account if isinstance(account, Response) else json_response(200, {"id": 1, "name": account.name})


async def _products(state: State, request: Request) -> Response:
    account = _holder(state, request, "products")
    return account if isinstance(account, Response) else _listed(request, partial(paged, [_PRODUCT]))


def _listed(request: Request, answer: Callable[[Mapping[str, str]], dict[str, Any]]) -> Response:
    try:
        return json_response(200, answer(dict(request.query_params)))
    except BadQuery as bad:
        return _refused(400, bad.error, f"The {bad.parameter} parameter is invalid")


async def _nothing(_state: State, _request: Request) -> Response:
    return api_refusal(404)


async def _documentation(_state: State, _request: Request) -> Response:
    return page()


def _refused(status: int, error: str, description: str) -> Response:
    return json_response(status, {"error": error, "error_description": description})
