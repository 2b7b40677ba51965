"""Every sentence a customer can meet exists in Portuguese."""

import pytest

from tracking_core import errors
from tracking_core.delivery import explain
from tracking_core.destinations.meta_capi import explanations
from tracking_core.i18n import translate
from tracking_core.setup import status
from tracking_core.setup.meanings import all_meanings


def _messages() -> list[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HubError)]
    ours = [kind.message for kind in kinds if kind is not errors.ConfigurationError]
    tables = (explain.SENTENCES, explanations.BY_SUBCODE, explanations.BY_CODE, explanations.BY_FAILURE)
    theirs = [sentence for table in tables for sentence in table.values()]
    checks = [text for one in all_meanings().values() for text in (one.message, one.recommendation) if text]
    return [*ours, *theirs, *checks, *status.DUE.values(), explanations.REFUSED_PROOF, explain.UNKNOWN]


@pytest.mark.parametrize("message", sorted(set(_messages())))
def test_the_sentence_is_translated(message: str) -> None:
    assert translate(message) != message
