"""kill -9 in mid-answer: the message is answered once, what was told is taken back, and no check is made twice."""

import os
import signal

from evals.stack import wait_for
from tests.journey.endpoint import Endpoint
from tests.journey.kiwify import registered
from tests.journey.seller import Seller, Watcher

_BEGUN = "Vamos por partes, com calma: " + "primeiro uma coisa e depois a outra, sem pressa. " * 8
_SLOWLY = {"kind": "slow", "seconds": 0.05, "times": 1}


def _kill(seller: Seller) -> None:
    """kill -9 and start again."""
    setup = seller.stack.setup
    assert setup.pid
    os.kill(setup.pid, signal.SIGKILL)
    wait_for(lambda: not setup.is_running())
    setup.start()


def test_killed_after_its_first_words_it_answers_once_and_takes_them_back(seller: Seller, model: Endpoint) -> None:
    model.state.say(_BEGUN, "Oi! Por onde quer começar?")
    model.state.order(_SLOWLY)
    with Watcher(seller) as watcher:
        seller.say("oi", "first")
        wait_for(lambda: any(one.type == "message.delta" for one in watcher.told), every=0.005)
        _kill(seller)
        assert seller.say("oi", "first").json()["state"] == "answered"
        seller.chat_settled()
    assert [one["text"] for one in seller.messages("assistant")] == ["Oi! Por onde quer começar?"]
    assert seller.rows("state, failures", "setup_turns", "started_at") == [("done", 0)]
    kinds = [one.type for one in watcher.told if one.data.get("turn_id")]
    assert [one for one in kinds if one != "message.delta"] == ["message.discarded", "message.completed"]
    assert kinds.index("message.delta") < kinds.index("message.discarded")
    assert len(model.asked) == 2


def test_killed_while_a_tool_waits_for_its_check_it_asks_for_nothing_twice(seller: Seller, model: Endpoint) -> None:
    account = registered(seller.stack)
    seller.ask(account.words)
    said, asked = len(seller.messages("assistant")), _asked(seller)
    model.state.call("check_gateway", gateway="kiwify")
    fault = {"vendor": "kiwify", "kind": "slow", "method": "POST", "path": "/v1/oauth", "seconds": 2}
    seller.stack.vendors_control.post("/faults", json=fault)
    seller.say("e aí?")
    wait_for(lambda: _asked(seller) > asked, every=0.005)
    _kill(seller)
    seller.chat_settled()
    [answer] = seller.messages("assistant")[said:]
    assert answer["text"].startswith("Próximo passo:")
    assert seller.rows("state, failures", "setup_turns", "started_at") == [("done", 0)] * 2
    assert seller.rows("kind, state", "setup_intents", "seq") == [("validate_gateway_credentials", "done")] * 2
    assert [one["status"] for one in seller.actions()] == ["success"] * 2
    assert len(model.asked) == 1


def _asked(seller: Seller) -> int:
    """How often Kiwify was asked for an access token."""
    counts: dict[str, int] = seller.stack.vendors_control.get("/requests").json()["counts"]
    return sum(count for name, count in counts.items() if name.startswith("kiwify POST"))
