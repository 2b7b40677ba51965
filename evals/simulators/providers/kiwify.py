"""Kiwify's public API. Source: docs.kiwify.com.br, API reference (general, oauth, account-details, products, sales).
Errors are told by the status and a ``message``; nothing more of them is documented."""

import re
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.gateways.facts import Facts
from evals.simulators.gateways.kiwify import order_id
from evals.simulators.providers.faults import json_response
from evals.simulators.providers.forms import FORM, form_of, media_type
from evals.simulators.providers.kiwify_access import holder, paged, refusal, refused
from evals.simulators.providers.kiwify_webhooks import create_webhook, delete_webhook, list_webhooks
from evals.simulators.providers.serving import UNKNOWN_PATH, Manner, guarded
from evals.simulators.providers.state import State, Use

PRODUCT_ID = order_id(str(Facts().product_id))
_SPAN_DAYS_MAX = 90
_DETAILS = frozenset({"approved_date", "installments", "payment", "refunded_at", "sale_type", "tracking"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_STATUSES = frozenset(
    {
        *("approved", "authorized", "chargedback", "paid", "pending", "pending_refund", "processing", "refunded"),
        *("refund_requested", "refused", "waiting_payment"),
    }
)


def _limit_headers(status: int, used: Use) -> dict[str, str]:
    """The documentation names none; a wait is told where it is due, so that a client is seen to keep it."""
    return {"Retry-After": str(used.seconds_to_reset)} if status == 429 else {}


_MANNER = Manner("kiwify", refusal, _limit_headers, throttled_seconds=21)


def routes(state: State) -> list[Route]:
    route = guarded(_MANNER, state)
    return [
        route("/v1/oauth/token", _token, "POST"),
        route("/v1/account-details", _account, "GET"),
        route("/v1/products", _products, "GET"),
        route("/v1/sales", _sales, "GET"),
        route("/v1/sales/{sale_id}", _sale, "GET"),
        route("/v1/webhooks", list_webhooks, "GET"),
        route("/v1/webhooks", create_webhook, "POST"),
        route("/v1/webhooks/{webhook_id}", delete_webhook, "DELETE"),
        route(UNKNOWN_PATH, _nothing, ""),
    ]


async def _token(state: State, request: Request) -> Response:
    form = form_of(await request.body()) if media_type(request) == FORM else None
    if form is None or not (form.get("client_id") and form.get("client_secret")):
        return refused(400, "client_id and client_secret are required, as a form")
    account = state.account("kiwify", form["client_id"], form["client_secret"])
    if account is None:
        return refused(401, "Invalid client credentials")
    token = f"eyJ{secrets.token_urlsafe(12)}.{secrets.token_urlsafe(48)}.{secrets.token_urlsafe(24)}"
    state.issue(token, account)
    said = {"access_token": token, "token_type": "Bearer", "expires_in": account.token_seconds}
    return json_response(200, {**said, "scope": " ".join(sorted(account.permissions))})


async def _account(state: State, request: Request) -> Response:
    account = holder(state, request, "account")
    if isinstance(account, Response):
        return account
    return json_response(200, {"id": account.account_id, "company_name": account.name})


async def _products(state: State, request: Request) -> Response:
    account = holder(state, request, "products")
    if isinstance(account, Response):
        return account
    return paged(request, [{"id": PRODUCT_ID, "name": "Curso Exemplo", "status": "active"}])


async def _sales(state: State, request: Request) -> Response:
    account = holder(state, request, "sales")
    if isinstance(account, Response):
        return account
    query = request.query_params
    if problem := _problem_of(query):
        return refused(400, problem)
    filters = [name for name in ("status", "payment_method") if name in query]
    found = [
        sale
        for sale in account.sales
        if query["start_date"] <= sale["created_at"][:10] <= query["end_date"]
        and all(sale.get(name) == query[name] for name in filters)
    ]
    return paged(request, found if query.get("view_full_sale_details") == "true" else [_briefly(one) for one in found])


def _briefly(sale: dict[str, Any]) -> dict[str, Any]:
    """What the list tells of a sale when nobody asks for more."""
    return {name: value for name, value in sale.items() if name not in _DETAILS}


def _problem_of(query: Mapping[str, str]) -> str | None:
    start, end = (_day(query.get(name, "")) for name in ("start_date", "end_date"))
    if start is None or end is None:
        return "start_date and end_date are required, as YYYY-MM-DD"
    if not 0 <= (end - start).days <= _SPAN_DAYS_MAX:
        return f"end_date must be at most {_SPAN_DAYS_MAX} days after start_date"
    return None if query.get("status", "paid") in _STATUSES else "status is not one of a sale"


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if _DATE.fullmatch(said) else None
    except ValueError:
        return None


async def _sale(state: State, request: Request) -> Response:
    account = holder(state, request, "sales")
    if isinstance(account, Response):
        return account
    found: list[dict[str, Any]] = [one for one in account.sales if one["id"] == request.path_params["sale_id"]]
    return json_response(200, found[0]) if found else refused(404, "Sale not found")


async def _nothing(_state: State, _request: Request) -> Response:
    return refusal(404)
