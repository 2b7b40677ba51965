"""Every sentence of a case exists in Portuguese."""

import pytest

from tracking_core.handoff import build, codes, contact, errors, progress, sla, summary
from tracking_core.handoff.codes import Reason
from tracking_core.i18n import translate
from tracking_core.models import SecretKind
from tracking_core.secrets import wording
from tracking_core.setup.meanings import all_meanings
from tracking_core.staff import errors as staff_errors

_MEANINGS = [said for one in codes.MEANINGS.values() for said in (one.message, one.recommendation) if said]
_SENTENCES = [
    *codes.SENTENCES.values(),
    *_MEANINGS,
    *(sla.LATE, sla.TODAY, sla.TOMORROW, sla.LATER),
    *(contact.EMAIL, contact.PHONE, contact.NO_WAY),
    *summary.SENTENCES,
    *(wording.SAVED, wording.SAVED_KIND, *wording.KINDS.values()),
    *(progress.GOAL, progress.GOAL_OPEN, *progress.NEXT_STEPS.values(), *progress.QUESTIONS.values()),
    *build.GIVE_BACK.values(),
    *(errors.HandoffTaken.message, errors.HandoffClosed.message, "handoff", "staff key"),
    *(staff_errors.StaffKeyUnknown.message, staff_errors.StaffNameTaken.message),
]


@pytest.mark.parametrize("sentence", sorted(set(_SENTENCES)))
def test_the_sentence_is_translated(sentence: str) -> None:
    assert translate(sentence) != sentence


def test_every_reason_has_its_sentence_and_every_code_its_meaning() -> None:
    assert set(codes.SENTENCES) == set(Reason)
    assert set(codes.MEANINGS) == set(codes.HandoffCode)
    assert set(codes.HandoffCode) <= set(all_meanings())
    assert set(wording.KINDS) == set(SecretKind)
