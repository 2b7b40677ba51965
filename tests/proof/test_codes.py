"""Every code of the proof has its words, in both languages."""

import pytest

from tracking_core.delivery.explain import explain_reason
from tracking_core.i18n import translate
from tracking_core.proof.codes import MEANINGS, ProofCode
from tracking_core.setup.outcome import Fault


@pytest.mark.parametrize("code", ProofCode)
def test_a_code_has_a_meaning_in_portuguese_and_says_what_to_do_when_it_is_red(code: ProofCode) -> None:
    meaning = MEANINGS[code]
    assert code.startswith("proof_")
    assert translate(meaning.message) != meaning.message
    if code is ProofCode.OK:
        assert (meaning.fault, meaning.recommendation) == (Fault.NOBODY, "")
    else:
        assert translate(meaning.recommendation) != meaning.recommendation


@pytest.mark.parametrize("reason", ["proof_ended", "no_dataset_enabled", "connection_disabled"])
def test_the_reasons_it_leaves_are_explained_in_portuguese(reason: str) -> None:
    assert translate(explain_reason(reason)) not in (explain_reason(reason), explain_reason("nothing we know"))
