"""What a Hotmart purchase says, field by field."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from tests.gateways.hotmart_payloads import APPROVED, changed, ms, read, without
from tracking_core.gateways.base import SyntheticSale
from tracking_core.gateways.hotmart import GATEWAY
from tracking_core.gateways.hotmart.buyer import joined_phone
from tracking_core.gateways.sale_event import Buyer, PaymentMethod, SaleEventKind
from tracking_core.kit.money import Money


def test_an_approved_purchase_is_read_whole() -> None:
    said = read(APPROVED)
    assert (said.gateway, said.kind) == ("hotmart", SaleEventKind.APPROVED)
    assert said.external_event_id == "a51689a6-8e24-4b9a-b8b6-9214cb0ec15e"
    assert (said.sale_id, said.parent_sale_id, said.is_order_bump) == ("HP0000000001", None, False)
    assert (said.occurred_at, said.ordered_at) == (ms(1745952627000), ms(1745952557000))
    assert said.payment_due_at == ms(1746125358000)
    assert (said.payment_method, said.installments) == (PaymentMethod.PIX, 1)
    assert said.net_value == Money(Decimal("1385.22"), "BRL")
    assert (said.product_id, said.product_name, said.offer_id) == ("1355458", "Produto Exemplo", "tdl7nakn")
    assert (said.recurrence_number, said.is_renewal, said.subscription_id) == (1, False, "ABCD1234")
    assert said.buyer == Buyer(
        email="comprador@example.com",
        phone="11912345678",
        document="12345678909",
        full_name="Maria Souza",
        first_name="Maria",
        last_name="Souza",
        city="São Paulo",
        state="São Paulo",
        zip_code="01310100",
        country="BR",
    )
    assert list(said.tracking.carriers) == ["xcod", "sck", "src"]
    assert said.tracking.carriers["xcod"] == "clk_01hxyz"
    assert said.tracking.utm == {
        "source": "google",
        "medium": "cpc",
        "campaign": "lançamento",
        "content": "video 1",
        "term": "[frio]",
    }


def test_value_is_the_price_and_neither_the_financed_nor_the_list_price() -> None:
    assert read(APPROVED).value == Money(Decimal(1497), "BRL")
    assert read(without("data.purchase.price")).value is None


def test_an_order_bump_is_its_own_sale_and_points_at_its_parent() -> None:
    bump = {"is_order_bump": True, "parent_purchase_transaction": "HP0000000000"}
    said = read(changed("data.purchase.order_bump", bump))
    assert (said.sale_id, said.parent_sale_id, said.is_order_bump) == ("HP0000000001", "HP0000000000", True)
    bump["is_order_bump"] = False
    assert read(changed("data.purchase.order_bump", bump)).parent_sale_id is None


@pytest.mark.parametrize(("number", "is_renewal"), [(1, False), (2, True), (13, True), ("2", True), (None, False)])
def test_a_recurrence_above_one_is_a_renewal(number: object, is_renewal: bool) -> None:
    assert read(changed("data.purchase.recurrence_number", number)).is_renewal is is_renewal


def test_a_refusal_says_why() -> None:
    payload = changed(
        "data.purchase.payment.refusal_reason", "Saldo insuficiente", changed("event", "PURCHASE_CANCELED")
    )
    assert read(payload).reason == "Saldo insuficiente"


def test_a_synthetic_order_bump_names_its_parent() -> None:
    at = datetime(2026, 3, 9, tzinfo=UTC)
    sale = SyntheticSale(sale_id="HP2", kind="approved", occurred_at=at, parent_sale_id="HP1")
    said = read(orjson.loads(GATEWAY.synthesize(sale, "segredo").body))
    assert (said.parent_sale_id, said.is_order_bump) == ("HP1", True)


@pytest.mark.parametrize("label", ["HOTMART_PRODUCT_PAGE", "HOTMART_CHECKOUT_CART"])
def test_hotmarts_own_labels_are_no_click_ids(label: str) -> None:
    tracking = read(changed("data.purchase.origin", {"sck": label, "src": label})).tracking
    assert (tracking.carriers, tracking.utm) == ({}, {})


@pytest.mark.parametrize(
    ("sck", "utm"),
    [
        ("a|b|c|d|e", {"source": "a", "medium": "b", "campaign": "c", "content": "d", "term": "e"}),
        (
            "a|b|c|d|e|h0123456789ABCDEabcde0",
            {"source": "a", "medium": "b", "campaign": "c", "content": "d", "term": "e"},
        ),
        ("a||c||", {"source": "a", "campaign": "c"}),
        ("a|b|c|d|e|clk_01hxyz", {}),
        ("a|b|c|d|h0123456789ABCDEabcde0", {}),
        ("a|b|c|d|e|", {}),
        ("a|b|c|d", {}),
        ("a|b|c|d|e|h0123456789ABCDEabcde0|g", {}),
        ("h0123456789ABCDEabcde0", {}),
        ("a|b|c|d|e|f", {}),
        ("label", {}),
    ],
)
def test_sck_is_utms_only_when_it_has_their_number_of_parts(sck: str, utm: dict[str, str]) -> None:
    tracking = read(changed("data.purchase.origin", {"sck": sck})).tracking
    assert tracking.utm == utm
    assert tracking.carriers == {"sck": sck}


def test_a_sale_without_origin_has_no_tracking() -> None:
    tracking = read(without("data.purchase.origin")).tracking
    assert (tracking.carriers, tracking.utm) == ({}, {})
    assert read(changed("data.purchase.origin", {"xcod": "", "sck": None, "src": " "})).tracking.carriers == {}


@pytest.mark.parametrize(
    ("code", "number", "country", "joined"),
    [
        ("11", "912345678", "BR", "11912345678"),
        ("11", "11912345678", "BR", "11912345678"),
        ("011", "912345678", None, "11912345678"),
        ("11", "(11) 91234-5678", "BR", "(11) 91234-5678"),
        ("99", "991234567", "BR", "99991234567"),
        ("11", "5511912345678", "BR", "5511912345678"),
        ("11", "+55 11 91234-5678", "BR", "+55 11 91234-5678"),
        ("55", "11912345678", "BR", "5511912345678"),
        ("55", "991234567", "BR", "55991234567"),
        ("11", "21912345678", "BR", "21912345678"),
        ("351", "912345678", "PT", "351912345678"),
        ("1", "2125550123", "US", "12125550123"),
        (None, "11912345678", "BR", "11912345678"),
        ("11", None, "BR", None),
        ("--", "912345678", "BR", "912345678"),
    ],
)
def test_area_code_and_number_are_joined_without_saying_the_code_twice(
    code: str | None, number: str | None, country: str | None, joined: str | None
) -> None:
    assert joined_phone(code, number, country=country) == joined


def test_a_buyer_may_lack_anything() -> None:
    said = read(without("data.buyer", without("data.purchase.checkout_country")))
    assert said.buyer == Buyer()
    assert read(without("data.buyer.address")).buyer.country == "BR"
