"""The simulated checkouts: what they send verifies and normalises, is sent again when refused, and only to loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.gateways import hotmart, kiwify
from evals.simulators.gateways.app import create_app
from evals.simulators.gateways.facts import HISTORIES, Facts
from evals.simulators.providers.accounts import Vendor
from evals.simulators.providers.listed import id_of
from evals.simulators.providers.state import State
from tracking_core.embedded.process import free_port
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest
from tracking_core.gateways.sale_event import Ignored, SaleEvent, SaleEventKind

SECRET = "segredo-de-teste"
SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "gateways"
KINDS = {
    "pending": SaleEventKind.PENDING,
    "approved": SaleEventKind.APPROVED,
    "renewal": SaleEventKind.APPROVED,
    "bump": SaleEventKind.APPROVED,
    "completed": SaleEventKind.COMPLETED,
    "refused": SaleEventKind.REFUSED,
    "expired": SaleEventKind.EXPIRED,
    "protest": SaleEventKind.PROTEST,
    "refunded": SaleEventKind.REFUNDED,
    "chargeback": SaleEventKind.CHARGEBACK,
    "abandoned": SaleEventKind.ABANDONED_CART,
}
STEPS = sorted({step for steps in HISTORIES.values() for step in steps})
VENDORS = {"hotmart": hotmart, "kiwify": kiwify}


@dataclass
class Receiver:
    """A hub that answers what it is told to and remembers what it was sent."""

    port: int
    answers: list[int] = field(default_factory=list)
    received: list[InboundRequest] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/x/y"

    async def take(self, request: Request) -> Response:
        inbound = InboundRequest(await request.body(), dict(request.headers), dict(request.query_params))
        self.received.append(inbound)
        return Response(status_code=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver(free_port())
    app = Starlette(routes=[Route("/webhooks/x/y", made.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=made.port, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield made
    server.should_exit = True
    await running


@pytest.fixture
async def checkout() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://checkout") as client,
    ):
        yield client


def wanted(receiver: Receiver, gateway: str, **more: Any) -> dict[str, Any]:
    return {"gateway": gateway, "webhook_url": receiver.url, "secret": SECRET, "time_scale": 0.01, **more}


def read(gateway: str, inbound: InboundRequest) -> SaleEvent | Ignored:
    adapter = registry.get(gateway)
    assert adapter.verify(inbound, SECRET)
    return adapter.normalize(json.loads(inbound.body))


@pytest.mark.parametrize("gateway", VENDORS)
@pytest.mark.parametrize("history", HISTORIES)
async def test_every_history_verifies_and_normalises_to_its_steps(
    receiver: Receiver, checkout: httpx.AsyncClient, gateway: str, history: str
) -> None:
    body = wanted(receiver, gateway, history=history, cents=19_790, click_id="hCLICK1", utm={"campaign": "lancamento"})
    told = (await checkout.post("/sales", json=body)).json()
    assert all(one["is_accepted"] for one in told["deliveries"])
    said = [read(gateway, inbound) for inbound in receiver.received]
    silent = kiwify.SILENT if gateway == "kiwify" else set()
    steps = [step for step in HISTORIES[history] if step not in silent]
    assert [getattr(one, "kind", None) for one in said] == [KINDS.get(step) for step in steps]
    sales = [one for one in said if isinstance(one, SaleEvent) and one.sale_id]
    if sales:
        assert sales[0].sale_id == told["sale_id"]
    for one in sales:
        assert one.value is not None
        assert (str(one.value.amount), one.value.currency) in {("197.9", "BRL"), ("197.90", "BRL")}
        assert "hCLICK1" in one.tracking.carriers.values()


@pytest.mark.parametrize("gateway", VENDORS)
async def test_what_is_sold_with_an_account_is_in_its_list(receiver: Receiver, gateway: Vendor) -> None:
    state = State()
    client_id = next(one.client_id for one in state.accounts if one.vendor == gateway)
    app = create_app(state.happened)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        for more in ({"client_id": client_id, "history": "renewed"}, {"history": "card_approved"}):
            await http.post("/sales", json=wanted(receiver, gateway, **more))
    sales = next(one.sales for one in state.accounts if one.vendor == gateway)
    told = [said.sale_id for inbound in receiver.received if isinstance(said := read(gateway, inbound), SaleEvent)]
    assert [id_of(gateway, one) for one in sales] == told[:2]


@pytest.mark.parametrize("gateway", VENDORS)
async def test_a_renewal_and_a_bump_are_sales_of_their_own(
    receiver: Receiver, checkout: httpx.AsyncClient, gateway: str
) -> None:
    for history in ("renewed", "order_bump"):
        await checkout.post("/sales", json=wanted(receiver, gateway, history=history))
    first, renewal, parent, bump = [read(gateway, inbound) for inbound in receiver.received]
    assert isinstance(renewal, SaleEvent)
    assert renewal.is_renewal
    ids = {one.sale_id for one in (first, renewal, parent, bump) if isinstance(one, SaleEvent)}
    assert len(ids) == 4


async def test_a_wrapped_order_verifies_too(receiver: Receiver, checkout: httpx.AsyncClient) -> None:
    await checkout.post("/sales", json=wanted(receiver, "kiwify", history="card_approved", wrapped=True))
    [inbound] = receiver.received
    assert "order" in json.loads(inbound.body)
    assert isinstance(read("kiwify", inbound), SaleEvent)


@pytest.mark.parametrize("gateway", VENDORS)
async def test_a_refused_webhook_is_sent_again_with_the_same_bytes(
    receiver: Receiver, checkout: httpx.AsyncClient, gateway: str
) -> None:
    receiver.answers = [503, 500]
    told = (await checkout.post("/sales", json=wanted(receiver, gateway, history="card_approved"))).json()
    assert told["deliveries"][0]["statuses"] == [503, 500, 200]
    assert len({inbound.body for inbound in receiver.received}) == 1


async def test_a_hub_that_never_accepts_is_given_up(receiver: Receiver, checkout: httpx.AsyncClient) -> None:
    receiver.answers = [401] * 20
    body = wanted(receiver, "hotmart", history="card_approved", forge=True)
    [delivery] = (await checkout.post("/sales", json=body)).json()["deliveries"]
    assert (delivery["statuses"], delivery["is_accepted"]) == ([401] * 5, False)
    assert not registry.get("hotmart").verify(receiver.received[0], SECRET)


async def test_duplicates_and_disorder(receiver: Receiver, checkout: httpx.AsyncClient) -> None:
    body = wanted(receiver, "hotmart", history="pix_paid", duplicates=2, reorder=True)
    told = (await checkout.post("/sales", json=body)).json()
    assert [one["event"] for one in told["deliveries"]] == ["approved", "approved", "pending", "pending"]
    assert receiver.received[0].body == receiver.received[1].body


async def test_a_delivery_can_be_sent_again_by_hand(receiver: Receiver, checkout: httpx.AsyncClient) -> None:
    told = (await checkout.post("/sales", json=wanted(receiver, "kiwify", history="card_approved"))).json()
    again = await checkout.post(f"/deliveries/{told['deliveries'][0]['id']}/resend")
    assert again.json()["statuses"] == [200, 200]
    assert receiver.received[0] == receiver.received[1]
    assert (await checkout.post("/deliveries/nothing/resend")).status_code == 404


async def test_traffic_is_bounded_and_the_same_for_the_same_seed(
    receiver: Receiver, checkout: httpx.AsyncClient
) -> None:
    body = wanted(receiver, "hotmart", sales=20, per_second=500)
    first = (await checkout.post("/traffic", json=body)).json()
    assert first["sales"] == 20
    assert first["accepted"] == first["deliveries"] == len(receiver.received)
    assert (await checkout.post("/traffic", json=body)).json() == first


@pytest.mark.parametrize(
    "fault",
    [
        {"webhook_url": "http://192.0.2.1/x"},
        {"webhook_url": "https://127.0.0.1/x"},
        {"webhook_url": "nothing"},
        {"gateway": "eduzz"},
        {"secret": ""},
        {"history": "nonsense"},
        {"phone": "abc"},
        {"surprise": 1},
    ],
)
async def test_a_wrong_request_is_refused_with_a_sentence(
    receiver: Receiver, checkout: httpx.AsyncClient, fault: dict[str, Any]
) -> None:
    answer = await checkout.post("/sales", json=wanted(receiver, "hotmart") | fault)
    assert answer.status_code == 422
    assert answer.text
    assert receiver.received == []


@pytest.mark.parametrize(
    ("sample", "gateway", "step"),
    [
        ("hotmart_real_purchase_approved_1.json", "hotmart", "approved"),
        ("hotmart_real_purchase_billet_printed_1.json", "hotmart", "pending"),
        ("hotmart_real_purchase_out_of_shopping_cart_1.json", "hotmart", "abandoned"),
        ("kiwify_order_approved.json", "kiwify", "approved"),
        ("kiwify_pix_created.json", "kiwify", "pending"),
        ("kiwify_abandoned_cart.json", "kiwify", "abandoned"),
    ],
)
def test_every_field_sent_is_one_of_the_vendors_with_its_type(sample: str, gateway: str, step: str) -> None:
    facts = Facts(click_id="h1", utm={"source": "meta"})
    ours = json.loads(VENDORS[gateway].body(facts, step, facts.moment(0)))
    theirs = json.loads((SAMPLES / sample).read_text()) if SAMPLES.is_dir() else ours
    optional = {".data.purchase.origin", ".Customer.CPF", ".cpf"}
    for path, kind in _shape(ours):
        if not any(path.startswith(one) for one in optional):
            assert kind in dict(_kinds(theirs, path)), f"{path} is not in {sample}"


def _shape(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _shape(item, f"{path}.{key}")]
    return [(path, _kind(value))]


def _kinds(theirs: Any, path: str) -> list[tuple[str, str]]:
    """The kinds the sample's value at the path may have; a null there allows any."""
    for key in path.split(".")[1:]:
        theirs = theirs.get(key, {}) if isinstance(theirs, dict) else {}
    if theirs is None:
        return [(kind, path) for kind in ("null", "text", "number", "list", "flag")]
    return [] if theirs == {} else [(_kind(theirs), path), ("null", path)]


def _kind(value: Any) -> str:
    names = {bool: "flag", int: "number", float: "number", str: "text", list: "list", type(None): "null"}
    return names[type(value)]
