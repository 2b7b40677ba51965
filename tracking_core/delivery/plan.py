"""Turn a decided sale into one delivery per dataset. The event's JSON is made here and sent as it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db import bulk
from tracking_core.destinations.meta_capi.event import MAX_EVENT_AGE, build_event
from tracking_core.destinations.meta_capi.user_data import is_too_weak, public_ip
from tracking_core.kit.ids import new_id
from tracking_core.kit.money import Money
from tracking_core.matching.candidates import Candidate
from tracking_core.models import UNDONE_STATUSES, Conversion, Delivery, DeliveryState
from tracking_core.pipeline.stages import Sale

PROOF_ENDED = "proof_ended"
_RENEWAL_SEGMENT = "existing_customer_to_business"


def objection(sale: Sale, now: datetime) -> str | None:
    """Why the sale cannot be sent to Meta, or None."""
    conversion = sale.conversion
    if conversion.status in UNDONE_STATUSES:
        return f"{conversion.status}_before_delivery"
    if conversion.amount is None or not conversion.currency:
        return "no_value"
    if event_time(conversion, now) + MAX_EVENT_AGE <= now:
        return "older_than_7_days"
    if is_too_weak(conversion.user_data):
        return "too_little_customer_data"
    try:
        payload_of(conversion, now)
    except ValueError:
        return "not_sendable"  # a currency or an amount Meta has no form for
    return None if sale.enabled else _no_way(sale)


def _no_way(sale: Sale) -> str:
    if sale.connections:
        return "no_dataset_enabled"
    return PROOF_ENDED if sale.conversion.is_synthetic else "no_dataset_connected"


def event_time(conversion: Conversion, now: datetime) -> datetime:
    """When it was paid. A time to come is a clock or a zone of the gateway's: Meta would refuse it, and its batch."""
    return min(conversion.approved_at or conversion.occurred_at, now)


def enrich(conversion: Conversion, click: Candidate) -> None:
    """Add what only the browser knew: the ad's click id, the visitor's address and agent, the page."""
    known = {
        "fbc": click.fbc,
        "fbp": click.fbp,
        "client_ip_address": public_ip(click.client_ip),
        "client_user_agent": click.user_agent,
    }
    conversion.user_data = {**conversion.user_data, **{key: value for key, value in known.items() if value}}
    page = {"event_source_url": click.url, "referrer_url": click.referrer}
    conversion.facts = {**conversion.facts, **{key: value for key, value in page.items() if value}}


def payload_of(conversion: Conversion, now: datetime) -> bytes:
    """The event as Meta gets it."""
    assert conversion.amount is not None
    assert conversion.currency is not None
    extra: dict[str, Any] = {}
    if conversion.is_renewal:
        extra["customer_segmentation"] = _RENEWAL_SEGMENT
    event = build_event(
        event_name=conversion.event_name,
        event_id=str(conversion.event_id),
        event_time=event_time(conversion, now),
        user_data=conversion.user_data,
        value=Money(conversion.amount, conversion.currency),
        order_id=conversion.sale_id,
        content_ids=(conversion.product_id,) if conversion.product_id else (),
        content_name=conversion.product_name,
        num_items=1,
        event_source_url=conversion.facts.get("event_source_url"),
        referrer_url=conversion.facts.get("referrer_url"),
        **extra,
    )
    return orjson.dumps(event)


async def plan(session: AsyncSession, sales: Sequence[Sale], now: datetime, *, hold_back: dict[Any, timedelta]) -> None:
    """Insert the deliveries; a repeat finds them there. ``hold_back`` is for sales whose click may still come: when it
    is over they are matched again, and that lets them go. They go by themselves after twice that time, should it fail.
    """
    rows = [_row(sale, connection.id, now, hold_back) for sale in sales for connection in sale.enabled]
    await bulk.insert(session, Delivery, rows)


def _row(sale: Sale, connection_id: Any, now: datetime, hold_back: dict[Any, timedelta]) -> dict[str, Any]:
    conversion = sale.conversion
    return {
        "id": new_id(),
        "tenant_id": conversion.tenant_id,
        "connection_id": connection_id,
        "conversion_id": conversion.id,
        "event_name": conversion.event_name,
        "event_id": str(conversion.event_id),
        "event_time": event_time(conversion, now),
        "payload": payload_of(conversion, now),
        "test_event_code": sale.announced.test_event_code if sale.announced else None,
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "due_at": now + 2 * hold_back.get(conversion.id, timedelta()),
        "created_at": now,
    }
