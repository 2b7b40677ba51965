"""One item of a gateway's list, read by the gateway's own normaliser: what it says of a sale, or why it cannot be
read. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson

from tracking_core.gateways import registry
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.sale_event import SaleEvent, SaleEventKind
from tracking_core.gateways.sales_api import ITEM_KEY, SalesApi
from tracking_core.models import ConversionStatus

STATUS = MappingProxyType(
    {
        SaleEventKind.APPROVED: ConversionStatus.APPROVED,
        SaleEventKind.REFUNDED: ConversionStatus.REFUNDED,
        SaleEventKind.CHARGEBACK: ConversionStatus.CHARGEBACK,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSale:
    """A paid sale as the list has it. ``body`` is its webhook with the item beside it, ``identity`` the item alone: the
    same item is kept once, whenever it was seen."""

    sale_id: str
    status: ConversionStatus
    said_status: str
    said: SaleEvent
    ordered_at: datetime
    body: bytes = field(repr=False)
    identity: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """``problem`` names the field, never its value."""

    problem: str
    body: bytes = field(repr=False)
    identity: bytes = field(repr=False)


def read_item(api: SalesApi, item: Any, *, seen_at: datetime) -> ListedSale | Unreadable | None:
    """None for what is no paid sale of a buyer's: not paid yet, never paid, or the gateway's own test."""
    try:
        return _read(api, item, seen_at)
    except orjson.JSONEncodeError:
        # Read, and nested too deeply to be written: what it is cannot be kept, that it was there can.
        problem = "item: is nested too deeply"
        return Unreadable(problem=problem, body=written({ITEM_KEY: None}), identity=problem.encode())


def _read(api: SalesApi, item: Any, seen_at: datetime) -> ListedSale | Unreadable | None:
    try:
        if not isinstance(item, dict):
            raise PayloadUnreadable("item", "must be an object")
        webhook = api.as_webhook(item, seen_at=seen_at)
        said = registry.get(api.name).normalize(webhook) if webhook else None
        return _listed(api, item, webhook, said) if webhook and isinstance(said, SaleEvent) else None
    except PayloadUnreadable as unreadable:
        return Unreadable(problem=str(unreadable), body=written({ITEM_KEY: item}), identity=written(item))


def _listed(api: SalesApi, item: dict[str, Any], webhook: dict[str, Any], said: SaleEvent) -> ListedSale:
    status = STATUS.get(said.kind)
    if status is None or said.sale_id is None or said.ordered_at is None:
        raise PayloadUnreadable("item", "is no sale with an id and a day")
    return ListedSale(
        sale_id=said.sale_id,
        status=status,
        said_status=api.said_status(item),
        said=said,
        ordered_at=said.ordered_at,
        body=written(webhook),
        identity=written(item),
    )


def written(said: Any) -> bytes:
    """As it is kept, and the same for the same."""
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
