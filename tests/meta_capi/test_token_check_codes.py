"""The words for what a token's check can say."""

import re

import pytest

from tracking_core.destinations.meta_capi.check_codes import MEANINGS, MetaCode
from tracking_core.i18n import translate
from tracking_core.setup.outcome import Fault

PLACEHOLDERS = {"dataset_id", "expires_on", "asked", "answered"}
PROVIDERS_OWN = {MetaCode.RATE_LIMITED, MetaCode.UNAVAILABLE, MetaCode.UNEXPECTED_ANSWER}


def test_every_code_has_a_meaning_and_blames_who_can_mend_it() -> None:
    assert set(MEANINGS) == set(MetaCode)
    assert {code for code in MetaCode if MEANINGS[code].fault is Fault.PROVIDER} == PROVIDERS_OWN
    assert all(code.value.startswith("meta_") for code in MetaCode)


@pytest.mark.parametrize("code", MetaCode)
def test_every_sentence_exists_in_portuguese_with_the_same_placeholders(code: MetaCode) -> None:
    meaning = MEANINGS[code]
    assert meaning.recommendation or code is MetaCode.OK
    for sentence in filter(None, (meaning.message, meaning.recommendation)):
        translated = translate(sentence)
        assert translated != sentence
        named = set(re.findall(r"\{(\w*)\}", sentence))
        assert named == set(re.findall(r"\{(\w*)\}", translated)) <= PLACEHOLDERS
