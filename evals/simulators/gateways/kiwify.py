"""Kiwify's webhook: a flat order, or the same under ``order``; HMAC-SHA1 of the raw body in the query."""

import hashlib
import hmac
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import orjson

from evals.simulators.gateways.facts import Facts

_EVENTS = {
    "approved": ("order_approved", "paid"),
    "bump": ("order_approved", "paid"),
    "renewal": ("subscription_renewed", "paid"),
    "refused": ("order_rejected", "refused"),
    "refunded": ("order_refunded", "refunded"),
    "chargeback": ("chargeback", "chargedback"),
    "unknown": ("something_new", "something"),
}
# What Kiwify has no event for: it simply sends nothing.
SILENT = frozenset({"expired", "completed", "protest"})
_CREATED = {"pix": "pix_created", "boleto": "billet_created"}
_ZONE = ZoneInfo("America/Sao_Paulo")


def body(facts: Facts, step: str, moment: datetime) -> bytes:
    """One delivery's bytes."""
    return orjson.dumps(_cart(facts, moment) if step == "abandoned" else _order(facts, step, moment))


def wrapped(plain: bytes, url: str, secret: str) -> bytes:
    """The shape three integrations report: the order under ``order``, its own signature beside it."""
    return orjson.dumps({"url": url, "signature": _digest(plain, secret), "order": orjson.loads(plain)})


def signed(raw: bytes, secret: str) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query parameters."""
    return {}, {"signature": _digest(raw, secret)}


def order_id(sale_id: str) -> str:
    """Kiwify's ids are UUIDs; the same sale keeps its own."""
    return str(uuid5(NAMESPACE_URL, sale_id))


def _digest(raw: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()


def _order(facts: Facts, step: str, moment: datetime) -> dict[str, Any]:
    event, status = _EVENTS.get(step) or (_CREATED.get(facts.payment, "pix_created"), "waiting_payment")
    is_paid = status not in ("waiting_payment", "refused")
    order: dict[str, Any] = {
        "order_id": order_id(facts.sale_id),
        "order_ref": facts.sale_id[-7:],
        "order_status": status,
        "webhook_event_type": event,
        "product_type": "membership",
        "payment_method": facts.payment,
        "store_id": "1FdAUiflFhm4EiL",
        "installments": 1 if facts.payment == "credit_card" else None,
        "card_rejection_reason": "insufficient_funds" if step == "refused" else None,
        "sale_type": "producer",
        "created_at": _local(facts.at),
        "updated_at": _local(moment),
        "approved_date": _local(facts.at if step in ("refunded", "chargeback") else moment) if is_paid else None,
        "refunded_at": _local(moment) if step == "refunded" else None,
        "Product": {"product_id": order_id(str(facts.product_id)), "product_name": "Curso Exemplo"},
        "Customer": _customer(facts),
        "Commissions": {
            "charge_amount": facts.cents,
            "product_base_price": facts.cents,
            "product_base_price_currency": facts.currency,
            "kiwify_fee": facts.cents // 10,
            "settlement_amount": facts.cents,
            "currency": facts.currency,
            "my_commission": facts.cents - facts.cents // 10,
            "commissioned_stores": [],
        },
        "TrackingParameters": _tracking(facts),
    }
    if facts.recurrence > 1:
        order |= _subscription(facts, moment)
    return order


def _customer(facts: Facts) -> dict[str, Any]:
    return {
        "full_name": facts.name,
        "first_name": facts.name.partition(" ")[0],
        "email": facts.email,
        "mobile": f"+55{facts.phone}",
        "CPF": facts.document,
        "ip": "200.147.3.199",
        "street": "Avenida Paulista",
        "number": "100",
        "complement": "",
        "neighborhood": "Bela Vista",
        "city": "São Paulo",
        "state": "SP",
        "zipcode": "01310-100",
    }


def _tracking(facts: Facts) -> dict[str, str | None]:
    utm = {f"utm_{key}": facts.utm.get(key) for key in ("source", "medium", "campaign", "content", "term")}
    return {"src": None, "sck": None, **utm, "s1": facts.click_id, "s2": None, "s3": None}


def _subscription(facts: Facts, moment: datetime) -> dict[str, Any]:
    subscription_id = order_id(f"{facts.parent}:subscription")
    charges = {"completed": [{"order_id": order_id(f"{facts.parent}:{n}")} for n in range(facts.recurrence)]}
    return {
        "subscription_id": subscription_id,
        "Subscription": {
            "id": subscription_id,
            "start_date": facts.at.isoformat(),
            "status": "active",
            "plan": {"id": order_id("plan"), "name": "Plano Exemplo", "frequency": "monthly", "qty_charges": 0},
            "charges": {**charges, "future": [{"charge_date": moment.isoformat()}]},
        },
    }


def _cart(facts: Facts, moment: datetime) -> dict[str, Any]:
    return {
        "id": order_id(facts.sale_id),
        "checkout_link": "aBcDeF1",
        "name": facts.name,
        "email": facts.email,
        "phone": f"({facts.phone[:2]}) {facts.phone[2:7]}-{facts.phone[7:]}",
        "cpf": facts.document,
        "country": "br",
        "product_id": order_id(str(facts.product_id)),
        "product_name": "Curso Exemplo",
        "store_id": "1FdAUiflFhm4EiL",
        "status": "abandoned",
        "created_at": moment.isoformat(),
    }


def _local(moment: datetime) -> str:
    """Brasília time without a zone and without seconds."""
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")
