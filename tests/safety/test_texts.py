"""Untrusted text: only what can be seen, only so much, and marked as untrusted."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from evals.agent.injections import injections
from tracking_core.safety.texts import LIMIT, bounded, untrusted


def test_a_short_text_stays_as_it_is() -> None:
    assert bounded("Olá, Ana!\n\tSegunda linha 🙂", 100) == "Olá, Ana!\n\tSegunda linha 🙂"


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert bounded("a\0b\x1bc\u200bd\u202ee\u2066f\u00adg\ufe0fh\U000e0041i\ud800j\u3164k", 100) == "abcdefghijk"


def test_a_long_text_is_cut_with_an_ellipsis_and_is_never_longer_than_its_limit() -> None:
    assert bounded("a" * 301, 300) == "a" * 299 + "…"
    assert bounded("a" * 300, 300) == "a" * 300
    assert bounded("\u200b" * 5_000 + "a", 3) == "…", "what was not looked at is not promised"


@given(st.text(), st.integers(1, 50))
def test_the_bound_holds_for_any_text(text: str, limit: int) -> None:
    shown = bounded(text, limit)
    assert len(shown) <= limit
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char not in "\n\t"]
    assert bounded(shown, limit) == shown


def test_a_tool_s_result_is_json_that_says_it_is_untrusted() -> None:
    told = json.loads(untrusted({"title": "x" * 500, "n": 1, "seen": [True, None, 1.5], "untrusted": False}))
    assert told == {"untrusted": True, "title": "x" * 299 + "…", "n": 1, "seen": [True, None, 1.5]}
    assert len(told["title"]) == LIMIT


def test_a_result_is_bounded_in_depth_and_breadth_as_well() -> None:
    deep: dict[str, object] = {}
    deep["again"] = deep
    assert len(untrusted({"deep": deep, "wide": list(range(10_000)), "big": 1 << 70})) < 1_000


def test_no_injection_of_the_corpus_gets_out_of_the_wrapping() -> None:
    for one in injections():
        told = json.loads(untrusted({"text": one.text, one.text: 1}))
        assert told.pop("untrusted") is True, one.id
        assert set(told) == {"text", bounded(one.text)}, one.id
