"""Kiwify's public API. Source: docs.kiwify.com.br, authentication, account, sales and webhooks pages."""

import secrets
import time
from datetime import date
from typing import Annotated, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.providers.faults import json_response
from evals.simulators.providers.serving import Guarded
from evals.simulators.providers.state import Account, State

_SPAN_DAYS_MAX = 90
TRIGGERS = frozenset(
    {
        "boleto_gerado",
        "pix_gerado",
        "carrinho_abandonado",
        "compra_recusada",
        "compra_aprovada",
        "compra_reembolsada",
        "chargeback",
        "subscription_canceled",
        "subscription_late",
        "subscription_renewed",
    }
)


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    url: Annotated[str, Field(pattern=r"^https?://")]
    products: str
    triggers: Annotated[list[str], Field(min_length=1)]
    token: Annotated[str, Field(min_length=1, max_length=256, repr=False)]


def refusal(status: int) -> Response:
    headers = {"Retry_After": "21"} if status == 429 else {}
    return json_response(status, {"error": status, "message": f"Request refused ({status})"}, **headers)


def routes(state: State) -> list[Route]:
    def guarded(answer: Any) -> Guarded:
        return Guarded("kiwify", state, answer, refusal)

    return [
        Route("/v1/oauth/token", guarded(_token), methods=["POST"]),
        Route("/v1/account-details", guarded(_account), methods=["GET"]),
        Route("/v1/products", guarded(_products), methods=["GET"]),
        Route("/v1/sales", guarded(_sales), methods=["GET"]),
        Route("/v1/sales/{sale_id}", guarded(_sale), methods=["GET"]),
        Route("/v1/webhooks", guarded(_webhooks), methods=["GET", "POST"]),
        Route("/v1/webhooks/{webhook_id}", guarded(_webhook), methods=["DELETE"]),
    ]


async def _token(state: State, request: Request) -> Response:
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return refusal(400)
    form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
    account = state.account("kiwify", form.get("client_id", ""), form.get("client_secret", ""))
    if account is None:
        return json_response(401, {"message": "Invalid client credentials"})
    token = f"eyJ{secrets.token_urlsafe(12)}.{secrets.token_urlsafe(48)}.{secrets.token_urlsafe(24)}"
    state.tokens[token] = (account, time.monotonic() + account.token_seconds)
    said = {"access_token": token, "token_type": "Bearer", "expires_in": account.token_seconds}
    return json_response(200, {**said, "scope": " ".join(sorted(account.permissions))})


def _holder(state: State, request: Request, permission: str) -> Account | Response:
    """The token and, beside it, the account id: a token alone opens nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = state.holder(token) if scheme.lower() == "bearer" else None
    if known is None or known[0].vendor != "kiwify" or known[1]:
        return json_response(401, {"message": "Unauthorized"})
    account_id = request.headers.get("x-kiwify-account-id", "")
    if not account_id:
        return json_response(400, {"message": "x-kiwify-account-id is required"})
    if account_id != known[0].account_id:
        return json_response(403, {"message": "This account does not belong to the credentials"})
    return known[0] if permission in known[0].permissions else json_response(403, {"message": "Missing permission"})


async def _account(state: State, request: Request) -> Response:
    account = _holder(state, request, "account")
    if isinstance(account, Response):
        return account
    return json_response(200, {"id": account.account_id, "company_name": account.name})


async def _products(state: State, request: Request) -> Response:
    account = _holder(state, request, "products")
    if isinstance(account, Response):
        return account
    data = [{"id": "b5a0a1f0-0000-4000-8000-000000000001", "name": "Curso Exemplo", "status": "active"}]
    return json_response(200, {"pagination": {"count": 1, "page_number": 1, "page_size": 10}, "data": data})


async def _sales(state: State, request: Request) -> Response:
    account = _holder(state, request, "sales")
    if isinstance(account, Response):
        return account
    try:
        start, end = (date.fromisoformat(request.query_params[name]) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return json_response(400, {"message": "start_date and end_date are required"})
    if not 0 <= (end - start).days <= _SPAN_DAYS_MAX:
        return json_response(400, {"message": f"The span may be {_SPAN_DAYS_MAX} days at most"})
    data = [one for one in account.sales if start.isoformat() <= one["created_at"][:10] <= end.isoformat()]
    return json_response(200, {"pagination": {"count": len(data), "page_number": 1, "page_size": 10}, "data": data})


async def _sale(state: State, request: Request) -> Response:
    account = _holder(state, request, "sales")
    if isinstance(account, Response):
        return account
    found = [one for one in account.sales if one["id"] == request.path_params["sale_id"]]
    return json_response(200, found[0]) if found else json_response(404, {"message": "Sale not found"})


async def _webhooks(state: State, request: Request) -> Response:
    account = _holder(state, request, "webhooks")
    if isinstance(account, Response):
        return account
    kept = state.webhooks.setdefault(account.account_id, [])
    if request.method == "GET":
        page = {"count": len(kept), "page_number": 1, "page_size": max(10, len(kept))}
        return json_response(200, {"pagination": page, "data": kept})
    try:
        asked = NewWebhook.model_validate_json(await request.body())
    except ValidationError as error:
        return json_response(400, {"message": f"{error.errors(include_input=False)[0]['loc']}: invalid"})
    if set(asked.triggers) - TRIGGERS:
        return json_response(400, {"message": "Unknown trigger"})
    # Asked twice, it is made twice, as by the real one.
    kept.append({"id": secrets.token_hex(8), **asked.model_dump()})
    return json_response(201, kept[-1])


async def _webhook(state: State, request: Request) -> Response:
    account = _holder(state, request, "webhooks")
    if isinstance(account, Response):
        return account
    kept = state.webhooks.setdefault(account.account_id, [])
    found = [one for one in kept if one["id"] == request.path_params["webhook_id"]]
    if not found:
        return json_response(404, {"message": "Webhook not found"})
    kept.remove(found[0])
    return json_response(200, {"deleted": True})
