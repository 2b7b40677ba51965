"""Whatever is wrong with a setup makes the hop red that shows it, with a code and words that name it."""

import dataclasses
from uuid import uuid4

import pytest

from evals.stack import wait_for
from tests.proof.conftest import Seller
from tracking_core.db.engine import transaction
from tracking_core.delivery.explain import explain_reason
from tracking_core.embedded.process import free_port
from tracking_core.i18n import translate
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.proof.announce import sale_id_of
from tracking_core.proof.cleanup import cleanup
from tracking_core.proof.codes import MEANINGS, ProofCode
from tracking_core.proof.hops import run_all, run_hop
from tracking_core.proof.run import HOPS, Hop, HopResult, ProofRun
from tracking_core.tenants import service as tenants

pytestmark = pytest.mark.timeout(180)
_VISITS = {
    Hop.CLICK: ProofCode.CLICK_REFUSED,
    Hop.PAGEVIEW: ProofCode.PAGEVIEW_REFUSED,
    Hop.INITIATE_CHECKOUT: ProofCode.CHECKOUT_REFUSED,
}


async def until(seller: Seller, run: ProofRun, last: Hop) -> HopResult:
    """The hops up to this one, those before it green."""
    for hop in HOPS[: HOPS.index(last)]:
        result = await run_hop(run, hop, seller.ctx)
        assert (hop, result.code) == (hop, ProofCode.OK)
    return await run_hop(run, last, seller.but(wait_seconds=5))


@pytest.mark.parametrize("hop", _VISITS)
async def test_a_wrong_write_key(seller: Seller, hop: Hop) -> None:
    result = await run_hop(await seller.announced(), hop, seller.but(write_key="wk_hub_wrong"))
    assert (result.code, result.reason) == (_VISITS[hop], "HTTP 401 unauthorized")


@pytest.mark.parametrize("hop", [*_VISITS, Hop.WEBHOOK])
async def test_a_hub_that_does_not_answer(seller: Seller, hop: Hop) -> None:
    gone = seller.but(base_url=f"http://127.0.0.1:{free_port()}", wait_seconds=0)
    result = await run_hop(await seller.announced(), hop, gone)
    assert (result.code, result.reason) == (
        ProofCode.HUB_UNREACHABLE,
        "No complete answer from the hub (ConnectError).",
    )


async def test_a_wrong_webhook_secret(seller: Seller) -> None:
    run = await seller.announced()
    result = await run_hop(run, Hop.WEBHOOK, seller.but(webhook_secret="another-secret"))
    assert (result.code, result.reason) == (ProofCode.WEBHOOK_REFUSED, "HTTP 401 webhook_signature_invalid")
    assert await seller.rows("SELECT id FROM received_webhooks WHERE tenant_id = :tenant") == []


async def test_a_disabled_webhook_endpoint(seller: Seller) -> None:
    await seller.execute("UPDATE webhook_endpoints SET disabled_at = now() WHERE tenant_id = :id", id=seller.tenant_id)
    result = await run_hop(await seller.announced(), Hop.WEBHOOK, seller.ctx)
    assert (result.code, result.reason) == (ProofCode.WEBHOOK_REFUSED, "HTTP 404 not_found")


async def test_a_sale_that_was_not_announced_is_not_sent(seller: Seller) -> None:
    run = dataclasses.replace(await seller.announced(), sale_id=sale_id_of(uuid4()))
    assert (await run_hop(run, Hop.WEBHOOK, seller.ctx)).code is ProofCode.NOT_ANNOUNCED
    assert await seller.rows("SELECT id FROM received_webhooks WHERE tenant_id = :tenant") == []


async def test_no_worker_and_then_one(seller: Seller) -> None:
    run = await seller.announced()
    worker = seller.stack.worker
    worker.stop()
    result = await until(seller, run, Hop.WEBHOOK)
    assert result.is_green
    result = await run_hop(run, Hop.MATCH, seller.but(wait_seconds=0.5))
    assert (result.code, result.reason) == (ProofCode.TIMEOUT, "No worker has processed the webhook.")
    assert result.latency_ms < 5_000
    seller.stack.start(worker)
    assert (await run_hop(run, Hop.MATCH, seller.ctx)).is_green


async def test_a_webhook_that_the_hub_cannot_read(seller: Seller) -> None:
    run = await seller.announced()
    await seller.execute(
        "INSERT INTO received_webhooks"
        " (id, tenant_id, endpoint_id, gateway, body, body_digest, state, reason, attempts)"
        " SELECT gen_random_uuid(), tenant_id, id, gateway, '', :digest, 'ignored', 'test_delivery:X', 1"
        " FROM webhook_endpoints WHERE tenant_id = :id",
        id=seller.tenant_id,
        digest=sha256_bytes(run.webhook("").body),
    )
    result = await run_hop(run, Hop.MATCH, seller.ctx)
    assert (result.code, result.reason) == (ProofCode.WEBHOOK_NOT_READ, "ignored:test_delivery:X")


async def test_a_sale_whose_click_never_came(seller: Seller) -> None:
    run = await seller.announced()
    assert (await run_hop(run, Hop.WEBHOOK, seller.ctx)).is_green
    result = await run_hop(run, Hop.MATCH, seller.ctx)
    assert (result.code, result.facts["rule"]) == (ProofCode.NOT_MATCHED, "none")


async def test_a_visitor_who_takes_the_consent_back(seller: Seller) -> None:
    run = await seller.announced()
    assert (await run_hop(run, Hop.CLICK, seller.ctx)).is_green
    refusal = {"url": seller.ctx.page_url, "click_id": run.click_id, "consent_ads": False, "key": seller.ctx.write_key}
    assert seller.stack.http.post("/track/consent", json=refusal).status_code == 202
    for hop in (Hop.WEBHOOK, Hop.MATCH):
        assert (await run_hop(run, hop, seller.ctx)).is_green
    result = await run_hop(run, Hop.DELIVERY, seller.ctx)
    assert (result.code, result.reason) == (ProofCode.NOT_PLANNED, "consent_refused")
    assert result.explanation == explain_reason("consent_refused")
    assert seller.received() == []


async def test_a_disabled_connection(seller: Seller) -> None:
    await seller.switch(on=False)
    result = await until(seller, await seller.announced(), Hop.DELIVERY)
    assert (result.code, result.reason) == (ProofCode.NOT_PLANNED, "no_dataset_enabled")
    assert "switched off" in result.explanation
    assert seller.received() == []


async def test_a_connection_disabled_on_the_way(seller: Seller) -> None:
    seller.fault("graph_500")
    run = await seller.announced()
    assert (await until(seller, run, Hop.DELIVERY)).is_green
    await seller.switch(on=False)
    result = await run_hop(run, Hop.META, seller.ctx)
    assert (result.code, result.reason) == (ProofCode.NOT_DELIVERED, "connection_disabled")


async def test_a_token_that_meta_refuses_is_said_in_words_and_nothing_is_sent_after_the_end(seller: Seller) -> None:
    seller.fault("code_190")
    run = await seller.announced()
    result = await until(seller, run, Hop.META)
    assert (result.code, result.reason[:14]) == (ProofCode.NOT_DELIVERED, "credential:190")
    assert "token" in result.explanation
    assert translate(result.explanation) != result.explanation
    async with transaction() as session:
        assert (await cleanup(session, run, actor="test")).withheld == 1
        await tenants.connect_meta(session, seller.tenant_id, seller.dataset_id, "EAAgood", actor="test")
    seller.stack.control.delete("/faults")
    assert all(one.is_green for one in await run_all(await seller.announced(), seller.ctx))
    assert str(run.sale_event_id) not in dict(seller.received())
    [row] = await seller.rows("SELECT state, reason FROM deliveries WHERE event_id = :id", id=str(run.sale_event_id))
    assert row == {"state": "withheld", "reason": "proof_ended"}


async def test_a_webhook_that_is_processed_only_after_the_end_sends_nothing(seller: Seller) -> None:
    run = await seller.announced()
    seller.stack.worker.stop()
    assert (await until(seller, run, Hop.WEBHOOK)).is_green
    async with transaction() as session:
        await cleanup(session, run, actor="test")
    seller.stack.start(seller.stack.worker)
    result = await run_hop(run, Hop.DELIVERY, seller.ctx)
    assert (result.code, result.reason) == (ProofCode.NOT_PLANNED, "proof_ended")
    assert seller.received() == []


async def test_an_event_that_meta_refuses(seller: Seller) -> None:
    run = await seller.announced()
    poison = {"kind": "poison", "dataset_id": seller.dataset_id, "params": {"event_id": str(run.sale_event_id)}}
    assert seller.stack.control.post("/faults", json=poison).status_code == 204
    result = await until(seller, run, Hop.META)
    assert (result.code, result.reason) == (ProofCode.NOT_DELIVERED, "payload:100/2804050")
    assert result.explanation == explain_reason("payload:100/2804050")


async def test_a_meta_that_fails_is_not_the_sellers_fault_and_the_sale_goes_once_it_is_back(seller: Seller) -> None:
    seller.fault("graph_500")
    run = await seller.announced()
    assert (await until(seller, run, Hop.DELIVERY)).is_green
    result = await run_hop(run, Hop.META, seller.but(wait_seconds=1.5))
    assert (result.code, result.reason[:9]) == (ProofCode.META_UNAVAILABLE, "transient")
    assert MEANINGS[result.code].fault == "provider"
    seller.stack.control.delete("/faults")
    wait_for(lambda: len(seller.received()) == 1)
    assert (await run_hop(run, Hop.META, seller.ctx)).is_green
