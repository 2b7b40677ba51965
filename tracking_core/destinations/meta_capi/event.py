"""One server event as Meta's ``POST /{dataset}/events`` takes it in ``data``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from tracking_core.kit import clock
from tracking_core.kit.money import Money

# Meta refuses older events, and the batch with them (100/2804003).
MAX_EVENT_AGE = timedelta(days=7)
# A repeat of the same event name and id is dropped only this long after the first.
DEDUPE_WINDOW = timedelta(hours=48)
# Tells Meta's dataset quality figures which platform sent the event; its form is name_major_minor.
PARTNER_AGENT = "hub_0_1"
PURCHASE = "Purchase"
ACTION_SOURCES = frozenset(
    {
        "email",
        "website",
        "app",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    }
)
_SEGMENT_TARGETS = ("business", "business_line", "product_area", "medium")
CUSTOMER_SEGMENTATIONS = frozenset(
    {f"{who}_customer_to_{target}" for who in ("new", "existing") for target in _SEGMENT_TARGETS}
    | {"customer_in_loyalty_program"}
)

_CLOCK_SKEW = timedelta(minutes=5)
_CENT = Decimal("0.01")


class InvalidEvent(ValueError):
    """The event would be refused by Meta. ``reason`` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One item of ``contents``; ``item_price`` in the event's currency."""

    id: str
    quantity: int = 1
    item_price: Decimal | None = None
    title: str | None = None


def build_event(
    *,
    event_name: str,
    event_id: str,
    event_time: datetime,
    user_data: Mapping[str, Any],
    value: Money | None = None,
    order_id: str | None = None,
    content_ids: Sequence[str] = (),
    content_name: str | None = None,
    content_type: str | None = None,
    contents: Sequence[Content] = (),
    num_items: int | None = None,
    customer_segmentation: str | None = None,
    event_source_url: str | None = None,
    action_source: str = "website",
    referrer_url: str | None = None,
    opt_out: bool | None = None,
) -> dict[str, Any]:
    """The event, ready for ``orjson.dumps`` (amounts are JSON fragments, so their decimals stay exact).

    ``event_time`` (aware) up to five minutes ahead is clock skew and becomes now. Catalogue ids are of type
    ``product`` unless ``content_type`` says otherwise. Raises InvalidEvent; age is the caller's to judge, because an
    event of eight days is how a token is probed.
    """
    if not event_name or not event_id:
        raise InvalidEvent("event_name_or_id_missing")
    if action_source not in ACTION_SOURCES:
        raise InvalidEvent("action_source_unknown")
    custom = {
        **_priced(event_name, value),
        "order_id": order_id,
        "content_ids": list(content_ids),
        "content_name": content_name,
        "content_type": content_type or ("product" if content_ids or contents else None),
        "contents": [_content(one) for one in contents],
        "num_items": num_items,
        "customer_segmentation": _segmentation(customer_segmentation),
    }
    event = {
        "event_name": event_name,
        "event_time": _unix_seconds(event_time),
        "event_id": event_id,
        "action_source": action_source,
        "event_source_url": event_source_url,
        "referrer_url": referrer_url,
        "opt_out": opt_out,
        "user_data": dict(user_data),
        "custom_data": _said(custom),
    }
    return _said(event)


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is unknown; false and zero are known."""
    return {key: value for key, value in fields.items() if value is not None and value not in ("", [], {})}


def _unix_seconds(event_time: datetime) -> int:
    now = clock.now()
    if event_time > now + _CLOCK_SKEW:
        raise InvalidEvent("event_time_in_the_future")
    return int(min(event_time, now).timestamp())


def _priced(event_name: str, value: Money | None) -> dict[str, Any]:
    if value is None:
        if event_name == PURCHASE:
            raise InvalidEvent("purchase_without_value")
        return {}
    currency = value.currency.strip().upper()
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise InvalidEvent("currency_not_iso_4217")
    return {"value": _number(value.amount), "currency": currency}


def _number(amount: Decimal) -> orjson.Fragment:
    """A JSON number with at most two decimals, written from the Decimal itself."""
    try:
        return orjson.Fragment(format(amount.quantize(_CENT), "f"))
    except InvalidOperation:
        raise InvalidEvent("value_not_a_number") from None


def _content(content: Content) -> dict[str, Any]:
    price = None if content.item_price is None else _number(content.item_price)
    return _said({"id": content.id, "quantity": content.quantity, "item_price": price, "title": content.title})


def _segmentation(segment: str | None) -> str | None:
    if segment is not None and segment not in CUSTOMER_SEGMENTATIONS:
        raise InvalidEvent("customer_segmentation_unknown")
    return segment
