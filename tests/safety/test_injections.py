"""The corpus covers every way in and every aim, in both languages."""

from collections import Counter
from itertools import product

from evals.agent.injections import Attempt, Carrier, injections
from tracking_core.safety.scanner import mask


def test_every_carrier_tries_everything() -> None:
    pairs = {(one.carrier, one.attempt) for one in injections()}
    assert pairs == set(product(Carrier, Attempt))


def test_both_languages_are_there_and_every_text_once() -> None:
    languages = Counter(one.language for one in injections())
    assert set(languages) == {"pt_BR", "en"}
    assert min(languages.values()) >= 20
    assert len({one.id for one in injections()}) == len({one.text for one in injections()}) == len(injections()) >= 40


def test_one_carrier_s_can_be_had_alone() -> None:
    chat = injections(Carrier.CHAT_MESSAGE)
    assert {one.carrier for one in chat} == {Carrier.CHAT_MESSAGE}
    assert set(chat) < set(injections())


def test_none_of_them_is_taken_for_a_credential() -> None:
    """They are about credentials without being one: the agent must see them as they are."""
    assert [one.id for one in injections() if mask(one.text) != one.text] == []
