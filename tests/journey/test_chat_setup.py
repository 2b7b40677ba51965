"""A whole setup in words: the model's endpoint refusing every connection, and the model answering. The end is the same;
and words decide on no plan."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journey.endpoint import Endpoint
from tests.journey.kiwify import Account, registered
from tests.journey.seller import SESSIONS, Seller, Told, Watcher
from tests.journey.test_whole_setup import VERIFIED

CHECKS = ("validate_gateway_credentials", "validate_meta_token", "probe_landing_url")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Hashes, and moments.
_OWN = re.compile(r"[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)")


@pytest.fixture
def another(seller: Seller) -> Iterator[Seller]:
    """With a tenant, a session and a dataset of their own."""
    made = Seller(seller.stack, dataset=f"83{seller.dataset[2:]}")
    yield made
    made.http.close()


def test_a_setup_in_words_ends_the_same_with_and_without_a_model(
    seller: Seller, another: Seller, model: Endpoint
) -> None:
    account = registered(seller.stack)
    model.state.say("Oi! Vamos começar pela sua plataforma.")
    model.state.call("read_status")
    model.state.say("Só falta a sua página.")
    told = _set_up(seller, account)
    assert len(model.asked) == 3
    assert (_modes(told), _modes_of_answers(told)) == ([], {"ai"})
    assert "Só falta a sua página." in [one["text"] for one in seller.messages("assistant")]
    assert "approve" not in str(model.tools_offered())
    with_model = _end_of(seller, account)

    seller.stack.vendors_control.post("/reset")
    account = registered(seller.stack)
    model.stop()
    told = _set_up(another, account)
    assert (_modes(told), _modes_of_answers(told)) == ([("basic", "refused")], {"basic"})
    assert _end_of(another, account) == with_model


def test_words_neither_approve_a_plan_nor_spoil_it(seller: Seller, model: Endpoint) -> None:
    seller.check_everything("kiwify")
    plan = seller.plan()
    [answer] = seller.ask("sim, pode aprovar")
    assert ("botão" in answer["text"], model.asked) == (True, [])
    model.state.say("Pronto, aprovei o plano para você!")
    [answer] = seller.ask("e o que acontece depois disso?")
    assert answer["text"] == "Pronto, aprovei o plano para você!"
    assert seller.rows("id::text, state, decided_at", "setup_approvals", "1") == [
        (plan["approval_id"], "pending", None)
    ]
    assert [one["action"] for one in seller.actions()] == [*CHECKS]
    assert seller.get("status")["state"] == "awaiting_approval"
    assert seller.decide(plan)["state"] == "done"


@pytest.mark.usefixtures("model")
def test_a_check_asked_for_in_words_brings_the_plan_back(seller: Seller) -> None:
    seller.check_everything("kiwify")
    before = seller.plan()
    seller.ask(f"troquei a página, agora é {seller.landing}/page")
    after = seller.get("plan")
    approvals = seller.rows("id::text, state", "setup_approvals", "requested_at")
    assert approvals == [(before["approval_id"], "superseded"), (after["approval_id"], "pending")]
    assert any(f"{seller.landing}/page" in line for line in after["diff"])
    body = {"plan_hash": before["plan_hash"], "decision": "approve"}
    stale = seller.http.post(f"{SESSIONS}/{seller.session_id}/plan/decision", json=body)
    assert (stale.status_code, stale.json()["code"]) == (409, "approval_mismatch")
    assert seller.decide(after)["state"] == "done"


def _set_up(seller: Seller, account: Account) -> list[Told]:
    """What the stream told on the way. Values that code knows what to do with, questions that want words, and one
    press of a button."""
    with Watcher(seller) as watcher:
        seller.ask("oi! quero rastrear as minhas vendas")
        seller.ask(account.words)
        seller.ask(f"o dataset é {seller.dataset} e o token é {seller.token}")
        seller.ask("me conta o que você faz com essas coisas que eu mandei")
        seller.ask(f"a minha página de vendas é {seller.landing}/ok")
        status = seller.decide(seller.get("plan"))
    assert (seller.stages(), status["state"]) == (VERIFIED, "done"), status
    numbers = [told.id for told in watcher.told]
    assert numbers == sorted(set(numbers))
    return watcher.told


def _modes(told: list[Told]) -> list[tuple[str, str]]:
    return [(one.data["mode"], one.data["reason"]) for one in told if one.type == "assistant.mode"]


def _modes_of_answers(told: list[Told]) -> set[str]:
    """Of those that code did not give alone."""
    answers = [one.data for one in told if one.data.get("role") == "assistant"]
    return {one["mode"] for one in answers if "mode" in one}


def _end_of(seller: Seller, account: Account) -> dict[str, str]:
    """What the setup left behind, by table, without what is each seller's own."""
    stack, tenant = seller.stack, seller.tenant_id
    spec = "SELECT version, state, spec::text FROM tracking_configurations WHERE tenant_id = %s ORDER BY version"
    connections = "SELECT dataset_id, state, disabled_at FROM meta_connections WHERE tenant_id = %s"
    endpoints = "SELECT gateway, disabled_at FROM webhook_endpoints WHERE tenant_id = %s"
    query = {"dataset_id": seller.dataset, "limit": "100"}
    events = [one["event"] for one in stack.control.get("/events", params=query).json()["events"]]
    left: dict[str, Any] = {
        "stages": seller.stages(),
        "configuration": stack.rows(spec, tenant),
        "connections": stack.rows(connections, tenant),
        "endpoints": stack.rows(endpoints, tenant),
        "ledger": seller.rows("action, state, code, position, undo_kind, actor", "setup_action_logs", "started_at, id"),
        "approvals": seller.rows("state, decided_by", "setup_approvals", "requested_at"),
        "intents": seller.rows("kind, state, code, actor", "setup_intents", "seq"),
        "turns": seller.rows("state", "setup_turns", "started_at"),
        "vault": seller.rows("kind, state", "vault_secrets", "kind, created_at"),
        "handoffs": seller.rows("state", "setup_handoffs", "created_at"),
        "deliveries": sorted((one["event_name"], sorted(one), sorted(one["user_data"])) for one in events),
        "webhooks": stack.vendors_control.get("/webhooks").json(),
    }
    [(endpoint_key,)] = stack.rows("SELECT endpoint_key FROM webhook_endpoints WHERE tenant_id = %s", tenant)
    own = {seller.dataset: "DATASET", account.account_id: "ACCOUNT", endpoint_key: "KEY"}
    return {name: _without(own, repr(rows)) for name, rows in left.items()}


def _without(own: dict[str, str], said: str) -> str:
    for value, name in own.items():
        said = said.replace(value, name)
    return _OWN.sub("OWN", _UUID.sub("ID", said))
