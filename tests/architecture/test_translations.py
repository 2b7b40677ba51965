"""Every sentence a customer can meet exists in Portuguese."""

import pytest

from tracking_core import errors
from tracking_core.delivery import explain
from tracking_core.destinations.meta_capi import explanations
from tracking_core.i18n import translate


def _messages() -> list[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HubError)]
    ours = [kind.message for kind in kinds if kind is not errors.ConfigurationError]
    tables = (explain.SENTENCES, explanations.BY_SUBCODE, explanations.BY_CODE, explanations.BY_FAILURE)
    theirs = [sentence for table in tables for sentence in table.values()]
    return [*ours, *theirs, explanations.REFUSED_PROOF, explain.UNKNOWN]


@pytest.mark.parametrize("message", _messages())
def test_the_sentence_is_translated(message: str) -> None:
    assert translate(message) != message
