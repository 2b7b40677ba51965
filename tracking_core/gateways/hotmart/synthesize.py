"""A webhook shaped like Hotmart's, for proving a configuration end to end."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.gateways.hotmart import tables
from tracking_core.gateways.hotmart.verify import HEADER
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.kit.ids import stable_id

_CART = "PURCHASE_OUT_OF_SHOPPING_CART"
_EVENTS = {kind.value: event for event, kind in tables.PURCHASE_KINDS.items()}
_TYPES = {"pix": "PIX", "boleto": "BILLET", "credit_card": "CREDIT_CARD"}
_OTHER_TYPE = "WALLET"


def synthesize(sale: SyntheticSale, secret: str) -> InboundRequest:
    """See ``Gateway.synthesize``. Every purchase kind and the abandoned cart; ValueError for the others."""
    event = _CART if sale.kind == SaleEventKind.ABANDONED_CART.value else _EVENTS.get(sale.kind)
    if event is None:
        raise ValueError(f"Hotmart has no synthetic sale of the kind {sale.kind}")
    data = _cart(sale) if event == _CART else _purchase_data(sale, event)
    body = {
        "id": str(stable_id("hotmart", sale.sale_id, event, _ms(sale.occurred_at))),
        "creation_date": _ms(sale.occurred_at),
        "event": event,
        "version": "2.0.0",
        "data": data,
    }
    headers = {"content-type": "application/json", HEADER: secret}
    return InboundRequest(orjson.dumps(body), headers, {})


def _purchase_data(sale: SyntheticSale, event: str) -> dict[str, Any]:
    amount = Decimal(sale.amount)
    fee = (amount / 10).quantize(Decimal("0.01"))
    purchase = _purchase(sale, event)
    data: dict[str, Any] = {
        "product": {"id": _id(sale.product_id), "name": sale.product_name, "has_co_production": False},
        "affiliates": [{"affiliate_code": "", "name": ""}],
        "buyer": _buyer(sale),
        "producer": {"name": "Produtora Exemplo Ltda", "legal_nature": "Pessoa Jurídica"},
        "commissions": [
            {"source": "MARKETPLACE", **_money(fee, sale.currency)},
            {"source": "PRODUCER", **_money(amount - fee, sale.currency)},
        ],
        "purchase": purchase,
    }
    if sale.recurrence_number > 1:
        plan = {"id": 100200, "name": "Plano Exemplo"}
        data["subscription"] = {"status": "ACTIVE", "plan": plan, "subscriber": {"code": "EXEMPLO1"}}
        purchase["recurrence_number"] = sale.recurrence_number
    return data


def _purchase(sale: SyntheticSale, event: str) -> dict[str, Any]:
    price = _money(Decimal(sale.amount), sale.currency)
    bump: dict[str, Any] = {"is_order_bump": sale.parent_sale_id is not None}
    if sale.parent_sale_id is not None:
        bump["parent_purchase_transaction"] = sale.parent_sale_id
    purchase: dict[str, Any] = {
        "transaction": sale.sale_id,
        "status": tables.PURCHASE_STATUS[event],
        "order_date": _ms(sale.occurred_at),
        "price": price,
        "full_price": price,
        "original_offer_price": price,
        "checkout_country": {"name": "Brasil", "iso": "BR"},
        "order_bump": bump,
        "payment": {"type": _payment_type(sale), "installments_number": 1},
        "offer": {"code": "oferta01"},
        "is_funnel": False,
        "business_model": "I",
        "invoice_by": "HOTMART",
    }
    if event in ("PURCHASE_APPROVED", "PURCHASE_COMPLETE"):
        purchase["approved_date"] = _ms(sale.occurred_at)
    if sale.click_id is not None:
        purchase["origin"] = {"xcod": sale.click_id}
    return purchase


def _cart(sale: SyntheticSale) -> dict[str, Any]:
    return {
        "affiliate": False,
        "product": {"id": _id(sale.product_id), "name": sale.product_name},
        "buyer": {"name": sale.name, "email": sale.email, "phone": sale.phone.lstrip("+")},
        "offer": {"code": "oferta01"},
        "checkout_country": {"name": "Brasil", "iso": "BR"},
    }


def _buyer(sale: SyntheticSale) -> dict[str, Any]:
    first, _, last = sale.name.partition(" ")
    buyer = {"email": sale.email, "name": sale.name, "first_name": first, "last_name": last}
    national = sale.phone.removeprefix("+55")
    if national != sale.phone:
        return {**buyer, "checkout_phone_code": national[:2], "checkout_phone": national}
    return {**buyer, "checkout_phone": sale.phone}


def _payment_type(sale: SyntheticSale) -> str:
    said = _TYPES.get(sale.payment_method, _OTHER_TYPE)
    is_pending = sale.kind == SaleEventKind.PENDING.value
    return "PIX" if is_pending and said not in ("PIX", "BILLET") else said


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    """Hotmart writes whole amounts as integers and others as decimals."""
    return {"value": int(amount) if amount == int(amount) else float(amount), "currency_value": currency}


def _id(text: str) -> int | str:
    """Hotmart's product ids are integers."""
    return int(text) if text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 16 else text


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
