"""Every event of Hotmart 2.0.0, and each shape that is no purchase."""

from typing import Any

import pytest

from tests.gateways.hotmart_payloads import changed, ms, read
from tracking_core.gateways.hotmart import GATEWAY
from tracking_core.gateways.sale_event import Buyer, Ignored, IgnoreReason, PaymentMethod, SaleEventKind


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("PURCHASE_BILLET_PRINTED", "BILLET_PRINTED", SaleEventKind.PENDING),
        ("PURCHASE_APPROVED", "APPROVED", SaleEventKind.APPROVED),
        ("PURCHASE_COMPLETE", "COMPLETED", SaleEventKind.COMPLETED),
        ("PURCHASE_DELAYED", "DELAYED", SaleEventKind.OVERDUE),
        ("PURCHASE_CANCELED", "CANCELED", SaleEventKind.REFUSED),
        ("PURCHASE_EXPIRED", "EXPIRED", SaleEventKind.EXPIRED),
        ("PURCHASE_PROTEST", "DISPUTE", SaleEventKind.PROTEST),
        ("PURCHASE_REFUNDED", "REFUNDED", SaleEventKind.REFUNDED),
        ("PURCHASE_CHARGEBACK", "CHARGEBACK", SaleEventKind.CHARGEBACK),
    ],
)
def test_every_purchase_event_has_its_kind_and_the_same_sale_id(event: str, status: str, kind: SaleEventKind) -> None:
    said = read(changed("data.purchase.status", status, changed("event", event)))
    assert (said.kind, said.sale_id) == (kind, "HP0000000001")
    is_paid = kind in (SaleEventKind.APPROVED, SaleEventKind.COMPLETED)
    assert said.occurred_at == (ms(1745952627000) if is_paid else ms(1745952631331))


@pytest.mark.parametrize(
    ("payment_type", "method"),
    [
        ("PIX", PaymentMethod.PIX),
        ("BILLET", PaymentMethod.BOLETO),
        ("FINANCED_BILLET", PaymentMethod.BOLETO),
        ("CREDIT_CARD", PaymentMethod.CREDIT_CARD),
        *(
            (other, PaymentMethod.OTHER)
            for other in [
                "CASH_PAYMENT",
                "DIRECT_BANK_TRANSFER",
                "DIRECT_DEBIT",
                "FINANCED_INSTALLMENT",
                "GOOGLE_PAY",
                "HOTCARD",
                "HYBRID",
                "MANUAL_TRANSFER",
                "PAYPAL",
                "PAYPAL_INTERNACIONAL",
                "PICPAY",
                "SAMSUNG_PAY",
                "WALLET",
                "SOMETHING_NEW",
            ]
        ),
        ("", None),
        (None, None),
    ],
)
def test_pix_and_boleto_share_the_pending_event_and_differ_by_payment_type(
    payment_type: str | None, method: PaymentMethod | None
) -> None:
    said = read(changed("data.purchase.payment.type", payment_type, changed("event", "PURCHASE_BILLET_PRINTED")))
    assert (said.kind, said.payment_method) == (SaleEventKind.PENDING, method)


@pytest.mark.parametrize("event", ["CLUB_FIRST_ACCESS", "CLUB_MODULE_COMPLETED"])
def test_member_area_events_are_ignored_as_such(event: str) -> None:
    payload = {"id": "7fe795fa", "creationDate": 1763247745996, "event": event, "data": {"user": {"name": "Ana"}}}
    assert GATEWAY.normalize(payload) == Ignored(IgnoreReason.MEMBER_AREA, event)


def test_unknown_events_are_ignored_by_name_at_most_100_characters_long() -> None:
    assert GATEWAY.normalize({"event": "PURCHASE_NEW"}) == Ignored(IgnoreReason.UNKNOWN_EVENT, "PURCHASE_NEW")
    assert GATEWAY.normalize({"event": "X" * 500, "data": 1}) == Ignored(IgnoreReason.UNKNOWN_EVENT, "X" * 100)


@pytest.mark.parametrize("payload", [{}, {"event": None}, {"event": ""}, {"event": "  "}, {"data": {}}])
def test_a_body_without_event_is_a_test_ping(payload: dict[str, Any]) -> None:
    assert GATEWAY.normalize(payload) == Ignored(IgnoreReason.TEST_PING, "")


@pytest.mark.parametrize("event", ["PURCHASE_OUT_OF_SHOPPING_CART", "CART_ABANDONMENT"])
def test_an_abandoned_cart_has_a_buyer_and_no_sale(event: str) -> None:
    said = read(
        {
            "id": "97e982a0-544b-49de-82c3-5524806a17f0",
            "creation_date": 1745969757734,
            "event": event,
            "data": {
                "offer": {"code": "0rgmjkb1"},
                "product": {"name": "Produto Exemplo", "id": 1355458},
                "checkout_country": {"iso": "BR", "name": "Brasil"},
                "affiliate": True,
                "buyer_ip": "203.0.113.7",
                "buyer": {"phone": "5511912345678", "name": "Maria Souza", "email": "comprador@example.com"},
            },
        }
    )
    assert (said.kind, said.sale_id, said.value) == (SaleEventKind.ABANDONED_CART, None, None)
    assert (said.product_id, said.offer_id, said.occurred_at) == ("1355458", "0rgmjkb1", ms(1745969757734))
    assert (said.buyer.phone, said.buyer.country, said.buyer.ip) == ("5511912345678", "BR", "203.0.113.7")
    assert said.tracking.carriers == {}


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ({"dddPhone": "", "phone": "", "dddCell": "11", "cell": "912345678"}, "11912345678"),
        ({"dddPhone": "11", "phone": "31234567", "dddCell": "", "cell": ""}, "1131234567"),
        ({"dddPhone": "", "phone": "", "dddCell": "", "cell": ""}, None),
        ("5511912345678", "5511912345678"),
        (None, None),
    ],
)
def test_a_subscription_cancellation_names_subscriber_and_date(phone: object, expected: str | None) -> None:
    said = read(
        {
            "id": "e276dd75-8c7d-43d2-8398-f42e62060b99",
            "creation_date": 1763247745837,
            "event": "SUBSCRIPTION_CANCELLATION",
            "data": {
                "actual_recurrence_value": 64.9,
                "cancellation_date": 1609181285500,
                "product": {"id": 788921, "name": "Curso"},
                "subscriber": {"code": "0000aaaa", "name": "Ana Lima", "email": "ana@example.com", "phone": phone},
                "subscription": {"id": 4148584, "plan": {"id": 114680, "name": "Mensal"}},
            },
        }
    )
    assert (said.kind, said.sale_id, said.subscription_id) == (SaleEventKind.SUBSCRIPTION_CANCELED, None, "0000aaaa")
    assert (said.occurred_at, said.product_id) == (ms(1609181285500), "788921")
    assert said.buyer == Buyer(email="ana@example.com", phone=expected, full_name="Ana Lima")


def test_a_plan_switch_names_the_current_plans_offer() -> None:
    said = read(
        {
            "id": "0c0ced4b",
            "creation_date": 1763247745719,
            "event": "SWITCH_PLAN",
            "data": {
                "switch_plan_date": 1553729084000,
                "subscription": {
                    "subscriber_code": "9W2LNSG4",
                    "product": {"id": 5, "name": "Curso"},
                    "user": {"email": "ana@example.com"},
                },
                "plans": [
                    {"id": 1, "name": "Antigo", "offer": {"key": "velha"}, "current": False},
                    {"id": 2, "name": "Novo", "offer": {"key": "nova"}, "current": True},
                ],
            },
        }
    )
    assert (said.kind, said.subscription_id, said.offer_id) == (SaleEventKind.PLAN_SWITCHED, "9W2LNSG4", "nova")
    assert (said.occurred_at, said.buyer.email, said.product_id) == (ms(1553729084000), "ana@example.com", "5")


@pytest.mark.parametrize("event", ["UPDATE_SUBSCRIPTION_CHARGE_DATE", "SUBSCRIPTION_BILLING_DATE_CHANGE"])
def test_a_new_charge_day_is_read_with_the_other_spelling_of_the_creation_date(event: str) -> None:
    said = read(
        {
            "id": "adb0a577",
            "creationDate": 1763247745640,
            "event": event,
            "hottok": "segredo-de-teste",
            "data": {
                "subscription": {"newChargeDay": 1, "oldChargeDay": 7, "product": {"id": 5, "name": "Curso"}},
                "subscriber": {"name": "Ana Lima", "email": "ana@example.com", "code": "00000000"},
                "plan": {"id": 3, "name": "Mensal", "offer": {"code": "of3"}},
            },
        }
    )
    assert (said.kind, said.subscription_id, said.offer_id) == (SaleEventKind.CHARGE_DATE_CHANGED, "00000000", "of3")
    assert (said.occurred_at, said.product_id) == (ms(1763247745640), "5")
