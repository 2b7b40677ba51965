"""What sellers write is understood, in the spelling they write it in."""

import pytest

from agent.chat.basic.intents import Intent, intent_of
from agent.chat.basic.person import asks_for_person
from agent.chat.basic.rules import is_one_slip
from tests.basic.people import ASKING, NOT_ASKING
from tests.basic.utterances import ENGLISH, PORTUGUESE

TABLE = [(text, name) for table in (PORTUGUESE, ENGLISH) for name, texts in table.items() for text in texts]
NUMBERED = [pytest.param(text, name, id=f"{name}-{at:03}") for at, (text, name) in enumerate(TABLE)]


@pytest.mark.parametrize(("text", "name"), NUMBERED)
def test_an_utterance_is_understood(text: str, name: str) -> None:
    assert intent_of(text) == name


def test_the_table_is_as_large_as_it_must_be_and_misses_no_intent() -> None:
    portuguese, english = (sum(map(len, table.values())) for table in (PORTUGUESE, ENGLISH))
    assert (portuguese >= 150, english >= 40) == (True, True)
    assert set(PORTUGUESE) == set(Intent)
    assert len(TABLE) == len({text for text, _ in TABLE})


@pytest.mark.parametrize("text", [pytest.param(text, id=f"{at:02}") for at, text in enumerate(ASKING)])
def test_who_asks_for_a_person_is_heard(text: str) -> None:
    assert asks_for_person(text)
    assert asks_for_person(f"oi. meu pixel é 123456789012345.\n{text}")


@pytest.mark.parametrize("text", [pytest.param(text, id=f"{at:02}") for at, text in enumerate(NOT_ASKING)])
def test_who_only_speaks_of_people_is_not_handed_over(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize("text", [text for name, texts in PORTUGUESE.items() if name != "ask_person" for text in texts])
def test_nothing_else_in_the_table_asks_for_a_person(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("one", "other", "is_slip"),
    [
        ("plnao", "plano", True),
        ("tokem", "token", True),
        ("datset", "dataset", True),
        ("planno", "plano", True),
        ("plano", "plano", False),
        ("plaon", "plano", True),
        ("pla", "plano", False),
        ("palno", "plamo", False),
        ("", "a", True),
    ],
)
def test_one_slip_of_the_fingers(one: str, other: str, *, is_slip: bool) -> None:
    assert is_one_slip(one, other) is is_slip
    assert is_one_slip(other, one) is is_slip


def test_a_very_long_message_is_understood_as_well() -> None:
    assert intent_of("blá blá blá " * 300 + "monte o plano") is Intent.ASK_PLAN


@pytest.mark.parametrize(("text", "intent"), [("5", Intent.MENU), ("12", Intent.UNKNOWN), ("345", Intent.UNKNOWN)])
def test_only_the_number_of_a_line_is_of_the_menu(text: str, intent: Intent) -> None:
    assert intent_of(text) is intent
