"""Hotmart's webhook 2.0: the envelope, a purchase, an abandoned cart; the account's hottok in a header."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson

from evals.simulators.gateways.facts import Facts

_EVENTS = {
    "pending": ("PURCHASE_BILLET_PRINTED", "BILLET_PRINTED"),
    "approved": ("PURCHASE_APPROVED", "APPROVED"),
    "renewal": ("PURCHASE_APPROVED", "APPROVED"),
    "bump": ("PURCHASE_APPROVED", "APPROVED"),
    "completed": ("PURCHASE_COMPLETE", "COMPLETED"),
    "refused": ("PURCHASE_CANCELED", "CANCELED"),
    "expired": ("PURCHASE_EXPIRED", "EXPIRED"),
    "protest": ("PURCHASE_PROTEST", "DISPUTE"),
    "refunded": ("PURCHASE_REFUNDED", "REFUNDED"),
    "chargeback": ("PURCHASE_CHARGEBACK", "CHARGEBACK"),
}
_TYPES = {"pix": "PIX", "boleto": "BILLET", "credit_card": "CREDIT_CARD"}


def body(facts: Facts, step: str, moment: datetime) -> bytes:
    """One delivery's bytes."""
    event, data = _content(facts, step, moment)
    envelope = {"id": str(uuid4()), "creation_date": _ms(moment), "event": event, "version": "2.0.0", "data": data}
    return orjson.dumps(envelope)


def signed(_body: bytes, secret: str) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query parameters."""
    return {"X-HOTMART-HOTTOK": secret}, {}


def _content(facts: Facts, step: str, moment: datetime) -> tuple[str, dict[str, Any]]:
    if step == "abandoned":
        return "PURCHASE_OUT_OF_SHOPPING_CART", _cart(facts)
    if step == "unknown":
        return "SOMETHING_NEW", {"product": {"id": facts.product_id}}
    event, status = _EVENTS[step]
    return event, _purchase(facts, step, status, moment)


def _cart(facts: Facts) -> dict[str, Any]:
    return {
        "affiliate": False,
        "product": {"id": facts.product_id, "name": "Curso Exemplo"},
        "buyer": {"email": facts.email, "name": facts.name, "phone": facts.phone},
        "offer": {"code": "oferta1"},
        "checkout_country": {"iso": "BR", "name": "Brasil"},
    }


def _purchase(facts: Facts, step: str, status: str, moment: datetime) -> dict[str, Any]:
    purchase: dict[str, Any] = {
        "transaction": facts.sale_id,
        "status": status,
        "order_date": _ms(facts.at),
        "price": _price(facts),
        "full_price": _price(facts),
        "original_offer_price": _price(facts),
        "payment": {"type": _TYPES[facts.payment], "installments_number": 1},
        "offer": {"code": "oferta1"},
        "order_bump": {"is_order_bump": facts.parent is not None and step == "bump"},
        "checkout_country": {"iso": "BR", "name": "Brasil"},
        "business_model": "I",
        "invoice_by": "HOTMART",
    }
    if facts.parent and step == "bump":
        purchase["order_bump"]["parent_purchase_transaction"] = facts.parent
    if step not in ("pending", "refused", "expired"):
        purchase["approved_date"] = _ms(moment if step in ("approved", "renewal", "bump") else facts.at)
    if facts.recurrence > 1:
        purchase["recurrence_number"] = facts.recurrence
    # The block is there only when something of it was on the link.
    if origin := _origin(facts):
        purchase["origin"] = origin
    return {
        "product": {"id": facts.product_id, "ucode": "ucode_4038161c", "name": "Curso Exemplo"},
        "producer": {"legal_nature": "Pessoa Jurídica", "document": "11222333000181", "name": "Produtora Exemplo"},
        "affiliates": [{"affiliate_code": "", "name": ""}],
        "commissions": [{"source": "PRODUCER", "value": facts.cents / 100, "currency_value": facts.currency}],
        "buyer": _buyer(facts),
        "purchase": purchase,
    }


def _price(facts: Facts) -> dict[str, Any]:
    return {"value": facts.cents / 100, "currency_value": facts.currency}


def _buyer(facts: Facts) -> dict[str, Any]:
    first, _, last = facts.name.partition(" ")
    return {
        "email": facts.email,
        "name": facts.name,
        "first_name": first,
        "last_name": last,
        "document": facts.document,
        "document_type": "CPF",
        "checkout_phone_code": facts.phone[:2],
        "checkout_phone": facts.phone,
        "address": {
            "zipcode": "01310100",
            "country": "Brasil",
            "country_iso": "BR",
            "city": "São Paulo",
            "state": "São Paulo",
            "address": "Avenida Paulista",
            "number": "100",
            "neighborhood": "Bela Vista",
            "complement": "",
        },
    }


def _origin(facts: Facts) -> dict[str, str]:
    utm = [facts.utm.get(key, "") for key in ("source", "medium", "campaign", "content", "term")]
    origin = {"xcod": facts.click_id or "", "sck": "|".join(utm) if any(utm) else ""}
    return {key: value for key, value in origin.items() if value}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
