"""The webhooks of a Kiwify account. Source: docs.kiwify.com.br, API reference (webhooks)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from evals.simulators.providers.accounts import Account
from evals.simulators.providers.faults import json_response
from evals.simulators.providers.forms import JSON, media_type
from evals.simulators.providers.kiwify_access import holder, paged, refused
from evals.simulators.providers.state import State

Trigger = Literal[
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
]
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class NewWebhook(BaseModel):
    """``products``: ``all`` or the id of one. ``token`` is what deliveries are signed with, made up when left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2_000)]
    products: Annotated[str, Field(pattern=rf"^(all|{_UUID})$")]
    triggers: Annotated[list[Trigger], Field(min_length=1)]
    token: Annotated[str, Field(min_length=1, max_length=256, repr=False)] = Field(default_factory=lambda: uuid4().hex)


async def list_webhooks(state: State, request: Request) -> Response:
    account = holder(state, request, "webhooks")
    return account if isinstance(account, Response) else paged(request, _kept(state, account))


async def create_webhook(state: State, request: Request) -> Response:
    """Asked twice, it is made twice, as by the real one."""
    account = holder(state, request, "webhooks")
    if isinstance(account, Response):
        return account
    if media_type(request) != JSON:
        return refused(400, "The body must be JSON")
    try:
        asked = NewWebhook.model_validate_json(await request.body())
    except ValidationError as error:
        # Only a field of ours is named: an unknown one is the caller's own text.
        where = error.errors(include_input=False)[0]["loc"]
        named = where[0] if where and where[0] in NewWebhook.model_fields else "The body"
        return refused(400, f"{named} is not valid")
    made = {"id": str(uuid4()), **asked.model_dump(), "created_at": datetime.now(UTC).isoformat()}
    _kept(state, account).append(made)
    return json_response(201, made)


async def delete_webhook(state: State, request: Request) -> Response:
    account = holder(state, request, "webhooks")
    if isinstance(account, Response):
        return account
    kept = _kept(state, account)
    found = [one for one in kept if one["id"] == request.path_params["webhook_id"]]
    if not found:
        return refused(404, "Webhook not found")
    kept.remove(found[0])
    return json_response(200, {"deleted": True})


def _kept(state: State, account: Account) -> list[dict[str, Any]]:
    return state.webhooks.setdefault(account.account_id, [])
