"""Hotmart's OAuth and payments API. Source: developers.hotmart.com, authentication and sales history pages."""

import base64
import binascii
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.providers.faults import json_response, page
from evals.simulators.providers.serving import Guarded
from evals.simulators.providers.state import Account, State

_PAID = ("APPROVED", "COMPLETE")
_PAGE_MAX = 50


def refusal(status: int) -> Response:
    names = {401: "unauthorized", 403: "unauthorized_client", 404: "not_found", 429: "too_many_requests"}
    error = names.get(status, "internal_server_error" if status >= 500 else "invalid_parameter")
    headers = {"RateLimit_Limit": "500", "RateLimit_Remaining": "0", "RateLimit_Reset": "17"} if status == 429 else {}
    return json_response(status, {"error": error, "error_description": error.replace("_", " ")}, **headers)


def auth_routes(state: State) -> list[Route]:
    return [Route("/security/oauth/token", Guarded("hotmart", state, _token, refusal), methods=["POST"])]


def api_routes(state: State) -> list[Route]:
    """An unknown path is the documentation site's: 200 with a page."""

    def guarded(answer: Any) -> Guarded:
        return Guarded("hotmart", state, answer, refusal)

    return [
        Route("/payments/api/v1/sales/history", guarded(_history), methods=["GET"]),
        Route("/user/api/v1/me", guarded(_me), methods=["GET"]),
        Route("/products/api/v1/products", guarded(_products), methods=["GET"]),
        Route("/{path:path}", guarded(_documentation), methods=["GET", "POST", "DELETE"]),
    ]


async def _token(state: State, request: Request) -> Response:
    """Credentials in the query (or the form), and again as Basic; both must be of the same account."""
    form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
    given = {**form, **request.query_params}
    pair = _basic(request.headers.get("authorization", ""))
    if given.get("grant_type") != "client_credentials":
        return json_response(400, {"error": "unsupported_grant_type", "error_description": "grant type"})
    if pair is None or (given.get("client_id", pair[0]), given.get("client_secret", pair[1])) != pair:
        return _invalid_client()
    account = state.account("hotmart", *pair)
    if account is None:
        return _invalid_client()
    token = f"H4sIAAAAAAAA{secrets.token_urlsafe(48)}"
    state.tokens[token] = (account, time.monotonic() + account.token_seconds)
    said = {"access_token": token, "token_type": "bearer", "expires_in": account.token_seconds}
    return json_response(200, {**said, "scope": "read write", "jti": secrets.token_hex(16)})


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    try:
        name, mark, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if scheme == "Basic" and mark else None


def _invalid_client() -> Response:
    return json_response(401, {"error": "invalid_client", "error_description": "Bad client credentials"})


def _holder(state: State, request: Request, permission: str) -> Account | Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        said = {"error": "unauthorized", "error_description": "Full authentication is required"}
        return json_response(401, said)
    known = state.holder(token)
    if known is None or known[0].vendor != "hotmart":
        return json_response(401, {"error": "invalid_token", "error_description": "Invalid access token"})
    account, has_expired = known
    if has_expired:
        return json_response(401, {"error": "token_expired", "error_description": "Access token expired"})
    return account if permission in account.permissions else refusal(403)


async def _history(state: State, request: Request) -> Response:
    account = _holder(state, request, "sales")
    if isinstance(account, Response):
        return account
    query = request.query_params
    wanted = query.get("transaction_status")
    start = query.get("page_token", "0")
    if not query.get("max_results", "1").isdigit() or not start.isdigit():
        return refusal(400)
    size = min(int(query.get("max_results", _PAGE_MAX)), _PAGE_MAX)
    statuses = (wanted,) if wanted else _PAID
    has_one = query.get("transaction")
    found = [
        sale
        for sale in account.sales
        if (sale["purchase"]["transaction"] == has_one if has_one else sale["purchase"]["status"] in statuses)
    ]
    shown = found[int(start) : int(start) + size]
    following = str(int(start) + size) if int(start) + size < len(found) else None
    info = {"total_results": len(found), "next_page_token": following, "results_per_page": size}
    return json_response(200, {"items": shown, "page_info": info})


async def _me(state: State, request: Request) -> Response:
    account = _holder(state, request, "account")
    return account if isinstance(account, Response) else json_response(200, {"id": 1, "name": account.name})


async def _products(state: State, request: Request) -> Response:
    account = _holder(state, request, "products")
    if isinstance(account, Response):
        return account
    items = [{"id": 1234567, "ucode": "u-demo", "name": "Curso Exemplo", "status": "ACTIVE"}]
    return json_response(200, {"items": items, "page_info": {"total_results": 1, "results_per_page": 50}})


async def _documentation(_state: State, _request: Request) -> Response:
    return page()
