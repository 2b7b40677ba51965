"""When a person is called, and what happens while one has the setup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from typer.testing import CliRunner

from api.cli import app
from evals.stack import Stack, wait_for
from tests.journey.endpoint import Endpoint
from tests.journey.kiwify import Account, registered
from tests.journey.seller import Seller, Watcher
from tests.journey.site import Site

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "handoff.schema.json").read_text())
_AGAIN = "verifica as credenciais da Kiwify de novo"


@pytest.fixture
def account(stack: Stack) -> Account:
    return registered(stack)


@pytest.fixture
def desk(stack: Stack) -> Iterator[httpx.Client]:
    """Bia's, with a key of her own."""
    made = CliRunner().invoke(app, ["staff", "key", "create", "--name", "Bia", "--json"])
    assert made.exit_code == 0, made.output
    key = json.loads(made.output)
    headers = {"Authorization": f"Bearer {key['key']}"}
    url = f"{stack.http.base_url}/api/v1/handoffs/"
    with httpx.Client(base_url=url, headers=headers, timeout=40, trust_env=False) as client:
        yield client
    ended = CliRunner().invoke(app, ["staff", "key", "revoke", "--id", key["id"]])
    assert ended.exit_code == 0, ended.output


def test_the_same_failure_three_times_calls_a_person_once(
    seller: Seller, model: Endpoint, account: Account, site: Site
) -> None:
    model.state.order({"kind": "empty"})
    for number in range(1, 5):
        said = seller.ask(account.words_with(f"{number}" * 64))
        assert _codes(said)[-1] == "gateway_wrong_credentials"
        assert (seller.handoff() is not None) is (number >= 3)
    cases = seller.rows("state, reason, package::text", "setup_handoffs", "created_at")
    [(state, reason, package)] = cases
    assert (state, reason) == ("open", "repeated_failure")
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(json.loads(package))] == []
    told = json.loads(package)
    assert (told["reason"]["failure"], told["progress"]["step"]) == ("gateway_wrong_credentials", "gateway")
    assert {one["code"] for one in told["attempts"]} == {"gateway_wrong_credentials"}
    wait_for(lambda: any(told["case"]["id"].encode() in body for body in site.posted))
    # Of a checkpoint comes back only what plain JSON can say.
    assert "Blocked deserialization" not in Path(seller.stack.folder, "logs", "setup.log").read_text()


def test_an_outage_of_the_provider_calls_nobody(seller: Seller, model: Endpoint, account: Account) -> None:
    model.state.order({"kind": "empty"})
    fault = {"vendor": "kiwify", "kind": "status", "status": 503, "times": 1_000}
    seller.stack.vendors_control.post("/faults", json=fault)
    for text in (account.words, _AGAIN, _AGAIN, _AGAIN):
        seller.ask(text)
    codes = [one["code"] for one in seller.actions()]
    assert codes == ["gateway_unavailable"] * 4
    assert (seller.handoff(), seller.stages()["gateway"]) == (None, "waiting")


def test_an_outage_of_the_model_calls_nobody(seller: Seller, model: Endpoint) -> None:
    model.state.order({"kind": "empty", "times": 5})
    for _ in range(5):
        seller.ask("não entendi")
    assert seller.handoff() is None


def test_a_person_who_has_the_setup_speaks_alone(seller: Seller, model: Endpoint, desk: httpx.Client) -> None:
    with Watcher(seller) as watcher:
        seller.ask("quero falar com uma pessoa")
        assert model.asked == []
        called = seller.handoff()
        assert called is not None
        assert (called["state"], called["reason"]) == ("open", "user_requested")
        case = called["handoff_id"]
        assert _done(desk.post(f"{case}/take"))["state"] == "taken"
        seller.ask("Oi Bia, o meu código de evento é TEST4321")
        assert "TEST4321" in str(_done(desk.get(case))["notes"])
        _done(desk.post(f"{case}/reply", json={"text": "Oi! Já vi, pode gerar outro token?"}))
        seller.ask("gerei o token novo")
        assert (model.asked, seller.messages("assistant")) == ([], [])
        assert seller.messages("support")[-1]["text"] == "Oi! Já vi, pode gerar outro token?"
        # What nobody of us has answered yet is the agent's again.
        model.state.say("Voltei! Vamos ver o token.")
        assert _done(desk.post(f"{case}/resume", json={"text": "explicado"}))["state"] == "returned"
        seller.chat_settled()
        wait_for(lambda: seller.messages("assistant") != [])
        model.state.say("Agora falta a página.")
        assert seller.ask("e agora?")[-1]["text"] == "Agora falta a página."
    assert [one["text"] for one in seller.messages("assistant")] == [
        "Voltei! Vamos ver o token.",
        "Agora falta a página.",
    ]
    assert "gerei o token novo" in model.asked[0]
    notes = str(_done(desk.get(case))["notes"])
    assert all(text in notes for text in ("TEST4321", "gerei o token novo", "explicado"))
    assert "e agora?" not in notes
    kinds = [one.type for one in watcher.told if one.type.startswith("handoff.")]
    assert kinds[0] == "handoff.created"
    assert len(kinds) >= 3
    # What a colleague noted is none of the seller's business.
    assert "explicado" not in repr(watcher.told)


def test_a_person_who_takes_over_in_mid_answer_is_not_talked_over(
    seller: Seller, model: Endpoint, desk: httpx.Client
) -> None:
    seller.ask("quero falar com uma pessoa")
    called = seller.handoff()
    assert called is not None
    model.state.say("Vamos por partes, com calma: " + "primeiro uma coisa e depois a outra, sem pressa. " * 5)
    model.state.order({"kind": "slow", "seconds": 0.03, "times": 1})
    with Watcher(seller) as watcher:
        seller.say("me explica tudo")
        wait_for(lambda: any(one.type == "message.delta" for one in watcher.told), every=0.005)
        _done(desk.post(f"{called['handoff_id']}/take"))
        seller.chat_settled()
        wait_for(lambda: any(one.type == "message.discarded" for one in watcher.told))
    assert seller.messages("assistant") == []
    assert "me explica tudo" in str(_done(desk.get(called["handoff_id"]))["notes"])


def _codes(said: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in said if one["code"] and one["code"].startswith("gateway")]


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == httpx.codes.OK, answer.text
    said: dict[str, Any] = answer.json()
    return said
