"""Two messages at once, one message sent again and again, two tabs, and a page loaded anew in mid-answer."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

from tests.journey.endpoint import Endpoint
from tests.journey.seller import Seller, Told, Watcher

_LONG = "Vamos por partes, com calma: " + "primeiro uma coisa e depois a outra, sem pressa. " * 5


def test_messages_of_one_moment_are_all_answered(seller: Seller, model: Endpoint) -> None:
    texts = [f"pergunta número {number}" for number in range(4)]
    answers = _at_once(*((lambda text=text: seller.say(text)) for text in texts))
    assert [one.status_code for one in answers] == [202] * 4
    seller.chat_settled()
    assert sorted(one["text"] for one in seller.messages("seller")) == texts
    turns = [turn for (turn,) in seller.rows("id", "setup_turns", "started_at") if turn]
    by = Counter(turn for (turn,) in seller.rows("turn_id", "setup_messages", "created_at") if turn)
    assert set(by) == set(turns)
    assert sum(by.values()) == 4 + len(turns)
    assert len(seller.messages("assistant")) == len(turns) == len(model.asked)
    assert all(any(text in body for body in model.asked) for text in texts)


def test_one_message_sent_again_in_the_same_moment_is_one(seller: Seller, model: Endpoint) -> None:
    answers = _at_once(*[lambda: seller.say("oi", "m1")] * 8)
    assert Counter(one.status_code for one in answers) == {202: 1, 200: 7}
    assert len({one.json()["message_id"] for one in answers}) == 1
    seller.chat_settled()
    assert [one["role"] for one in seller.messages()] == ["seller", "assistant"]
    assert len(model.asked) == 1


def test_a_page_loaded_anew_in_mid_answer_sees_what_the_other_tab_sees(seller: Seller, model: Endpoint) -> None:
    model.state.say(_LONG)
    model.state.order({"kind": "slow", "seconds": 0.03, "times": 1})
    with Watcher(seller) as other_tab:
        at = other_tab.told[-1].id
        seller.say("me explica tudo")
        before = seller.told(after=at, until=lambda told: told[-1].type == "message.delta")
        after = seller.told(after=before[-1].id, until=_is_answered)
        seller.chat_settled()
    mine, others = [*before, *after], [one for one in other_tab.told if one.id > at]
    for tab in (mine, others):
        numbers = [one.id for one in tab]
        assert numbers == sorted(set(numbers))
        parts = [one.data["part"] for one in tab if one.type == "message.delta"]
        assert parts == [*range(len(parts))]
        answers = [one for one in tab if one.data.get("role") == "assistant"]
        assert [one.data["text"] for one in answers] == [_LONG.strip()]
        assert tab.index(answers[0]) > max(tab.index(one) for one in tab if one.type == "message.delta")
        assert _LONG.startswith("".join(one.data["text"] for one in tab if one.type == "message.delta"))
    assert len([one for one in after if one.type == "message.delta"]) > 1
    assert [one["text"] for one in seller.messages("assistant")] == [_LONG.strip()]


def _is_answered(told: list[Told]) -> bool:
    return told[-1].data.get("role") == "assistant"


def _at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    barrier = Barrier(len(calls))

    def called(call: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(called, calls))
