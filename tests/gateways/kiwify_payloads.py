"""The shape of a Kiwify delivery, with made-up people, and ways to bend it."""

import copy
from typing import Any

from tracking_core.gateways.kiwify import GATEWAY
from tracking_core.gateways.sale_event import SaleEvent

APPROVED: dict[str, Any] = {
    "order_id": "cab27483-b3a0-495d-a043-1e5052ccfa88",
    "order_ref": "rafZeyc",
    "order_status": "paid",
    "product_type": "membership",
    "payment_method": "credit_card",
    "installments": 3,
    "card_rejection_reason": None,
    "boleto_expiry_date": None,
    "pix_expiration": None,
    "sale_type": "producer",
    "checkout_link": "dnPQDrg",
    "created_at": "2025-04-08 02:20",
    "updated_at": "2025-04-08 02:25",
    "approved_date": "2025-04-08 02:23",
    "refunded_at": None,
    "webhook_event_type": "order_approved",
    "Product": {"product_id": "1ea9f3c6-19ae-4371-b2b7-988cda25e9bb", "product_name": "Curso Exemplo"},
    "Customer": {
        "full_name": "Maria Souza",
        "first_name": "Maria",
        "email": "maria@example.com",
        "mobile": "+5511912345678",
        "CPF": "12345678909",
        "ip": "203.0.113.7",
        "city": "Balneário Camboriú",
        "state": "SC",
        "zipcode": "88330-756",
    },
    "Commissions": {
        "charge_amount": 9149,
        "product_base_price": 9149,
        "product_base_price_currency": "BRL",
        "commissioned_stores": [{"type": "producer", "value": "8143"}],
        "currency": "BRL",
        "my_commission": 8143,
    },
    "TrackingParameters": {
        "src": "bio",
        "sck": "rotulo",
        "utm_source": "facebook",
        "utm_medium": "cpc",
        "utm_campaign": "lançamento",
        "utm_content": "",
        "utm_term": None,
        "s1": "clk_01hxyz",
        "s2": None,
        "s3": "três",
    },
}

CART: dict[str, Any] = {
    "checkout_link": "dnPQDrg",
    "country": "br",
    "cpf": "12345678909",
    "created_at": "2025-04-05T02:17:41.852Z",
    "email": "maria@example.com",
    "id": "dbl2yupb3k2zpmk15s",
    "name": "Maria Souza",
    "offer_name": "Oferta",
    "phone": "(77) 7009-5638",
    "product_id": "a76a5d7e-d687-40bb-b1ff-9b928514e41d",
    "product_name": "Curso Exemplo",
    "status": "abandoned",
    "store_id": "0w51W8ssxICYaFN",
    "subscription_plan": None,
}


def charge(order_id: str, created_at: str, status: str = "paid") -> dict[str, Any]:
    """An entry of Subscription.charges.completed."""
    return {"order_id": order_id, "status": status, "created_at": created_at, "amount": 8143}


def subscribed(*charges: dict[str, Any]) -> dict[str, Any]:
    """A Subscription block with these completed charges."""
    plan = {"id": "bcc66929-51ce-4ca8-ad8d-b1a83cf31df9", "name": "Mensal", "frequency": "monthly"}
    return {"id": "526eb029", "status": "active", "plan": plan, "charges": {"completed": list(charges), "future": []}}


def order(**changes: Any) -> dict[str, Any]:
    """APPROVED with root fields replaced."""
    return {**copy.deepcopy(APPROVED), **changes}


def read(payload: dict[str, Any]) -> SaleEvent:
    said = GATEWAY.normalize(payload)
    assert isinstance(said, SaleEvent)
    return said
