import string

import pytest

from tracking_core.i18n import translate
from tracking_core.kit.guarded.results import FailureKind
from tracking_core.landing.codes import MEANINGS, WARNINGS, UrlCode
from tracking_core.landing.verdict import FAILURES

PARAMS = {"host", "status", "seconds"}


def placeholders(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", UrlCode)
def test_every_code_has_its_words_in_both_languages(code: UrlCode) -> None:
    meaning = MEANINGS[code]
    assert meaning.recommendation or code is UrlCode.OK
    for sentence in filter(None, (meaning.message, meaning.recommendation)):
        translated = translate(sentence, "pt_BR")
        assert translated != sentence
        assert placeholders(translated) == placeholders(sentence)
        assert placeholders(sentence) <= PARAMS


def test_codes_are_prefixed_and_every_failure_of_a_visit_has_one() -> None:
    assert all(code.value.startswith("url_") for code in UrlCode)
    assert set(FAILURES) == set(FailureKind)
    assert WARNINGS.isdisjoint(FAILURES.values())
    assert {UrlCode.SCRIPT_MISSING, UrlCode.HTTP_ONLY} <= WARNINGS
