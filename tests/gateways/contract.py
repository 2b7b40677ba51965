"""What the contract tests share: every gateway the registry finds, and the sales each can synthesise."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import settings

from tracking_core.gateways import registry
from tracking_core.gateways.base import Gateway, SyntheticSale
from tracking_core.gateways.sale_event import Ignored, SaleEvent, SaleEventKind

SECRET = "segredo-de-teste"
AT = datetime(2026, 3, 9, 15, 4, tzinfo=UTC)
GATEWAYS = [registry.get(name) for name in registry.names()]
REQUIRED_KINDS = (
    SaleEventKind.PENDING,
    SaleEventKind.APPROVED,
    SaleEventKind.REFUSED,
    SaleEventKind.REFUNDED,
    SaleEventKind.CHARGEBACK,
    SaleEventKind.ABANDONED_CART,
)
quick = settings(max_examples=150, deadline=None, database=None)
every_gateway = pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)


def sale_of(kind: str, **changes: Any) -> SyntheticSale:
    sale = SyntheticSale(sale_id="HP7700000001", kind=kind, occurred_at=AT, click_id="clk_01hxyz")
    return replace(sale, **changes)


def is_supported(gateway: Gateway, kind: SaleEventKind) -> bool:
    try:
        gateway.synthesize(sale_of(kind), SECRET)
    except ValueError:
        return False
    return True


SUPPORTED = [(gateway, kind) for gateway in GATEWAYS for kind in SaleEventKind if is_supported(gateway, kind)]
UNSUPPORTED = [(gateway, kind) for gateway in GATEWAYS for kind in SaleEventKind if not is_supported(gateway, kind)]


def ids_of(value: Any) -> str:
    return str(getattr(value, "name", value)) if not isinstance(value, SaleEventKind) else value.value


every_supported_kind = pytest.mark.parametrize(("gateway", "kind"), SUPPORTED, ids=ids_of)


def payload_of(gateway: Gateway, kind: SaleEventKind, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = orjson.loads(gateway.synthesize(sale_of(kind, **changes), SECRET).body)
    return payload


def read(gateway: Gateway, kind: SaleEventKind, **changes: Any) -> SaleEvent:
    said = gateway.normalize(payload_of(gateway, kind, **changes))
    assert isinstance(said, SaleEvent)
    return said


def check_is_well_formed(said: SaleEvent | Ignored) -> None:
    """The types a consumer relies on, whatever the payload was."""
    if isinstance(said, Ignored):
        assert len(said.event) <= 100
        said.event.encode()
        return
    for moment in (said.occurred_at, said.ordered_at, said.payment_due_at):
        assert moment is None or moment.utcoffset() == timedelta(0)
    for money in (said.value, said.net_value):
        assert money is None or (type(money.amount) is Decimal and money.amount.is_finite() and money.amount >= 0)
        assert money is None or (len(money.currency) == 3 and money.currency == money.currency.upper())
    assert said.external_event_id
    assert said.installments is None or type(said.installments) is int
    for text in texts_of(said):
        assert "\x00" not in text
        assert text.strip() == text
        assert text
        text.encode()


def texts_of(said: SaleEvent) -> Iterator[str]:
    buyer = said.buyer
    yield from (text for text in (getattr(buyer, name) for name in buyer.__slots__) if text is not None)
    yield from said.tracking.carriers.values()
    yield from said.tracking.utm.values()
    singles = (said.sale_id, said.parent_sale_id, said.product_id, said.product_name, said.offer_id, said.reason)
    yield from (text for text in singles if text is not None)
