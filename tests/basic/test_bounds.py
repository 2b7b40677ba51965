"""Whatever is sent, the rules read a bounded part of it: they run on the loop that every setup shares."""

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from agent.chat.basic import bounds, folding, known, person, slots
from agent.chat.basic.bounds import EARLIER_MAX, EARLIER_TOTAL, VALUES_MAX, WORDS_MAX, ends, newest
from agent.chat.basic.folding import clauses_of, folded, words_of
from agent.chat.basic.intents import Intent, intent_of
from agent.chat.basic.known import known_of
from agent.chat.basic.person import asks_for_person
from agent.chat.basic.replies import reply
from agent.chat.basic.rules import Spelling, is_one_slip
from agent.chat.basic.slots import slots_of
from agent.chat.basic.wishes import wishes_of
from tests.basic.conftest import facts_of
from tests.basic.people import ASKING

MESSAGES, CHARACTERS = 20, 8_000
# Of Python's own functions and of those in C, for one step of a turn; a short message makes about 3,000.
CALLS_MAX = 100_000
ID = "123456789012345"
WORDS = (
    *("nao ", "quero ", "falar com ", "nao quero falar ", "pessoa da ", "atendente. ", "so ", "todos so ", "pixel "),
    *("account ", "account id ", "id  ", "pixel  id", "a.com ", "x@y ", "secret:1 ", " https://a.com/?b=c.com"),
)
SIGNS = ("a", "1", "@", " ", "\n", ".", "a.", "a@", "www.a", "https://", "secret:", "[", "{(", "'", "’")
LETTERS = ("ß", "ﬁ", "㎯", "ﷺ", "\u0301", "e\u0301", "😀")
PIECES = (*WORDS, *SIGNS, *LETTERS)
Profiled = Callable[[FrameType, str, Any], None]


def filled(piece: str, every: int) -> str:
    """A message of such pieces, with a space at times: what cannot be parted is not read at all."""
    text = piece * (CHARACTERS // len(piece) + 1)
    return " ".join(text[at : at + every] for at in range(0, CHARACTERS, every))[:CHARACTERS]


HOSTILE = [
    pytest.param(filled(piece, every), id=f"{at:02}-{every}") for at, piece in enumerate(PIECES) for every in (40, 600)
]


def step_of(said: list[str]) -> None:
    """All that the rules do for one step of a turn whose messages these are."""
    text = "\n".join(said)
    found = known_of([HumanMessage(text)], facts_of(), tuple(said), None)
    wishes_of(found)
    reply(found)
    asks_for_person(text)


def calls_in(work: Callable[[], None]) -> int:
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("text", HOSTILE)
def test_a_turn_of_long_messages_costs_what_one_may_cost(text: str) -> None:
    said = [f"{text}{number}" for number in range(MESSAGES)]
    step_of(["oi"])  # the rules are read once
    assert 100 < calls_in(lambda: step_of(["oi"])) < CALLS_MAX / 10
    assert calls_in(lambda: step_of(said)) < CALLS_MAX


@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_rules_read_is_bounded(text: str) -> None:
    whole = "\n".join([text] * MESSAGES)
    words = [word for clause in clauses_of(whole) for word in clause]
    assert sum(map(len, words)) <= folding.DECOMPOSED * WORDS_MAX
    assert len(folded(ends(whole, VALUES_MAX))) <= folding.DECOMPOSED * VALUES_MAX


def test_values_are_read_in_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(text: str) -> str:
        read.append(len(text))
        return folded(text)

    monkeypatch.setattr(slots, "folded", counted)
    step_of([f"{number} {'oi ' * 2_600}" for number in range(MESSAGES)])
    (longest, *others) = sorted(read, reverse=True)
    assert (longest <= VALUES_MAX, len(others) > EARLIER_TOTAL / EARLIER_MAX) == (True, True)
    assert (
        sum(size for size in read if size <= EARLIER_MAX) <= 2 * EARLIER_TOTAL
    )  # each is folded once more for a label


def _repeats(parsed: Any) -> list[Any]:
    """The repetitions without a bound that give back what they read."""
    if not isinstance(parsed, (list, tuple)) and not hasattr(parsed, "data"):
        return []
    parts = list(parsed)
    greedy = len(parts) == 2 and str(parts[0]) in ("MAX_REPEAT", "MIN_REPEAT")
    found = [parts] if greedy and str(parts[1][1]) == "MAXREPEAT" else []
    return [*found, *(one for part in parts for one in _repeats(part))]


@pytest.mark.parametrize("module", [bounds, folding, known, person, slots])
def test_no_pattern_goes_back_over_what_has_no_bound(module: Any) -> None:
    held = [one for value in vars(module).values() for one in (value.values() if isinstance(value, dict) else (value,))]
    patterns = [one for one in held if isinstance(one, re.Pattern)]
    assert patterns
    for one in patterns:
        assert _repeats(re._parser.parse(one.pattern, one.flags)) == []


def test_a_repetition_without_a_bound_would_be_found() -> None:
    for pattern in (r"a\S+@", r"(?:a|b)*c", r"(?:x(?:y\d*?z){1,3})"):
        assert len(_repeats(re._parser.parse(pattern))) == 1
    assert _repeats(re._parser.parse(r"\S++@\d{1,9}a*+")) == []


@settings(deadline=timedelta(seconds=2), max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), st.integers(1, 700))
def test_no_mixture_of_pieces_holds_up_the_loop(pieces: list[str], every: int) -> None:
    """The limit is far from what is needed; only what grows with the square of a text comes near it."""
    step_of([filled("".join(pieces), every)] * MESSAGES)


@settings(deadline=None)
@given(st.text("ab \n.", max_size=200), st.integers(3, 100))
def test_the_ends_are_whole_words_within_the_limit(text: str, limit: int) -> None:
    read = ends(text, limit)
    assert len(read) <= limit or read == text == ends(text, len(text))
    assert ends(read, limit) == read
    assert len(read) == len(text) or set(read.split()) <= set(text.split())


def test_earlier_messages_are_read_from_the_newest_on() -> None:
    texts = [f"{number} {'oi ' * 900}" for number in range(30)]
    read = list(newest(texts))
    assert [one.split()[0] for one in read] == [str(number) for number in range(EARLIER_TOTAL // EARLIER_MAX)]
    assert list(newest(["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize("text", ASKING[:6])
def test_who_asks_for_a_person_is_heard_before_and_after_much_text(text: str) -> None:
    much = "bla ble blu " * 2_000
    assert asks_for_person(f"{text}. {much}")
    assert asks_for_person(f"{much}. {text}")


def test_a_word_that_was_cut_is_no_word() -> None:
    first = WORDS_MAX // 3
    torn = "x" * (first - len(" suporte")) + " suportelandia\n" + "y" * WORDS_MAX
    assert "suporte" in torn[:first]
    assert "suporte" not in words_of(torn)


def test_values_around_pasted_text_are_found() -> None:
    pasted = "linha de um registro qualquer\n" * 200
    found = slots_of(f"pixel {ID}\n{pasted}\nhttps://loja.example/curso")
    assert (found.dataset_id, found.url) == (ID, "https://loja.example/curso")
    assert intent_of(f"{pasted}\nmonte o plano") is Intent.ASK_PLAN


def test_a_slip_is_found_as_by_looking_at_every_word() -> None:
    """The index by what is left without a letter finds what comparing each pair of words finds."""
    vocabulary = sorted({"plano", "plana", "planos", "token", "tokens", "dataset", "verificar", "pagina"})
    typed = {
        word[:at] + put + word[at + skipped :]
        for word in vocabulary
        for at in range(1, len(word))
        for skipped in (0, 1, 2)
        for put in ("", "x", word[at : at + 2][::-1])
    }
    spelling = Spelling(vocabulary)
    for word in sorted(typed - set(vocabulary)):
        near = [one for one in vocabulary if one[0] == word[0] and is_one_slip(word, one)]
        meant = near[0] if near and len(word) >= 4 else word
        assert spelling.corrected([word]) == (meant,)
