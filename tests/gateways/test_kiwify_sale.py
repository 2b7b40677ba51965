"""What a Kiwify order says, field by field, and when it is a renewal."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.gateways.kiwify_payloads import APPROVED, CART, charge, order, read, subscribed
from tracking_core.gateways.sale_event import Buyer, PaymentMethod, SaleEventKind
from tracking_core.kit.money import Money

OWN = "cab27483-b3a0-495d-a043-1e5052ccfa88"


def test_an_approved_order_is_read_whole() -> None:
    said = read(APPROVED)
    assert (said.gateway, said.kind, said.sale_id) == ("kiwify", SaleEventKind.APPROVED, OWN)
    assert said.external_event_id == f"{OWN}:order_approved:2025-04-08 02:25"
    assert (said.payment_method, said.installments) == (PaymentMethod.CREDIT_CARD, 3)
    assert (said.value, said.net_value) == (Money(Decimal("91.49"), "BRL"), Money(Decimal("81.43"), "BRL"))
    assert (said.product_id, said.product_name) == ("1ea9f3c6-19ae-4371-b2b7-988cda25e9bb", "Curso Exemplo")
    assert (said.offer_id, said.subscription_id, said.is_renewal) == ("dnPQDrg", None, False)
    assert said.buyer == Buyer(
        email="maria@example.com",
        phone="+5511912345678",
        document="12345678909",
        full_name="Maria Souza",
        first_name="Maria",
        city="Balneário Camboriú",
        state="SC",
        zip_code="88330-756",
        ip="203.0.113.7",
    )


def test_dates_without_a_zone_are_brasilia_time() -> None:
    said = read(APPROVED)
    assert said.occurred_at == datetime(2025, 4, 8, 5, 23, tzinfo=UTC)
    assert said.ordered_at == datetime(2025, 4, 8, 5, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "minute"),
    [
        ({"approved_date": None}, 25),
        ({"approved_date": None, "updated_at": None}, 20),
        ({"webhook_event_type": "order_refunded", "refunded_at": "2025-04-08 02:41"}, 41),
        ({"webhook_event_type": "order_refunded"}, 25),
        ({"webhook_event_type": "chargeback"}, 25),
    ],
)
def test_a_state_was_reached_at_its_own_date_or_at_the_last_change(changes: dict[str, Any], minute: int) -> None:
    assert read(order(**changes)).occurred_at == datetime(2025, 4, 8, 5, minute, tzinfo=UTC)


def test_pix_and_boleto_say_until_when_they_can_be_paid() -> None:
    pix = order(webhook_event_type="pix_created", payment_method="pix", pix_expiration="12/04/2025 02:21")
    assert read(pix).payment_due_at == datetime(2025, 4, 12, 5, 21, tzinfo=UTC)
    billet = order(webhook_event_type="billet_created", payment_method="boleto", boleto_expiry_date="2025-04-12")
    assert read(billet).payment_due_at == datetime(2025, 4, 12, 3, 0, tzinfo=UTC)


def test_carriers_stand_in_the_order_of_likelihood_and_blank_ones_are_absent() -> None:
    tracking = read(APPROVED).tracking
    assert list(tracking.carriers.items()) == [
        ("s1", "clk_01hxyz"),
        ("sck", "rotulo"),
        ("src", "bio"),
        ("s3", "três"),
    ]
    assert tracking.utm == {"source": "facebook", "medium": "cpc", "campaign": "lançamento"}


def test_a_company_buys_with_its_cnpj() -> None:
    assert read(order(Customer={"cnpj": "51949075946896"})).buyer == Buyer(document="51949075946896")


@pytest.mark.parametrize("amount", [9149, "9149", 9149.0])
def test_cents_become_whole_units(amount: object) -> None:
    said = read(order(Commissions={"charge_amount": amount, "product_base_price_currency": "usd"}))
    assert (said.value, said.net_value) == (Money(Decimal("91.49"), "USD"), None)


def test_a_refusal_says_why() -> None:
    said = read(order(webhook_event_type="order_rejected", card_rejection_reason="insufficient_funds"))
    assert said.reason == "insufficient_funds"


def test_an_abandoned_cart_has_a_buyer_and_no_sale() -> None:
    said = read(CART)
    assert (said.kind, said.sale_id, said.value) == (SaleEventKind.ABANDONED_CART, None, None)
    assert said.external_event_id == "dbl2yupb3k2zpmk15s:abandoned:2025-04-05T02:17:41.852Z"
    assert said.occurred_at == datetime(2025, 4, 5, 2, 17, 41, 852000, tzinfo=UTC)
    assert said.buyer == Buyer(
        email="maria@example.com",
        phone="(77) 7009-5638",
        document="12345678909",
        full_name="Maria Souza",
        country="BR",
    )


# Renewals: by the event's name, or by the earlier charges that an order_approved shows.


def test_the_renewal_event_is_an_approved_renewal_even_without_a_list_of_charges() -> None:
    said = read(order(webhook_event_type="subscription_renewed"))
    assert (said.kind, said.is_renewal, said.recurrence_number) == (SaleEventKind.APPROVED, True, None)


@pytest.mark.parametrize(
    ("charges", "recurrence"),
    [
        ([], None),
        ([charge(OWN, "2025-04-08T05:20:00Z")], None),
        ([charge("first", "2025-03-08T05:20:00Z")], 2),
        ([charge("first", "2025-02-08T05:20:00Z"), charge("second", "2025-03-08T05:20:00Z")], 3),
        ([charge("first", "2025-03-08T05:20:00Z"), charge(OWN, "2025-04-08T05:20:00Z")], 2),
        ([charge(OWN, "2025-04-08T05:20:00Z"), charge("next", "2025-05-08T05:20:00Z")], None),
        ([charge("next", "2025-05-08T05:20:00Z")], None),
        ([charge("failed", "2025-03-08T05:20:00Z", status="refused")], None),
        ([charge("undated", "?")], 2),
    ],
)
def test_an_approved_order_is_a_renewal_when_another_order_of_the_subscription_was_paid_before(
    charges: list[dict[str, Any]], recurrence: int | None
) -> None:
    said = read(order(Subscription=subscribed(*charges), subscription_id="526eb029"))
    assert (said.is_renewal, said.recurrence_number) == (recurrence is not None, recurrence)
    assert (said.subscription_id, said.offer_id) == ("526eb029", "bcc66929-51ce-4ca8-ad8d-b1a83cf31df9")


def test_a_pending_renewal_is_marked_like_the_approved_one_that_follows_it() -> None:
    block = subscribed(charge("first", "2025-03-08T05:20:00Z"))
    assert read(order(webhook_event_type="pix_created", Subscription=block)).is_renewal
    assert read(order(Subscription=block)).is_renewal
