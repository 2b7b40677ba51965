"""The shape of a captured Hotmart delivery, with made-up people, and ways to bend it."""

import copy
from datetime import UTC, datetime
from typing import Any

from tracking_core.gateways.hotmart import GATEWAY
from tracking_core.gateways.sale_event import SaleEvent

APPROVED: dict[str, Any] = {
    "id": "a51689a6-8e24-4b9a-b8b6-9214cb0ec15e",
    "creation_date": 1745952631331,
    "event": "PURCHASE_APPROVED",
    "version": "2.0.0",
    "data": {
        "product": {"id": 1355458, "name": "Produto Exemplo", "has_co_production": False},
        "commissions": [
            {"currency_value": "BRL", "source": "MARKETPLACE", "value": 111.78},
            {"currency_value": "BRL", "source": "PRODUCER", "value": 1385.22},
        ],
        "affiliates": [{"affiliate_code": "", "name": ""}],
        "purchase": {
            "transaction": "HP0000000001",
            "status": "APPROVED",
            "approved_date": 1745952627000,
            "order_date": 1745952557000,
            "recurrence_number": 1,
            "price": {"currency_value": "BRL", "value": 1497},
            "full_price": {"currency_value": "BRL", "value": 1653.07},
            "original_offer_price": {"currency_value": "BRL", "value": 1997},
            "checkout_country": {"iso": "BR", "name": "Brasil"},
            "order_bump": {"is_order_bump": False},
            "offer": {"code": "tdl7nakn", "coupon_code": "cupom com ação"},
            "payment": {"type": "PIX", "installments_number": 1, "pix_expiration_date": 1746125358000},
            "origin": {"sck": "google|cpc|lançamento|video 1|[frio]", "src": "bio", "xcod": "clk_01hxyz"},
        },
        "subscription": {"status": "ACTIVE", "plan": {"id": 9, "name": "Anual"}, "subscriber": {"code": "ABCD1234"}},
        "buyer": {
            "email": "comprador@example.com",
            "name": "Maria Souza",
            "first_name": "Maria",
            "last_name": "Souza",
            "document": "12345678909",
            "checkout_phone_code": "11",
            "checkout_phone": "11912345678",
            "address": {
                "city": "São Paulo",
                "state": "São Paulo",
                "country": "Brasil",
                "country_iso": "BR",
                "zipcode": "01310100",
            },
        },
    },
}


def changed(path: str, value: Any, base: dict[str, Any] = APPROVED) -> dict[str, Any]:
    payload = copy.deepcopy(base)
    *parents, last = path.split(".")
    inner = payload
    for key in parents:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return payload


def without(path: str, base: dict[str, Any] = APPROVED) -> dict[str, Any]:
    payload = copy.deepcopy(base)
    *parents, last = path.split(".")
    inner = payload
    for key in parents:
        inner = inner[key]
    del inner[last]
    return payload


def read(payload: dict[str, Any]) -> SaleEvent:
    said = GATEWAY.normalize(payload)
    assert isinstance(said, SaleEvent)
    return said


def ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
