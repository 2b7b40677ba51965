"""Hotmart's webhook 2.0.0 as a SaleEvent."""

from datetime import datetime
from typing import Any

from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.fields import Fields
from tracking_core.gateways.hotmart import tables
from tracking_core.gateways.hotmart.buyer import buyer_of, is_test, subscriber_of
from tracking_core.gateways.hotmart.tracking import tracking_of
from tracking_core.gateways.sale_event import Ignored, IgnoreReason, PaymentMethod, SaleEvent, SaleEventKind
from tracking_core.kit.money import Money

NAME = "hotmart"
# A sale reported to the ads without its amount would be worth nothing; these must be readable.
_VALUED = (SaleEventKind.PENDING, SaleEventKind.APPROVED, SaleEventKind.COMPLETED)


def normalize(payload: dict[str, Any]) -> SaleEvent | Ignored:
    """See ``Gateway.normalize``. ``value`` is ``purchase.price``: ``full_price`` has the instalment interest in it."""
    root = Fields(payload)
    event = root.event_name("event")
    if event is None:
        return Ignored(IgnoreReason.TEST_PING, "")
    if event in tables.MEMBER_AREA_EVENTS:
        return Ignored(IgnoreReason.MEMBER_AREA, event)
    kind = tables.PURCHASE_KINDS.get(event) or tables.OTHER_KINDS.get(event)
    if kind is None:
        return Ignored(IgnoreReason.UNKNOWN_EVENT, event)
    data = root.required_child("data")
    if is_test(data):
        return Ignored(IgnoreReason.TEST_DELIVERY, event)
    if event in tables.PURCHASE_KINDS:
        return _purchase(root, event, kind, data)
    if kind is SaleEventKind.ABANDONED_CART:
        return _cart(root, event, data)
    return _subscription_notice(root, event, kind, data)


def _purchase(root: Fields, event: str, kind: SaleEventKind, data: Fields) -> SaleEvent:
    purchase = data.required_child("purchase")
    payment, bump = purchase.child("payment"), purchase.child("order_bump")
    sale_id = purchase.required_identifier("transaction")
    is_bump, recurrence = bump.flag("is_order_bump"), purchase.count("recurrence_number")
    price = purchase.child("price")
    return SaleEvent(
        gateway=NAME,
        kind=kind,
        external_event_id=_event_id(root, event, sale_id),
        occurred_at=_reached_at(root, purchase, kind),
        sale_id=sale_id,
        parent_sale_id=bump.identifier("parent_purchase_transaction") if is_bump else None,
        ordered_at=purchase.epoch_ms("order_date"),
        payment_method=_payment_method(payment),
        payment_due_at=payment.epoch_ms("pix_expiration_date"),
        installments=payment.count("installments_number"),
        value=price.money("value", price.currency("currency_value"), required=kind in _VALUED),
        net_value=_producer_commission(data),
        product_id=data.child("product").identifier("id"),
        product_name=data.child("product").text("name"),
        offer_id=purchase.child("offer").identifier("code"),
        is_order_bump=is_bump,
        is_renewal=recurrence is not None and recurrence > 1,
        recurrence_number=recurrence,
        subscription_id=data.child("subscription").child("subscriber").identifier("code"),
        reason=payment.text("refusal_reason"),
        buyer=buyer_of(data),
        tracking=tracking_of(purchase.child("origin")),
    )


def _reached_at(root: Fields, purchase: Fields, kind: SaleEventKind) -> datetime:
    """When it was paid, of a completed sale too: that is told weeks later, and may be the first the hub hears of it."""
    paid_at = purchase.epoch_ms("approved_date")
    if kind is SaleEventKind.APPROVED:
        return paid_at or _sent_at(root)
    if kind is not SaleEventKind.COMPLETED:
        return _sent_at(root)
    found = paid_at or purchase.epoch_ms("order_date")
    if found is None:
        raise PayloadUnreadable("data.purchase.approved_date", "must be milliseconds since 1970")
    return found


def _cart(root: Fields, event: str, data: Fields) -> SaleEvent:
    """A cart has no transaction and nothing of the link: only the buyer can join it to a visitor."""
    return SaleEvent(
        gateway=NAME,
        kind=SaleEventKind.ABANDONED_CART,
        external_event_id=_event_id(root, event, ""),
        occurred_at=_sent_at(root),
        product_id=data.child("product").identifier("id"),
        product_name=data.child("product").text("name"),
        offer_id=data.child("offer").identifier("code"),
        buyer=buyer_of(data),
    )


def _subscription_notice(root: Fields, event: str, kind: SaleEventKind, data: Fields) -> SaleEvent:
    """Cancellation, plan switch, new charge day. The subscriber's code names the subscription in all of them."""
    subscription, plan = data.child("subscription"), _plan(data)
    code = data.child("subscriber").identifier("code") or subscription.identifier("subscriber_code")
    product = data.child("product") or subscription.child("product")
    changed_at = data.epoch_ms("cancellation_date") or data.epoch_ms("switch_plan_date")
    return SaleEvent(
        gateway=NAME,
        kind=kind,
        external_event_id=_event_id(root, event, code or ""),
        occurred_at=changed_at or _sent_at(root),
        product_id=product.identifier("id"),
        product_name=product.text("name"),
        offer_id=plan.child("offer").identifier("key") or plan.child("offer").identifier("code"),
        subscription_id=code,
        buyer=subscriber_of(data),
    )


def _plan(data: Fields) -> Fields:
    """The plan in force: of a switch, the one marked current."""
    current = next((plan for plan in data.children("plans") if plan.flag("current")), None)
    return current or data.child("plan")


def _sent_at(root: Fields) -> datetime:
    """Hotmart spells it both ways, by event."""
    found = root.epoch_ms("creation_date") or root.epoch_ms("creationDate")
    if found is None:
        raise PayloadUnreadable("creation_date", "must be milliseconds since 1970")
    return found


def _event_id(root: Fields, event: str, subject: str) -> str:
    """Hotmart's uuid of the notification; without it, what makes this one different from the sale's others."""
    return root.identifier("id") or f"{subject}:{event}:{round(_sent_at(root).timestamp() * 1000)}"


def _payment_method(payment: Fields) -> PaymentMethod | None:
    said = payment.text("type")
    return tables.PAYMENT_METHODS.get(said.upper(), PaymentMethod.OTHER) if said else None


def _producer_commission(data: Fields) -> Money | None:
    for commission in data.children("commissions"):
        if commission.text("source") == "PRODUCER":
            return commission.money("value", commission.currency("currency_value"))
    return None
