"""The worker that runs setups is killed again and again, at any moment: everything happens once, nothing is lost."""

import os
import signal

import pytest

from evals.stack import wait_for
from tests.chaos.stack import Background
from tests.journey.seller import Seller

# Right after the worker wrote this event for the so many-th time.
MOMENTS = [
    ("tool.started", 1),
    ("tool.finished", 2),
    ("approval.requested", 1),
    ("action.applied", 1),
    ("action.applied", 3),
    ("proof.hop", 2),
    ("proof.hop", 6),
]


def _kill(seller: Seller) -> None:
    """kill -9 and start again."""
    setup = seller.stack.setup
    assert setup.pid
    os.kill(setup.pid, signal.SIGKILL)
    wait_for(lambda: not setup.is_running())
    setup.start()


def test_a_setup_goes_on_where_its_worker_was_killed(seller: Seller) -> None:
    with Background(lambda number: _kill_after(seller, *MOMENTS[number]), most=len(MOMENTS)):
        seller.gateway("kiwify")
        seller.meta()
        seller.page()
        wait_for(lambda: [seller.stages()[name] for name in ("gateway", "meta", "url")] == ["verified"] * 3)
        seller.post("plan")
        wait_for(lambda: seller.get("status")["state"] == "awaiting_approval")
        seller.decide(seller.get("plan"))
        wait_for(lambda: seller.get("status")["state"] == "done")
    _is_whole(seller)


def _kill_after(seller: Seller, event: str, times: int) -> None:
    query = "SELECT count(*) FROM session_events WHERE session_id = %s AND type = %s"
    wait_for(lambda: seller.stack.rows(query, seller.session_id, event)[0][0] >= times, 60, every=0.005)
    _kill(seller)


@pytest.mark.parametrize("kind", ["slow", "drop_after"])
def test_a_worker_killed_beside_the_providers_answer_does_not_register_twice(seller: Seller, kind: str) -> None:
    """``slow``: killed before the answer, which then does what was asked; ``drop_after``: done, and never answered."""
    seller.check_everything("kiwify")
    plan = seller.plan()
    fault = {"vendor": "kiwify", "kind": kind, "method": "POST", "path": "/v1/webhooks", "seconds": 1}
    seller.stack.vendors_control.post("/faults", json=fault)
    with Background(lambda _: _killed_at_the_call(seller), most=1):
        seller.decide(plan)
    wait_for(lambda: seller.get("status")["state"] == "done")
    _is_whole(seller)


def test_a_database_lost_beside_the_providers_answer_leaves_nothing_half_done(seller: Seller) -> None:
    seller.check_everything("kiwify")
    plan = seller.plan()
    fault = {"vendor": "kiwify", "kind": "slow", "method": "POST", "path": "/v1/webhooks", "seconds": 1}
    seller.stack.vendors_control.post("/faults", json=fault)
    body = {"plan_hash": plan["plan_hash"], "decision": "approve"}
    with Background(lambda _: _cut_at_the_call(seller), most=1):
        # The answer's own connection is cut too; the decision was kept before.
        seller.http.post(f"/api/v1/setup/sessions/{seller.session_id}/plan/decision", json=body)
    wait_for(lambda: seller.get("status")["state"] == "done")
    _is_whole(seller)


def _killed_at_the_call(seller: Seller) -> None:
    _await_the_call(seller)
    _kill(seller)


def _cut_at_the_call(seller: Seller) -> None:
    _await_the_call(seller)
    others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    seller.stack.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


def _await_the_call(seller: Seller) -> None:
    counted = "kiwify POST /v1/webhooks"
    wait_for(lambda: counted in seller.stack.vendors_control.get("/requests").json()["counts"], 30, every=0.005)


def _is_whole(seller: Seller) -> None:
    """One webhook at the gateway, one event at Meta, nothing of the ledger left open."""
    assert set(seller.stages().values()) == {"verified"}
    webhooks = seller.stack.vendors_control.get("/webhooks").json()["demo-account"]
    assert len(webhooks) == 1
    query = {"dataset_id": seller.dataset, "limit": "100"}
    events = [one["event"]["event_id"] for one in seller.stack.control.get("/events", params=query).json()["events"]]
    assert len(set(events)) == 1
    assert {one["status"] for one in seller.actions()} == {"success"}
    query_text = "SELECT count(*) FROM setup_intents WHERE session_id = %s AND state = 'queued'"
    assert seller.stack.rows(query_text, seller.session_id) == [(0,)]
