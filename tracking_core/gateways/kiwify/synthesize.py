"""A webhook shaped like Kiwify's, for proving a configuration end to end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.gateways.kiwify import tables
from tracking_core.gateways.kiwify.normalize import CARRIERS, UTM
from tracking_core.gateways.kiwify.verify import ALGORITHM
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.gateways.signatures import hmac_hex
from tracking_core.kit.ids import stable_id

# Kind to event and the order status that goes with it.
_STATES = MappingProxyType(
    {
        SaleEventKind.PENDING.value: ("pix_created", "waiting_payment"),
        SaleEventKind.APPROVED.value: ("order_approved", "paid"),
        SaleEventKind.REFUSED.value: ("order_rejected", "refused"),
        SaleEventKind.REFUNDED.value: ("order_refunded", "refunded"),
        SaleEventKind.CHARGEBACK.value: ("chargeback", "chargedback"),
    }
)
_PERIOD = timedelta(days=30)


def synthesize(sale: SyntheticSale, secret: str) -> InboundRequest:
    """See ``Gateway.synthesize``. Kiwify tells of no completed or expired sale, nor of a protest: ValueError.

    It has no order bumps of their own either; ``parent_sale_id`` is not said.
    """
    if sale.kind != SaleEventKind.ABANDONED_CART.value and sale.kind not in _STATES:
        raise ValueError(f"Kiwify has no synthetic sale of the kind {sale.kind}")
    body = orjson.dumps(_cart(sale) if sale.kind == SaleEventKind.ABANDONED_CART.value else _order(sale))
    signature = hmac_hex(secret, body, ALGORITHM)
    return InboundRequest(body, {"content-type": "application/json"}, {"signature": signature})


def _order(sale: SyntheticSale) -> dict[str, Any]:
    event, status = _STATES[sale.kind]
    method = _payment_method(sale)
    if event == "pix_created" and method == "boleto":
        event = "billet_created"
    at = _local(sale.occurred_at)
    order = {
        "order_id": sale.sale_id,
        "order_ref": stable_id("kiwify", sale.sale_id).hex[:7],
        "order_status": status,
        "product_type": "membership",
        "payment_method": method,
        "store_id": "lojaExemplo0001",
        "installments": 1 if method == "credit_card" else None,
        "card_rejection_reason": "insufficient_funds" if status == "refused" else None,
        "sale_type": "producer",
        "created_at": at,
        "updated_at": at,
        "approved_date": at if status in ("paid", "refunded", "chargedback") else None,
        "refunded_at": at if status == "refunded" else None,
        "webhook_event_type": event,
        "Product": {"product_id": sale.product_id, "product_name": sale.product_name},
        "Customer": _customer(sale),
        "Commissions": _commissions(sale),
        "TrackingParameters": _tracking(sale),
        "access_url": None,
    }
    if sale.recurrence_number > 1:
        order |= _subscription(sale)
    return order


def _customer(sale: SyntheticSale) -> dict[str, Any]:
    first = sale.name.partition(" ")[0]
    return {"full_name": sale.name, "first_name": first, "email": sale.email, "mobile": sale.phone, "instagram": None}


def _commissions(sale: SyntheticSale) -> dict[str, Any]:
    cents = int((Decimal(sale.amount) * 100).to_integral_value())
    fee = cents // 10
    return {
        "charge_amount": cents,
        "product_base_price": cents,
        "product_base_price_currency": sale.currency,
        "kiwify_fee": fee,
        "settlement_amount": cents,
        "currency": sale.currency,
        "my_commission": cents - fee,
        "commissioned_stores": [{"type": "producer", "custom_name": "Loja Exemplo", "value": str(cents - fee)}],
        "funds_status": None,
    }


def _tracking(sale: SyntheticSale) -> dict[str, str | None]:
    said: dict[str, str | None] = dict.fromkeys((*CARRIERS, *(f"utm_{name}" for name in UTM)))
    return {**said, "s1": sale.click_id}


def _subscription(sale: SyntheticSale) -> dict[str, Any]:
    subscription_id = str(stable_id("kiwify", sale.sale_id, "subscription"))
    completed = [
        {
            "order_id": str(stable_id("kiwify", sale.sale_id, number)),
            "status": "paid",
            "created_at": _iso(sale.occurred_at - _PERIOD * (sale.recurrence_number - number)),
        }
        for number in range(1, sale.recurrence_number)
    ]
    plan = {"id": str(stable_id("kiwify", sale.product_id)), "name": "Plano Exemplo", "frequency": "monthly"}
    charges = {"completed": completed, "future": [{"charge_date": _iso(sale.occurred_at + _PERIOD)}]}
    subscription = {"id": subscription_id, "status": "active", "plan": plan, "charges": charges}
    return {"Subscription": subscription, "subscription_id": subscription_id}


def _cart(sale: SyntheticSale) -> dict[str, Any]:
    return {
        "id": sale.sale_id,
        "checkout_link": "ofertaA",
        "country": "br",
        "created_at": _iso(sale.occurred_at),
        "email": sale.email,
        "name": sale.name,
        "offer_name": "Oferta Exemplo",
        "phone": sale.phone,
        "product_id": sale.product_id,
        "product_name": sale.product_name,
        "status": tables.CART_STATUS,
        "store_id": "lojaExemplo0001",
        "subscription_plan": None,
    }


def _payment_method(sale: SyntheticSale) -> str:
    is_pending = sale.kind == SaleEventKind.PENDING.value
    return "pix" if is_pending and sale.payment_method not in ("pix", "boleto") else sale.payment_method


def _local(moment: datetime) -> str:
    return moment.astimezone(tables.ZONE).strftime("%Y-%m-%d %H:%M")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
