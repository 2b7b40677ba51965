"""One sale by pix through the real API, pipeline and delivery, over days: one trace, and nothing of anybody in it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from api.app import create_app
from tests.pipeline.conftest import SECRET, Shop
from tests.telemetry.receiver import Received, Receiver
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing
from tracking_core.tenants import service as tenants

AGENT = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
BROWSER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
GATEWAY = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
BUYER, PHONE = "maria.planted@example.com", "+5511912345678"
PLANTED = (BUYER, PHONE[1:], "Maria Planted", SECRET, "EAAtesttoken", "planted-visitor@example.com", "otlp-key-planted")


class Story:
    """The seller's shop, its API and a clock that jumps."""

    def __init__(self, shop: Shop, client: httpx.AsyncClient, write_key: str, path: str) -> None:
        self.shop, self.client, self._write_key, self._path = shop, client, write_key, path
        self._now = datetime.now(UTC).replace(microsecond=0)
        self.later(timedelta())

    def later(self, by: timedelta) -> None:
        self._now += by
        moment = self._now
        clock.set_source(lambda: moment)

    async def click(self) -> dict[str, str]:
        body = {
            "url": "https://loja.example/?email=planted-visitor@example.com",
            "email": "planted-visitor@example.com",
        }
        headers = {"X-Hub-Key": self._write_key, "User-Agent": AGENT, "traceparent": _traceparent(*BROWSER)}
        answer = await self.client.post("/track/click", json=body, headers=headers)
        assert answer.status_code == 202
        said: dict[str, str] = answer.json()
        return said

    async def webhook(self, kind: str, click_id: str) -> None:
        sale = SyntheticSale(
            sale_id="HP1",
            kind=kind,
            occurred_at=clock.now(),
            email=BUYER,
            phone=PHONE,
            name="Maria Planted",
            click_id=click_id,
        )
        inbound = registry.get("hotmart").synthesize(sale, SECRET)
        headers = {**inbound.headers, "traceparent": _traceparent(*GATEWAY)}
        answer = await self.client.post(self._path, content=inbound.body, headers=headers, params=inbound.query)
        assert answer.json()["status"] == "received"

    async def work(self) -> None:
        await self.shop.process()
        await self.shop.deliver()


def _traced(shop: Shop, receiver: Receiver, visits: float = 1.0) -> Settings:
    update = {
        "otlp_endpoint": receiver.url,
        "otlp_headers": "x-api-key=otlp-key-planted",
        "telemetry_ratio": 1.0,
        "telemetry_visit_ratio": visits,
    }
    return Settings.model_validate({**shop.settings.model_dump(), **update})


@pytest.fixture
async def story(shop: Shop, receiver: Receiver, request: pytest.FixtureRequest) -> AsyncIterator[Story]:
    """A parameter is of how many visits the traces are exported."""
    app = create_app(_traced(shop, receiver, getattr(request, "param", 1.0)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with transaction() as session:
        key = await tenants.write_key(session, shop.tenant_id)
        endpoint = await tenants.connect_gateway(session, shop.tenant_id, "hotmart", SECRET, actor="test")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield Story(shop, client, key, tenants.webhook_path(endpoint))


async def test_a_sale_paid_days_later_and_retried_the_day_after_is_one_trace(
    story: Story, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    clicked = await story.click()
    story.later(timedelta(minutes=5))
    await story.webhook("pending", clicked["click_id"])
    await story.work()
    story.later(timedelta(days=3))
    await story.webhook("approved", clicked["click_id"])
    story.shop.meta.script = lambda _ids: Verdict(FailureClass.TRANSIENT, 2, None, "trace", "", False, None)
    await story.work()
    story.later(timedelta(days=1))
    story.shop.meta.script = lambda _ids: None
    await story.work()
    assert len(story.shop.meta.accepted) == 1
    tracing.stop()
    first, second = receiver.named("POST /webhooks/{gateway}/{endpoint_key}")
    _is_one_trace(receiver, first, second)
    await _links_lead_to(receiver, first, second, clicked["event_id"])
    _logs_name_it(capsys.readouterr().out, receiver)
    told = b"".join(receiver.bodies).decode("latin-1") + generate_latest().decode()
    assert [secret for secret in PLANTED if secret in told] == []
    assert receiver.headers[0]["x-api-key"] == "otlp-key-planted"


@pytest.mark.parametrize("story", [0.0], indirect=True)
async def test_the_click_of_a_sale_is_told_with_the_sale_when_few_visits_are(story: Story, receiver: Receiver) -> None:
    clicked_at = clock.now()
    clicked = await story.click()
    other = await story.click()
    story.later(timedelta(days=2))
    for kind in ("pending", "approved"):
        await story.webhook(kind, clicked["click_id"])
        await story.work()
    tracing.stop()
    assert clicked["click_id"] != other["click_id"]
    told = receiver.named("track click")
    assert {(one.trace, one.id) for one in told} == {(await _row_of(clicked["event_id"]), told[0].trace[16:])}
    assert {link for one in receiver.named("sale.match") for link in one.links} == {(told[0].trace, told[0].id)}
    # Told again by another webhook of the sale, it is the same to the bit.
    assert {(one.start, one.end, str(one.attributes)) for one in told} == {
        (int(clicked_at.timestamp()) * 10**9,) * 2 + (str({"hub.event.kind": "click", "hub.told_by": "sale"}),)
    }


async def test_a_sale_that_no_request_brought_begins_its_trace_in_the_pipeline(shop: Shop, receiver: Receiver) -> None:
    tracing.start(_traced(shop, receiver), "worker")
    await shop.webhook("HP1", "pending")
    await shop.webhook("HP1", "approved")
    await shop.process()
    await shop.deliver()
    tracing.stop()
    [root] = [one for one in receiver.named("webhook.process") if not one.parent]
    below = [one for one in receiver.spans if one.parent == root.id]
    assert {"webhook.process", "delivery.attempt"} <= {one.name for one in below}
    async with transaction() as session:
        kept = (await session.execute(text("SELECT encode(trace_context, 'hex') FROM conversions"))).scalar_one()
    assert kept[:48] == root.trace + root.id


def _is_one_trace(receiver: Receiver, first: Received, second: Received) -> None:
    """Everything of the sale hangs below the request of its first webhook, whenever it happened."""
    own = [one for one in receiver.spans if one.trace == first.trace]
    assert first.parent == ""
    below = sorted(one.name for one in own if one.parent == first.id)
    assert below == [
        *["delivery.attempt"] * 2, "webhook.keep", *["webhook.process"] * 2, "webhook.verify",
    ]  # fmt: skip
    pending, approved = receiver.named("webhook.process")
    decided = [one.name for one in own if one.parent == approved.id]
    assert sorted(decided) == [f"sale.{name}" for name in ("consent", "dedupe", "match", "normalize", "plan")]
    assert "sale.plan" not in [one.name for one in own if one.parent == pending.id]
    failed, taken = receiver.named("delivery.attempt")
    assert [one.attributes["hub.outcome"] for one in (failed, taken)] == ["transient", "accepted"]
    assert (failed.is_error, taken.is_error) == (True, False)
    assert [one.attributes["hub.delivery.attempt"] for one in (failed, taken)] == [1, 2]
    assert taken.attributes["hub.meta.fbtrace_id"] == "trace"
    assert (taken.start - failed.start) // 10**9 == timedelta(days=1).total_seconds()
    assert {one.service for one in own} == {"hub-api"}
    assert second.trace != first.trace


async def _links_lead_to(receiver: Receiver, first: Received, second: Received, event_id: str) -> None:
    """The click, the request of the second webhook, the requests to Meta; and of strangers links only."""
    pending, approved = receiver.named("webhook.process")
    assert (pending.links, approved.links) == ((), ((second.trace, second.id),))
    row_id = await _row_of(event_id)
    [click] = receiver.named("track click")
    assert (click.trace, click.links) == (row_id, (BROWSER,))
    assert {one.links for one in receiver.named("sale.match")} == {((click.trace, click.id),)}
    assert (first.links, second.links) == ((GATEWAY,), (GATEWAY,))
    requests, attempts = receiver.named("POST meta events"), receiver.named("delivery.attempt")
    assert [one.links for one in attempts] == [((made.trace, made.id),) for made in requests]
    assert {one.links for one in requests} == {((first.trace, first.id),)}
    batches = {one.id for one in receiver.named("delivery.batch")}
    assert {one.parent for one in requests} == batches


async def _row_of(event_id: str) -> str:
    async with transaction() as session:
        query = text("SELECT replace(id::text, '-', '') FROM tracking_events WHERE event_id = :id")
        return str((await session.execute(query, {"id": event_id})).scalar_one())


def _logs_name_it(lines: str, receiver: Receiver) -> None:
    """The line of the refused delivery carries the trace of its batch, and its tenant."""
    [refused] = [json.loads(line) for line in lines.splitlines() if '"delivery_refused"' in line]
    batch, settling = receiver.named("delivery.batch")[0], receiver.named("delivery.settle")[0]
    assert (refused["trace_id"], refused["span_id"]) == (batch.trace, settling.id)
    assert refused["tenant_id"] == batch.attributes["hub.tenant.id"]
    assert [secret for secret in PLANTED if secret in lines] == []


def _traceparent(trace: str, span: str) -> str:
    return f"00-{trace}-{span}-01"
