"""Play a sale at Kiwify: each webhook registered for the account gets what its triggers name, signed with its token,
and the account lists the sale."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from evals.simulators.gateways.app import Shop
from evals.simulators.gateways.facts import HISTORIES, Facts, payment_of
from evals.simulators.gateways.kiwify import SILENT, body, order_id, signed
from evals.simulators.gateways.sender import Delivery, Sender
from evals.simulators.providers.kiwify import PRODUCT_ID

_TRIGGERS = {
    "approved": "compra_aprovada",
    "refused": "compra_recusada",
    "refunded": "compra_reembolsada",
    "chargeback": "chargeback",
    "abandoned": "carrinho_abandonado",
}
_WHILE_PENDING = {"pix": "pix_gerado", "boleto": "boleto_gerado"}
_PLAYED = {*_TRIGGERS, *SILENT, "pending"}


def _playable(history: str) -> str:
    if not _PLAYED.issuperset(HISTORIES.get(history, ("",))):
        raise ValueError("must be a history of one sale that Kiwify has triggers for")
    return history


class SaleWanted(BaseModel):
    """``time_scale`` shortens the pauses before a delivery is repeated; Kiwify's id is made from ``sale_id``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    account_id: Annotated[str, Field(min_length=1)]
    history: Annotated[str, AfterValidator(_playable)] = "pix_paid"
    sale_id: Annotated[str | None, Field(max_length=64)] = None
    cents: Annotated[int, Field(ge=0, le=100_000_000)] = 19_700
    email: str = "comprador@example.com"
    name: Annotated[str, Field(max_length=256)] = "Maria Souza"
    click_id: str | None = None
    time_scale: Annotated[float, Field(ge=0, le=1)] = 0.2


async def play(
    webhooks: list[dict[str, Any]], wanted: SaleWanted, happened: Callable[[Facts, str], None]
) -> dict[str, Any]:
    """Kiwify's id of the sale, and of each delivery the webhook's id, the statuses and the last answer's text.
    ``happened`` is told of each step before any webhook."""
    given = wanted.model_dump(include={"sale_id", "cents", "email", "name", "click_id"}, exclude_none=True)
    facts = Facts(payment=payment_of(wanted.history), **given)
    for step in HISTORIES[wanted.history]:
        happened(facts, step)
    sender = Sender()
    try:
        deliveries = [await _sent(sender, one, facts, wanted, step, at) for at, step, one in _due(webhooks, wanted)]
    finally:
        await sender.close()
    return {"sale_id": order_id(facts.sale_id), "deliveries": deliveries}


def _due(webhooks: list[dict[str, Any]], wanted: SaleWanted) -> list[tuple[int, str, dict[str, Any]]]:
    """Oldest step first, and within it the oldest webhook."""
    payment = payment_of(wanted.history)
    return [
        (at, step, webhook)
        for at, step in enumerate(HISTORIES[wanted.history])
        for webhook in list(webhooks)
        if _trigger_of(step, payment) in webhook["triggers"] and webhook["products"] in ("all", PRODUCT_ID)
    ]


def _trigger_of(step: str, payment: str) -> str | None:
    return _WHILE_PENDING.get(payment) if step == "pending" else _TRIGGERS.get(step)


async def _sent(
    sender: Sender, webhook: dict[str, Any], facts: Facts, wanted: SaleWanted, step: str, at: int
) -> dict[str, Any]:
    told = {"webhook_id": webhook["id"], "trigger": _trigger_of(step, facts.payment)}
    try:
        shop = Shop(gateway="kiwify", webhook_url=webhook["url"], secret=webhook["token"])
    except ValidationError:
        return {**told, "statuses": [], "is_accepted": False, "answer": "not a loopback address: nothing was sent"}
    raw = body(facts, step, facts.moment(at))
    headers, query = signed(raw, shop.secret)
    url = httpx.URL(shop.webhook_url)
    # The client replaces an address's own parameters by those given beside it.
    parameters = dict(url.params) | query
    delivery = Delivery(step, str(url.copy_with(query=None)), raw, headers, parameters)
    await sender.send(delivery, time_scale=wanted.time_scale)
    return {**told, **{name: delivery.shown()[name] for name in ("statuses", "is_accepted", "answer")}}
