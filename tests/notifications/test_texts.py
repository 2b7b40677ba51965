"""The desk reads Portuguese, and strangers' text is one printable line."""

import pytest

from tracking_core.i18n import translate
from tracking_core.notifications.sections import one_line
from tracking_core.notifications.texts import SENTENCES


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_sentence_is_translated(sentence: str) -> None:
    assert translate(sentence) != sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\u2028b\x00\u202ec\u200b d\te", "a bc d e"),
        ("x" * 700, "x" * 599 + "…"),
    ],
)
def test_a_line_is_one_line(said: str, shown: str) -> None:
    assert one_line(said) == shown
