"""Whatever the model's endpoint does, the seller is answered and told that rules answer; and told when it is back."""

import time
from typing import Any

import pytest

from tests.journey.endpoint import Endpoint
from tests.journey.seller import Seller, Told

RULES_SAY = "Em qual plataforma você vende: Hotmart ou Kiwify?"
MODEL_SAYS = "Estou aqui para ajudar com a configuração."
_PAUSE_SECONDS = 1
_THROTTLED = {"kind": "status", "status": 429, "retry_after": str(_PAUSE_SECONDS)}
# What the endpoint does, and the reason that is told. A breaker opens at the third that counts against it.
GROUPS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "silent": [({"kind": "hang"}, "timeout"), ({"kind": "stall"}, "stalled")],
    "broken": [({"kind": "status", "status": 500}, "server_error"), ({"kind": "html"}, "garbage")],
    "useless": [
        ({"kind": "cut"}, "cut"),
        ({"kind": "bad_tool_json"}, "unusable"),
        ({"kind": "unknown_tool"}, "unusable"),
        ({"kind": "empty"}, "unusable"),
    ],
}


@pytest.mark.parametrize("faults", GROUPS.values(), ids=GROUPS)
def test_a_seller_is_answered_by_rules_until_the_model_is_well(
    seller: Seller, model: Endpoint, faults: list[tuple[dict[str, Any], str]]
) -> None:
    for fault, reason in faults:
        model.state.order({**fault, "times": 1})
        _is_answered_by_rules(seller, reason)
        _is_answered_by_the_model(seller)
    model.state.order({**_THROTTLED, "times": 1})
    _is_answered_by_rules(seller, "rate_limited")
    asked = len(model.asked)
    # As long as the endpoint asked for; then one call tries whether it is well.
    time.sleep(_PAUSE_SECONDS)
    _is_answered_by_the_model(seller)
    assert len(model.asked) == asked + 1
    answers = 2 * len(faults) + 2
    assert [state for (state,) in seller.rows("state", "setup_turns", "started_at")] == ["done"] * answers
    assert len(seller.messages("assistant")) == answers


def test_an_endpoint_that_refuses_is_not_asked_again_at_once(seller: Seller, model: Endpoint) -> None:
    model.stop()
    _is_answered_by_rules(seller, "refused")
    model.start()
    [answer] = seller.ask("oi")
    assert RULES_SAY in answer["text"]
    assert model.asked == []
    assert seller.rows("mode, fallback", "setup_turns", "started_at") == [("basic", "refused")] * 2


def _is_answered_by_rules(seller: Seller, reason: str) -> None:
    told = _after(seller, "oi")
    assert _mode(told) == ("basic", reason)
    said = {one.data.get("code") or one.data["role"]: one.data for one in told if one.type == "message.completed"}
    assert "modo básico" in said["chat_basic_mode"]["text"]
    assert (RULES_SAY in said["assistant"]["text"], said["assistant"]["mode"]) == (True, "basic")
    assert seller.rows("mode, fallback", "setup_turns", "started_at DESC LIMIT 1") == [("basic", reason)]


def _is_answered_by_the_model(seller: Seller) -> None:
    told = _after(seller, "tudo bem?")
    assert _mode(told) == ("ai", None)
    said = {one.data.get("code") or one.data["role"]: one.data for one in told if one.type == "message.completed"}
    assert "chat_ai_mode" in said
    assert (said["assistant"]["text"], said["assistant"]["mode"]) == (MODEL_SAYS, "ai")


def _after(seller: Seller, text: str) -> list[Told]:
    """What the stream tells from these words to their answer."""
    [(at,)] = seller.rows("max(seq)", "session_events", "1") if seller.messages() else [(0,)]
    seller.ask(text)
    return seller.told(after=at, until=lambda told: told[-1].data.get("role") == "assistant")


def _mode(told: list[Told]) -> tuple[str, str | None]:
    [mode] = [one.data for one in told if one.type == "assistant.mode"]
    return mode["mode"], mode["reason"]
