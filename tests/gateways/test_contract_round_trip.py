"""Synthesise, then read back: what every gateway must keep. A new folder is under test by existing."""

from decimal import Decimal

import orjson
import pytest

from tests.gateways.contract import (
    AT,
    REQUIRED_KINDS,
    SECRET,
    SUPPORTED,
    UNSUPPORTED,
    check_is_well_formed,
    every_gateway,
    every_supported_kind,
    ids_of,
    payload_of,
    read,
    sale_of,
)
from tracking_core.gateways.base import Gateway
from tracking_core.gateways.sale_event import Ignored, IgnoreReason, PaymentMethod, SaleEventKind
from tracking_core.kit.money import Money


@every_supported_kind
def test_what_is_synthesised_is_read_back_as_the_same_sale(gateway: Gateway, kind: SaleEventKind) -> None:
    sale, said = sale_of(kind), read(gateway, kind)
    check_is_well_formed(said)
    assert (said.gateway, said.kind, said.occurred_at) == (gateway.name, kind, AT)
    assert (said.buyer.email, said.buyer.full_name) == (sale.email, sale.name)
    assert sale.phone.endswith(said.buyer.phone or "missing") or said.buyer.phone == sale.phone.lstrip("+")
    assert (said.product_id, said.product_name) == (sale.product_id, sale.product_name)
    if kind is SaleEventKind.ABANDONED_CART:
        assert said.sale_id is None
        return
    assert said.sale_id == sale.sale_id
    assert said.value == Money(Decimal(sale.amount), "BRL")
    assert said.net_value is not None
    assert said.net_value.amount < Decimal(sale.amount)
    assert next(iter(said.tracking.carriers.values())) == sale.click_id
    assert (said.is_renewal, said.is_order_bump) == (False, False)


@every_gateway
def test_the_kinds_that_every_seller_needs_can_be_synthesised(gateway: Gateway) -> None:
    assert {kind for one, kind in SUPPORTED if one is gateway} >= set(REQUIRED_KINDS)


@pytest.mark.parametrize(("gateway", "kind"), UNSUPPORTED, ids=ids_of)
def test_a_kind_the_gateway_does_not_know_is_refused_by_name(gateway: Gateway, kind: SaleEventKind) -> None:
    with pytest.raises(ValueError, match=kind.value):
        gateway.synthesize(sale_of(kind), SECRET)


@every_gateway
def test_a_kind_that_does_not_exist_is_refused_by_name(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="no_such_kind"):
        gateway.synthesize(sale_of("no_such_kind"), SECRET)


@every_supported_kind
@pytest.mark.parametrize("amount", ["0.01", "97", "197.90", "0.29", "12345678.91"])
def test_money_comes_back_to_the_cent(gateway: Gateway, kind: SaleEventKind, amount: str) -> None:
    value = read(gateway, kind, amount=amount, currency="USD").value
    assert value == (None if kind is SaleEventKind.ABANDONED_CART else Money(Decimal(amount), "USD"))


@every_gateway
@pytest.mark.parametrize("method", list(PaymentMethod))
def test_the_payment_method_comes_back(gateway: Gateway, method: PaymentMethod) -> None:
    assert read(gateway, SaleEventKind.APPROVED, payment_method=method.value).payment_method is method


@every_gateway
def test_a_pending_sale_is_pix_or_boleto(gateway: Gateway) -> None:
    for asked, got in (("pix", "pix"), ("boleto", "boleto"), ("credit_card", "pix")):
        assert read(gateway, SaleEventKind.PENDING, payment_method=asked).payment_method == got


@every_gateway
def test_a_renewal_is_marked_from_pending_on_and_a_first_charge_is_not(gateway: Gateway) -> None:
    for kind in (SaleEventKind.PENDING, SaleEventKind.APPROVED, SaleEventKind.REFUNDED):
        first, third = read(gateway, kind), read(gateway, kind, recurrence_number=3)
        assert not first.is_renewal
        assert (third.is_renewal, third.recurrence_number) == (True, 3)
        assert third.subscription_id


@every_gateway
def test_the_event_id_is_the_same_for_a_repeat_and_differs_between_states_and_sales(gateway: Gateway) -> None:
    approved = read(gateway, SaleEventKind.APPROVED)
    assert read(gateway, SaleEventKind.APPROVED).external_event_id == approved.external_event_id
    others = [read(gateway, kind).external_event_id for kind in REQUIRED_KINDS]
    another = read(gateway, SaleEventKind.APPROVED, sale_id="HP7700000002").external_event_id
    assert len({*others, another}) == len(others) + 1


@every_gateway
def test_without_a_click_id_no_carrier_is_made_up(gateway: Gateway) -> None:
    assert read(gateway, SaleEventKind.APPROVED, click_id=None).tracking.carriers == {}


@every_gateway
def test_an_empty_object_is_a_test_ping(gateway: Gateway) -> None:
    assert gateway.normalize({}) == Ignored(IgnoreReason.TEST_PING, "")


@every_supported_kind
def test_normalising_leaves_the_payload_as_it_was(gateway: Gateway, kind: SaleEventKind) -> None:
    payload = payload_of(gateway, kind)
    before = orjson.dumps(payload)
    gateway.normalize(payload)
    assert orjson.dumps(payload) == before
