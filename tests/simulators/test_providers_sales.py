"""A sale played at the simulated Kiwify reaches every webhook registered for it, signed with that webhook's token."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.simulators.serving import serving
from tests.simulators.vendors import ACCOUNT, SIGNING, WEBHOOKS, Vendors, webhook
from tracking_core.embedded.process import free_port
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest
from tracking_core.gateways.sale_event import SaleEvent

KIWIFY = registry.get("kiwify")


@dataclass
class Hub:
    """Answers what it is told to, then 200, and remembers what it was sent."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[InboundRequest] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        inbound = InboundRequest(await request.body(), dict(request.headers), dict(request.query_params))
        self.received.append(inbound)
        return Response("taken", self.answers.pop(0) if self.answers else 200)


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    with serving(Starlette(routes=[Route("/hook", hub.take, methods=["POST"])])) as url:
        hub.url = f"{url}/hook"
        yield hub


def register(vendors: Vendors, url: str, **changes: Any) -> str:
    vendors.allow("kiwify")
    answer = vendors.http.post(WEBHOOKS, json=webhook(url, **changes), headers=vendors.kiwify())
    made: dict[str, str] = answer.json()
    return made["id"]


def sell(vendors: Vendors, **wanted: Any) -> dict[str, Any]:
    answer = vendors.http.post("/_control/sales", json={"account_id": ACCOUNT, "time_scale": 0, **wanted})
    assert answer.status_code == 200, answer.text
    assert SIGNING not in answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_each_webhook_gets_the_steps_its_triggers_name_signed_with_its_own_token(vendors: Vendors, hub: Hub) -> None:
    both = register(vendors, hub.url, triggers=["pix_gerado", "compra_aprovada"])
    paid = register(vendors, f"{hub.url}?of=another", token="another-signing-token")
    said = sell(vendors, click_id="click-1", cents=990)
    told = [(one["webhook_id"], one["trigger"], one["statuses"], one["answer"]) for one in said["deliveries"]]
    assert told == [
        (both, "pix_gerado", [200], "taken"),
        (both, "compra_aprovada", [200], "taken"),
        (paid, "compra_aprovada", [200], "taken"),
    ]
    assert [KIWIFY.verify(one, SIGNING) for one in hub.received] == [True, True, False]
    assert KIWIFY.verify(hub.received[2], "another-signing-token")
    assert hub.received[2].query["of"] == "another"


def test_what_arrives_is_the_sale_that_was_told(vendors: Vendors, hub: Hub) -> None:
    register(vendors, hub.url)
    said = sell(vendors, history="card_approved", sale_id="HP1", cents=990, click_id="click-1")
    event = KIWIFY.normalize(json.loads(hub.received[0].body))
    assert isinstance(event, SaleEvent)
    assert event.value is not None
    assert (event.sale_id, float(event.value.amount)) == (said["sale_id"], 9.9)
    assert "click-1" in event.tracking.carriers.values()


def test_a_delivery_is_repeated_until_it_is_taken(vendors: Vendors, hub: Hub) -> None:
    register(vendors, hub.url)
    hub.answers = [500, 302]
    (delivery,) = sell(vendors, history="card_approved")["deliveries"]
    assert (delivery["statuses"], delivery["is_accepted"]) == ([500, 302, 200], True)


def test_a_webhook_for_one_product_gets_the_sales_of_that_product(vendors: Vendors, hub: Hub) -> None:
    vendors.allow("kiwify")
    (product,) = vendors.http.get("/kiwify/v1/products", headers=vendors.kiwify()).json()["data"]
    mine = register(vendors, hub.url, products=product["id"])
    register(vendors, hub.url, products="b5a0a1f0-0000-4000-8000-000000000001")
    assert [one["webhook_id"] for one in sell(vendors, history="card_approved")["deliveries"]] == [mine]


@pytest.mark.parametrize("url", ["https://hub.example/hook", "http://hub.example/hook", "http://203.0.113.7/hook"])
def test_nothing_is_sent_beyond_this_machine(vendors: Vendors, url: str) -> None:
    register(vendors, url)
    (delivery,) = sell(vendors, history="card_approved")["deliveries"]
    assert (delivery["statuses"], delivery["is_accepted"]) == ([], False)
    assert "loopback" in delivery["answer"]


def test_an_account_without_webhooks_sends_nothing(vendors: Vendors, hub: Hub) -> None:
    webhook_id = register(vendors, hub.url)
    assert sell(vendors, account_id="another")["deliveries"] == []
    vendors.http.delete(f"{WEBHOOKS}/{webhook_id}", headers=vendors.kiwify())
    assert sell(vendors)["deliveries"] == []
    assert hub.received == []


@pytest.mark.parametrize(
    ("history", "listed"),
    [("pix_paid", ["paid"]), ("refunded", ["refunded"]), ("boleto_expired", ["waiting_payment"]), ("abandoned", [])],
)
def test_a_played_sale_is_in_the_accounts_list(vendors: Vendors, history: str, listed: list[str]) -> None:
    vendors.allow("kiwify")
    said = sell(vendors, history=history, cents=990)
    day = datetime.now(UTC).date()
    asked = {"start_date": str(day - timedelta(days=1)), "end_date": str(day), "view_full_sale_details": "true"}
    sales = vendors.http.get("/kiwify/v1/sales", params=asked, headers=vendors.kiwify()).json()["data"]
    assert [(one["id"], one["payment"]["charge_amount"], one["status"]) for one in sales] == [
        (said["sale_id"], 990, status) for status in listed
    ]


def test_a_closed_port_is_told(vendors: Vendors) -> None:
    register(vendors, f"http://127.0.0.1:{free_port()}/hook")
    (delivery,) = sell(vendors, history="card_approved")["deliveries"]
    assert (set(delivery["statuses"]), delivery["answer"]) == ({0}, "ConnectError")
