"""A credential before it is kept and while it is in hand, and what the seller is told."""

import copy
import json
import pickle

import orjson
import pytest

from tests.secrets.test_vault import TOKEN
from tracking_core.errors import InvalidRequest
from tracking_core.i18n import translate
from tracking_core.secrets import clean
from tracking_core.secrets.codes import MEANINGS
from tracking_core.secrets.value import SecretValue


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("a\nb" * 4, "invalid"),
        ("a\0bcdef", "invalid"),
        ("abc\u200bdef", "invalid"),
        ("\ufeffabcdef", "invalid"),
        ("abc\ud800def", "invalid"),
        ("x" * 8_193, "too_long"),
        ("é" * 4_097, "too_long"),
    ],
)
def test_what_is_no_credential_is_refused_without_being_repeated(value: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        clean.cleaned(value)
    [problem] = refused.value.errors
    assert (problem["field"], problem["code"]) == ("value", code)
    assert not value.strip() or value not in problem["message"]


@pytest.mark.parametrize("value", ["x" * 8_192, "é" * 4_096, "café com açúcar"])
def test_the_longest_and_any_script_go_through(value: str) -> None:
    assert clean.cleaned(f" {value}\n") == value


def test_a_value_in_hand_shows_itself_to_nobody() -> None:
    value = SecretValue(TOKEN)
    shown = [repr(value), str(value), f"{value}", f"{value:>80}", repr([value]), repr({"a": value})]
    shown.append(orjson.dumps({"a": value}, default=str).decode())
    assert [text for text in shown if TOKEN[:8] in text or TOKEN[-4:] in text] == []
    for serialise in (json.dumps, orjson.dumps, pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as refused:
            serialise(value)
        assert TOKEN not in str(refused.value)
    assert value.reveal() == TOKEN
    assert value == SecretValue(TOKEN)
    assert value != SecretValue("other")


SENTENCES = [sentence for one in MEANINGS.values() for sentence in (one.message, one.recommendation)]


@pytest.mark.parametrize("sentence", [*SENTENCES, clean.EMPTY, clean.TOO_LONG, clean.INVISIBLE])
def test_every_sentence_is_translated(sentence: str) -> None:
    assert translate(sentence) != sentence
