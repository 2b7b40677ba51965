"""Kiwify's webhook as a SaleEvent."""

from datetime import datetime
from typing import Any

from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.fields import EVENT_NAME_LIMIT, Fields
from tracking_core.gateways.kiwify import tables
from tracking_core.gateways.kiwify.envelope import order_of
from tracking_core.gateways.kiwify.renewal import earlier_charges
from tracking_core.gateways.sale_event import (
    Buyer,
    Ignored,
    IgnoreReason,
    PaymentMethod,
    SaleEvent,
    SaleEventKind,
    Tracking,
)

NAME = "kiwify"
# s1 is where the hub puts its click id.
CARRIERS = ("s1", "sck", "src", "s2", "s3")
UTM = ("source", "medium", "campaign", "content", "term")
_CENTS = 2
# A sale reported to the ads without its amount would be worth nothing; these must be readable.
_VALUED = (SaleEventKind.PENDING, SaleEventKind.APPROVED)


def normalize(payload: dict[str, Any]) -> SaleEvent | Ignored:
    """See ``Gateway.normalize``. ``value`` is ``Commissions.charge_amount``, what the buyer was charged."""
    order = Fields(order_of(payload))
    event, kind = _state(order)
    if kind is None:
        return _ignored(order, event)
    if _is_test(order):
        return Ignored(IgnoreReason.TEST_DELIVERY, event)
    return _cart(order, event) if kind is SaleEventKind.ABANDONED_CART else _order(order, event, kind)


def _state(order: Fields) -> tuple[str, SaleEventKind | None]:
    """The event's name and kind; where the name is missing or unknown, the order's status decides."""
    event = order.event_name("webhook_event_type")
    if event and (kind := tables.EVENT_KINDS.get(event.lower())):
        return event.lower(), kind
    status = order.text("order_status", EVENT_NAME_LIMIT)
    if status and (kind := tables.STATUS_KINDS.get(status.lower())):
        return status.lower(), kind
    if not event and order.text("status") == tables.CART_STATUS:
        return tables.CART_STATUS, SaleEventKind.ABANDONED_CART
    return event or status or "", None


def _ignored(order: Fields, event: str) -> Ignored:
    if event:
        return Ignored(IgnoreReason.UNKNOWN_EVENT, event)
    if order.text("order_id"):
        raise PayloadUnreadable("webhook_event_type", "missing, and so is order_status")
    return Ignored(IgnoreReason.TEST_PING, "")


def _is_test(order: Fields) -> bool:
    emails = (order.child("Customer").text("email"), order.text("email"))
    return any(email is not None and email.lower() == tables.TEST_EMAIL for email in emails)


def _order(order: Fields, event: str, kind: SaleEventKind) -> SaleEvent:
    """An order. Only a late or cancelled subscription may come without an order of its own."""
    subscription, money = order.child("Subscription"), order.child("Commissions")
    subscription_id = order.identifier("subscription_id") or subscription.identifier("id")
    is_notice = kind in (SaleEventKind.OVERDUE, SaleEventKind.SUBSCRIPTION_CANCELED) and subscription_id is not None
    sale_id = order.identifier("order_id") if is_notice else order.required_identifier("order_id")
    earlier = earlier_charges(order, sale_id)
    currency = money.currency("currency") or money.currency("product_base_price_currency")
    return SaleEvent(
        gateway=NAME,
        kind=kind,
        external_event_id=f"{sale_id or subscription_id}:{event}:{order.text('updated_at', 64) or ''}",
        occurred_at=_reached_at(order, kind),
        sale_id=sale_id,
        ordered_at=order.moment("created_at", tables.ZONE),
        payment_method=_payment_method(order, event),
        payment_due_at=order.moment("pix_expiration", tables.ZONE) or order.moment("boleto_expiry_date", tables.ZONE),
        installments=order.count("installments"),
        value=money.money("charge_amount", currency, decimals=_CENTS, required=kind in _VALUED),
        net_value=money.money("my_commission", currency, decimals=_CENTS),
        product_id=order.child("Product").identifier("product_id"),
        product_name=order.child("Product").text("product_name"),
        offer_id=subscription.child("plan").identifier("id") or order.identifier("checkout_link"),
        is_renewal=event == tables.RENEWAL_EVENT or earlier > 0,
        recurrence_number=earlier + 1 if earlier else None,
        subscription_id=subscription_id,
        reason=order.text("card_rejection_reason"),
        buyer=_buyer(order.child("Customer")),
        tracking=_tracking(order.child("TrackingParameters")),
    )


def _cart(order: Fields, event: str) -> SaleEvent:
    """A cart is flat, has no order and nothing of the link: only the buyer can join it to a visitor."""
    cart_id = order.required_identifier("id")
    return SaleEvent(
        gateway=NAME,
        kind=SaleEventKind.ABANDONED_CART,
        external_event_id=f"{cart_id}:{event}:{order.text('created_at', 64) or ''}",
        occurred_at=_reached_at(order, SaleEventKind.ABANDONED_CART),
        product_id=order.identifier("product_id"),
        product_name=order.text("product_name"),
        offer_id=order.identifier("checkout_link"),
        buyer=Buyer(
            email=order.text("email"),
            phone=order.text("phone"),
            document=order.text("cpf") or order.text("cnpj"),
            full_name=order.text("name"),
            country=order.country("country"),
        ),
    )


def _reached_at(order: Fields, kind: SaleEventKind) -> datetime:
    """The date Kiwify keeps for the state, else the order's last change."""
    own = {SaleEventKind.APPROVED: "approved_date", SaleEventKind.REFUNDED: "refunded_at"}.get(kind)
    for key in (own, "updated_at", "created_at"):
        if key and (found := order.moment(key, tables.ZONE)):
            return found
    raise PayloadUnreadable("updated_at", "must be a date")


def _payment_method(order: Fields, event: str) -> PaymentMethod | None:
    said = order.text("payment_method")
    if said:
        return tables.PAYMENT_METHODS.get(said.lower(), PaymentMethod.OTHER)
    return tables.EVENT_PAYMENT_METHODS.get(event)


def _buyer(customer: Fields) -> Buyer:
    return Buyer(
        email=customer.text("email"),
        phone=customer.text("mobile"),
        document=customer.text("CPF") or customer.text("cnpj"),
        full_name=customer.text("full_name"),
        first_name=customer.text("first_name"),
        city=customer.text("city"),
        state=customer.text("state"),
        zip_code=customer.text("zipcode"),
        country=customer.country("country"),
        ip=customer.ip("ip"),
    )


def _tracking(said: Fields) -> Tracking:
    """Kiwify passes on the link's UTMs and labels; Meta's fbclid, fbp and fbc never."""
    carriers = {name: value for name in CARRIERS if (value := said.text(name))}
    return Tracking(carriers=carriers, utm={name: value for name in UTM if (value := said.text(f"utm_{name}"))})
