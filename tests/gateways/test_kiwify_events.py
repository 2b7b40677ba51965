"""Every event of Kiwify with its aliases, and what Kiwify sends that is no sale or cannot be read."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.gateways.kiwify_payloads import APPROVED, CART, order, read, subscribed
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.kiwify import GATEWAY
from tracking_core.gateways.sale_event import Ignored, IgnoreReason, PaymentMethod, SaleEvent, SaleEventKind

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "gateways"


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("order_approved", "paid", SaleEventKind.APPROVED),
        ("compra_aprovada", "paid", SaleEventKind.APPROVED),
        ("order_rejected", "refused", SaleEventKind.REFUSED),
        ("order_refused", "refused", SaleEventKind.REFUSED),
        ("compra_recusada", "refused", SaleEventKind.REFUSED),
        ("order_refunded", "refunded", SaleEventKind.REFUNDED),
        ("compra_reembolsada", "refunded", SaleEventKind.REFUNDED),
        ("chargeback", "chargedback", SaleEventKind.CHARGEBACK),
        ("order_chargedback", "chargedback", SaleEventKind.CHARGEBACK),
        ("pix_created", "waiting_payment", SaleEventKind.PENDING),
        ("pix_gerado", "waiting_payment", SaleEventKind.PENDING),
        ("billet_created", "waiting_payment", SaleEventKind.PENDING),
        ("boleto_created", "waiting_payment", SaleEventKind.PENDING),
        ("boleto_gerado", "waiting_payment", SaleEventKind.PENDING),
        ("subscription_renewed", "paid", SaleEventKind.APPROVED),
        ("subscription_late", "paid", SaleEventKind.OVERDUE),
        ("subscription_canceled", "paid", SaleEventKind.SUBSCRIPTION_CANCELED),
        ("ORDER_APPROVED", "paid", SaleEventKind.APPROVED),
    ],
)
def test_every_event_and_alias_has_its_kind(event: str, status: str, kind: SaleEventKind) -> None:
    said = read(order(webhook_event_type=event, order_status=status))
    assert (said.kind, said.sale_id) == (kind, APPROVED["order_id"])
    assert said.external_event_id == f"{APPROVED['order_id']}:{event.lower()}:2025-04-08 02:25"


@pytest.mark.parametrize("event", [None, "", "order_something_new"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("approved", SaleEventKind.APPROVED),
        ("authorized", SaleEventKind.PENDING),
        ("chargedback", SaleEventKind.CHARGEBACK),
        ("paid", SaleEventKind.APPROVED),
        ("pending", SaleEventKind.PENDING),
        ("pending_refund", SaleEventKind.PROTEST),
        ("processing", SaleEventKind.PENDING),
        ("refunded", SaleEventKind.REFUNDED),
        ("refund_requested", SaleEventKind.PROTEST),
        ("refused", SaleEventKind.REFUSED),
        ("waiting_payment", SaleEventKind.PENDING),
    ],
)
def test_without_a_known_event_the_orders_status_decides(event: str | None, status: str, kind: SaleEventKind) -> None:
    assert read(order(webhook_event_type=event, order_status=status)).kind is kind


@pytest.mark.parametrize("event", ["carrinho_abandonado", "cart_abandoned", None])
def test_an_abandoned_cart_is_known_by_event_or_by_its_own_status(event: str | None) -> None:
    assert read({**CART, "webhook_event_type": event}).kind is SaleEventKind.ABANDONED_CART


@pytest.mark.parametrize(
    ("event", "method", "expected"),
    [
        ("pix_created", None, PaymentMethod.PIX),
        ("boleto_gerado", "", PaymentMethod.BOLETO),
        ("order_approved", "boleto", PaymentMethod.BOLETO),
        ("order_approved", "credit_card", PaymentMethod.CREDIT_CARD),
        ("order_approved", "nova_carteira", PaymentMethod.OTHER),
        ("order_approved", None, None),
    ],
)
def test_the_payment_method_is_said_by_the_order_or_else_by_the_event(
    event: str, method: str | None, expected: PaymentMethod | None
) -> None:
    assert read(order(webhook_event_type=event, payment_method=method)).payment_method is expected


@pytest.mark.parametrize("event", ["subscription_late", "subscription_canceled"])
def test_a_subscription_notice_needs_no_order(event: str) -> None:
    said = read(order(webhook_event_type=event, order_id=None, Subscription=subscribed()))
    assert (said.sale_id, said.subscription_id) == (None, "526eb029")
    assert said.external_event_id == f"526eb029:{event}:2025-04-08 02:25"


@pytest.mark.parametrize("inner", [APPROVED, CART])
def test_an_order_under_order_is_the_same_sale_as_at_the_root(inner: dict[str, Any]) -> None:
    assert read({"url": "https://example.com/w", "signature": "0" * 40, "order": inner}) == read(inner)


@pytest.mark.parametrize("payload", [{}, {"order": {}}, {"webhook_event_type": None, "order_status": ""}, {"url": "x"}])
def test_a_body_without_event_and_order_is_a_test_ping(payload: dict[str, Any]) -> None:
    assert GATEWAY.normalize(payload) == Ignored(IgnoreReason.TEST_PING, "")


def test_unknown_events_are_ignored_by_name_at_most_100_characters_long() -> None:
    unknown = order(webhook_event_type="x" * 500, order_status="nova")
    assert GATEWAY.normalize(unknown) == Ignored(IgnoreReason.UNKNOWN_EVENT, "x" * 100)
    assert GATEWAY.normalize({"order_status": "nova"}) == Ignored(IgnoreReason.UNKNOWN_EVENT, "nova")


def test_john_doe_is_no_buyer_at_the_root_and_in_an_order() -> None:
    doe = {"full_name": "John Doe", "email": "JohnDoe@example.com"}
    assert GATEWAY.normalize(order(Customer=doe)) == Ignored(IgnoreReason.TEST_DELIVERY, "order_approved")
    assert GATEWAY.normalize({**CART, "email": "johndoe@example.com"}) == Ignored(
        IgnoreReason.TEST_DELIVERY, "abandoned"
    )


def test_every_panel_payload_at_hand_is_ignored_and_is_a_sale_with_another_buyer() -> None:
    for path in sorted(SAMPLES.glob("kiwify_*.json")):
        said = GATEWAY.normalize(orjson.loads(path.read_bytes()))
        assert isinstance(said, Ignored)
        assert said.reason is IgnoreReason.TEST_DELIVERY
        text = path.read_text().replace("johndoe@example.com", "maria@example.com")
        assert isinstance(GATEWAY.normalize(orjson.loads(text)), SaleEvent)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (order(webhook_event_type=7), "webhook_event_type"),
        (order(webhook_event_type=None, order_status=None), "webhook_event_type"),
        (order(order_id=None), "order_id"),
        (order(order_id=["x"]), "order_id"),
        (order(order_id="x" * 201), "order_id"),
        (order(order_id=None, webhook_event_type="subscription_late"), "order_id"),
        (order(Commissions={"charge_amount": "91,49", "currency": "BRL"}), "Commissions.charge_amount"),
        (order(Commissions={"charge_amount": 91.49, "currency": "BRL"}), "Commissions.charge_amount"),
        (order(approved_date=None, updated_at="ontem", created_at=None), "updated_at"),
        ({**CART, "id": None}, "id"),
    ],
)
def test_an_essential_field_that_is_wrong_is_named(payload: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadUnreadable) as unreadable:
        GATEWAY.normalize(payload)
    assert unreadable.value.path == path
