"""The made-up sale goes the whole way through the real hub, once, and is mixed with nothing real."""

import asyncio
import json

import pytest

from tests.proof.conftest import CODE, NewSeller, Seller
from tracking_core.db.engine import transaction
from tracking_core.gateways import registry
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.proof.cleanup import cleanup
from tracking_core.proof.codes import ProofCode
from tracking_core.proof.hops import run_all, run_hop
from tracking_core.proof.run import HOPS, Hop, ProofRun
from tracking_core.tenants import service as tenants

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("gateway", registry.names())
async def test_a_good_setup_is_green_at_every_hop_and_meta_hears_of_one_test_event(
    new_seller: NewSeller, gateway: str
) -> None:
    seller = await new_seller(gateway)
    run = await seller.announced()
    results = await run_all(run, seller.ctx)
    assert [(one.hop, one.code) for one in results] == [(hop, ProofCode.OK) for hop in HOPS]
    by_hop = {one.hop: one.facts for one in results}
    assert (by_hop[Hop.MATCH]["rule"], by_hop[Hop.MATCH]["click_id"]) == ("click_id", run.click_id)
    assert by_hop[Hop.DELIVERY]["test_event_code"] == CODE
    assert by_hop[Hop.META]["events_received"] == 1
    assert by_hop[Hop.META]["fbtrace_id"]
    assert seller.received() == [(str(run.sale_event_id), CODE)]


@pytest.mark.parametrize("gateway", registry.names())
async def test_every_hop_may_be_repeated_and_meta_still_hears_of_the_sale_once(
    new_seller: NewSeller, gateway: str
) -> None:
    seller = await new_seller(gateway)
    run = await seller.announced()
    for hop in HOPS:
        for _ in range(3):
            kept = ProofRun.from_json(json.loads(json.dumps(run.to_json())))  # as after a crash
            result = await run_hop(kept, hop, seller.ctx)
            assert (hop, result.code) == (hop, ProofCode.OK)
    assert [one.code for one in await run_all(run, seller.ctx)] == [ProofCode.OK] * len(HOPS)
    assert seller.received() == [(str(run.sale_event_id), CODE)]
    visits = await seller.rows("SELECT kind, is_bot FROM tracking_events WHERE tenant_id = :tenant ORDER BY kind")
    assert visits == [{"kind": kind, "is_bot": 1} for kind in ("click", "initiate_checkout", "pageview")]
    assert len(await seller.rows("SELECT id FROM received_webhooks WHERE tenant_id = :tenant")) == 1
    assert len(await seller.rows("SELECT id FROM conversions WHERE tenant_id = :tenant")) == 1


async def test_starting_the_same_proof_again_gives_the_same_run(seller: Seller) -> None:
    run = await seller.announced()
    assert await seller.announced(run.proof_id) == run
    assert (await seller.announced()).sale_id != run.sale_id


async def test_what_the_proof_says_and_leaves_is_no_sale_and_no_secret(seller: Seller) -> None:
    run = await seller.announced()
    results = await run_all(run, seller.ctx)
    said = repr(seller.ctx) + json.dumps([one.to_json() for one in results]) + json.dumps(run.to_json())
    said += repr([one.outcome() for one in results])
    for secret in (seller.ctx.write_key, seller.ctx.webhook_secret, seller.ctx.webhook_path.rsplit("/", 1)[1]):
        assert secret not in said
    async with transaction() as session:
        left = await cleanup(session, run, actor="test")
        again = await cleanup(session, run, actor="test")
        totals = await ledger.totals(session, seller.tenant_id)
        listed = await ledger.sales(session, seller.tenant_id, state=None, before=None, limit=10)
    assert (left.withheld, left.sales, left.deliveries, left.visits) == (0, 1, 1, 3)
    assert again == left
    assert (sum(totals.values()), listed) == (0, [])
    ended = "SELECT actor FROM audit_log WHERE tenant_id = :tenant AND action = 'proof.ended'"
    assert await seller.rows(ended) == [{"actor": "test"}]


async def test_a_seller_who_asks_for_consent_first_is_proved_with_a_visitor_who_grants_it(seller: Seller) -> None:
    await seller.execute("UPDATE tenants SET consent_mode = 'opt_in' WHERE id = :id", id=seller.tenant_id)
    results = await run_all(await seller.announced(), seller.ctx)
    assert [one.code for one in results] == [ProofCode.OK] * len(HOPS)


async def test_proofs_at_the_same_time_do_not_take_one_for_the_other(seller: Seller) -> None:
    runs = [await seller.announced() for _ in range(5)]
    proved = await asyncio.gather(*(run_all(run, seller.ctx) for run in runs))
    assert [[one.code for one in results] for results in proved] == [[ProofCode.OK] * len(HOPS)] * 5
    assert sorted(seller.received()) == sorted((str(run.sale_event_id), CODE) for run in runs)


async def test_the_other_datasets_of_the_seller_hear_nothing_of_it(seller: Seller) -> None:
    other = "71009999"
    async with transaction() as session:
        await tenants.connect_meta(session, seller.tenant_id, other, "EAAtoken", actor="test")
    assert (await run_all(await seller.announced(), seller.ctx))[-1].is_green
    planned = await seller.rows("SELECT connection_id FROM deliveries WHERE tenant_id = :tenant")
    assert planned == [{"connection_id": seller.connection_id}]
    assert seller.stack.control.get("/events", params={"dataset_id": other}).json()["events"] == []


def test_a_run_is_the_same_after_its_way_through_json() -> None:
    run = ProofRun.from_json(
        {
            "proof_id": "0198c0de-0000-7000-8000-000000000001",
            "tenant_id": "0198c0de-0000-7000-8000-000000000002",
            "gateway": "kiwify",
            "connection_id": "0198c0de-0000-7000-8000-000000000003",
            "sale_id": "68756270-726f-8000-8000-000000000000",
            "test_event_code": CODE,
            "started_at": clock.now().isoformat(),
        }
    )
    again = ProofRun.from_json(json.loads(json.dumps(run.to_json())))
    assert again == run
    assert again.webhook("one secret").body == run.webhook("another").body
    assert (again.click_id, again.visit_id) == (run.click_id, run.visit_id)
    assert len({run.event_id(hop) for hop in HOPS}) == len(HOPS)
