"""What Hotmart sends that is not believed, not readable, or no sale."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.gateways.hotmart_payloads import changed, read, without
from tracking_core.gateways.base import InboundRequest, PayloadUnreadable
from tracking_core.gateways.hotmart import GATEWAY
from tracking_core.gateways.sale_event import Ignored, IgnoreReason, SaleEvent, SaleEventKind

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "gateways"
TOKEN = "segredo-de-teste"
_UNDATED = without("data.purchase.order_date", changed("event", "PURCHASE_COMPLETE"))


@pytest.mark.parametrize(
    "payload",
    [
        changed("data.purchase.transaction", "HP16015479281022"),
        changed("data.buyer.name", "Teste Comprador"),
        changed("data.buyer.email", "testeComprador271101postman15@example.com"),
        changed("data.buyer.email", "teste@hotmart.com.br"),
    ],
)
def test_the_panels_test_buyer_and_transaction_are_no_sale(payload: dict[str, Any]) -> None:
    assert GATEWAY.normalize(payload) == Ignored(IgnoreReason.TEST_DELIVERY, "PURCHASE_APPROVED")


def test_every_panel_payload_at_hand_is_ignored_and_is_a_sale_with_another_buyer_and_transaction() -> None:
    for path in sorted(SAMPLES.glob("hotmart_*.json")):
        payload = orjson.loads(path.read_bytes())
        if path.name.startswith("hotmart_real_"):
            assert isinstance(GATEWAY.normalize(payload), SaleEvent)
            continue
        said = GATEWAY.normalize(payload)
        is_club = path.name.startswith("hotmart_club_")
        reason = IgnoreReason.MEMBER_AREA if is_club else IgnoreReason.TEST_DELIVERY
        assert said == Ignored(reason, payload["event"])
        text = path.read_text().replace("HP16015479281022", "HP7").replace("Teste Comprador", "Ana Lima")
        for dummy in ("testeComprador271101postman15@example.com", "teste@hotmart.com.br", "test@hotmart.com"):
            text = text.replace(dummy, "ana@example.com")
        assert isinstance(GATEWAY.normalize(orjson.loads(text)), Ignored if is_club else SaleEvent)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (changed("event", 7), "event"),
        (changed("event", ["PURCHASE_APPROVED"]), "event"),
        (without("data"), "data"),
        (changed("data", []), "data"),
        (without("data.purchase"), "data.purchase"),
        (changed("data.purchase", "HP1"), "data.purchase"),
        (without("data.purchase.transaction"), "data.purchase.transaction"),
        (without("data.purchase.approved_date", _UNDATED), "data.purchase.approved_date"),
        (changed("data.purchase.transaction", {}), "data.purchase.transaction"),
        (changed("data.purchase.transaction", "H" * 201), "data.purchase.transaction"),
        (changed("data.purchase.price.value", "muito"), "data.purchase.price.value"),
        (changed("data.purchase.price.value", -1), "data.purchase.price.value"),
        (without("creation_date", without("data.purchase.approved_date")), "creation_date"),
    ],
)
def test_an_essential_field_that_is_wrong_is_named(payload: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadUnreadable) as unreadable:
        GATEWAY.normalize(payload)
    assert unreadable.value.path == path


def test_a_refund_is_not_lost_for_an_amount_nobody_needs() -> None:
    payload = changed("data.purchase.price.value", "muito", changed("event", "PURCHASE_REFUNDED"))
    assert (read(payload).kind, read(payload).value) == (SaleEventKind.REFUNDED, None)


def test_without_hotmarts_id_the_event_is_known_by_sale_event_and_date() -> None:
    assert read(without("id")).external_event_id == "HP0000000001:PURCHASE_APPROVED:1745952631331"


def request(body: bytes, **headers: str) -> InboundRequest:
    return InboundRequest(body, headers, {})


def test_the_hottok_header_is_the_proof() -> None:
    assert GATEWAY.verify(InboundRequest(b"{}", {"x-hotmart-hottok": TOKEN}, {}), TOKEN)
    assert GATEWAY.verify(InboundRequest(b"\xff not json", {"x-hotmart-hottok": TOKEN}, {}), TOKEN)
    assert not GATEWAY.verify(InboundRequest(b"{}", {"x-hotmart-hottok": TOKEN + "x"}, {}), TOKEN)
    assert not GATEWAY.verify(InboundRequest(b"{}", {"x-hotmart-webhook-token": TOKEN}, {}), TOKEN)


def test_the_bodys_own_hottok_counts_only_where_the_header_is_absent() -> None:
    body = orjson.dumps({"event": "UPDATE_SUBSCRIPTION_CHARGE_DATE", "hottok": TOKEN})
    assert GATEWAY.verify(request(body), TOKEN)
    assert not GATEWAY.verify(InboundRequest(body, {"x-hotmart-hottok": "outro"}, {}), TOKEN)
    for wrong in (None, 1, "", [TOKEN], {"hottok": TOKEN}, "outro"):
        assert not GATEWAY.verify(request(orjson.dumps({"hottok": wrong})), TOKEN)
    assert not GATEWAY.verify(request(orjson.dumps({"hottok": ""})), "")
    assert not GATEWAY.verify(request(orjson.dumps({"data": {"hottok": TOKEN}})), TOKEN)
