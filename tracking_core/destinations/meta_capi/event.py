"""One server event in the shape of Meta's Conversions API ("server event parameters", "custom data parameters")."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tracking_core.identity.text import visible
from tracking_core.kit.money import Money

# Older than this and Meta refuses the whole request (2804003).
MAX_EVENT_AGE = timedelta(days=7)
# From the first copy Meta took: a later one with the same name and id is dropped only within this time.
DEDUPE_WINDOW = timedelta(hours=48)
# Meta asks for name_major_minor in lower case; its dataset quality reports can be filtered by it.
PARTNER_AGENT = "hub_0_1"

PURCHASE = "Purchase"
PAGE_VIEW = "PageView"
INITIATE_CHECKOUT = "InitiateCheckout"
ACTION_SOURCES = frozenset(
    ("email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging")
) | {"other"}
CUSTOMER_SEGMENTATIONS = frozenset(
    f"{kind}_to_{scope}"
    for kind in ("new_customer", "existing_customer")
    for scope in ("business", "business_line", "product_area", "medium")
) | {"customer_in_loyalty_program"}

_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Above this a JSON number read as a double no longer has exact cents.
_MAX_AMOUNT = Decimal(10) ** 13
_URL_LIMIT = 2_048
_TEXT_LIMIT = 500


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
    num_items: int | None = None,
    customer_segmentation: str | None = None,
    custom_properties: Mapping[str, str | int | bool] | None = None,
    event_source_url: str | None = None,
    action_source: str = "website",
    referrer_url: str | None = None,
    opt_out: bool | None = None,
) -> dict[str, Any]:
    """The event as JSON-ready data. ``event_time`` is aware; ``custom_properties`` must hold no personal data.

    Raises ValueError for a Purchase without value and currency and for values Meta's lists do not have. The age of
    the event is the caller's to judge.
    """
    custom_data = {key: _text(one) for key, one in (custom_properties or {}).items()} | {
        **_money(event_name, value),
        "order_id": _text(order_id),
        "content_ids": [_text(one) for one in content_ids],
        "content_type": "product" if content_ids else None,
        "content_name": _text(content_name),
        "num_items": num_items,
        # At event level Meta answers error 100, although its list of parameters has it there.
        "customer_segmentation": _listed("customer_segmentation", customer_segmentation, CUSTOMER_SEGMENTATIONS),
    }
    event = {
        "event_name": _required("event_name", event_name),
        "event_id": _required("event_id", event_id),
        "event_time": _seconds(event_time),
        "action_source": _listed("action_source", action_source, ACTION_SOURCES),
        "event_source_url": _url(event_source_url),
        "referrer_url": _url(referrer_url),
        "opt_out": opt_out,
        "user_data": dict(user_data),
        "custom_data": _filled(custom_data),
    }
    return _filled(event)


def _money(event_name: str, value: Money | None) -> dict[str, float | str]:
    """``{value, currency}`` with at most two decimals; the float prints exactly those digits."""
    if value is None:
        if event_name == PURCHASE:
            raise ValueError("a Purchase needs a value and a currency")
        return {}
    currency = value.currency.strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("currency is not an ISO 4217 code")
    if not value.amount.is_finite() or not 0 <= value.amount < _MAX_AMOUNT:
        raise ValueError("value is not an amount Meta takes")
    return {"value": float(value.amount.quantize(_CENT, ROUND_HALF_UP)), "currency": currency}


def _seconds(event_time: datetime) -> int:
    if event_time.tzinfo is None:
        raise ValueError("event_time has no time zone")
    return int(event_time.timestamp())


def _listed(name: str, text: str | None, known: frozenset[str]) -> str | None:
    if text is not None and text not in known:
        raise ValueError(f"{name} is not one of Meta's")
    return text


def _required(name: str, text: str) -> str:
    if not text or visible(text) != text or len(text) > _TEXT_LIMIT:
        raise ValueError(f"{name} is empty or not plain text")
    return text


def _text(one: Any) -> Any:
    return visible(one)[:_TEXT_LIMIT] if isinstance(one, str) else one


def _url(url: str | None) -> str | None:
    """A cut URL is a wrong URL, so one that is too long is left out."""
    return visible(url) if url and len(url) <= _URL_LIMIT else None


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known; False and 0 are known."""
    return {key: one for key, one in fields.items() if one is not None and one not in ("", [], {})}
