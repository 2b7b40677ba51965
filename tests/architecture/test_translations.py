"""Every sentence a customer can meet exists in Portuguese."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from agent.chat import speaking, tools
from api import chatting
from api.app import create_app  # noqa: F401 - with it comes every noun that has errors of its own
from tracking_core import errors
from tracking_core.delivery import explain
from tracking_core.destinations.meta_capi import explanations
from tracking_core.i18n import translate
from tracking_core.setup import status
from tracking_core.setup.meanings import all_meanings


def _kinds(of: type[errors.HubError] = errors.HubError) -> Iterator[type[errors.HubError]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)


def _sentences(module: ModuleType) -> list[str]:
    """What a module says, in its constants."""
    named = {name: value for name, value in vars(module).items() if not name.startswith("__") and name.isupper()}
    return [value for value in named.values() if isinstance(value, str) and " " in value and value[0].isupper()]


def _messages() -> list[str]:
    ours = [
        kind.message for kind in _kinds() if kind is not errors.ConfigurationError and "tests" not in kind.__module__
    ]
    chat = [sentence for module in (speaking, tools, chatting) for sentence in _sentences(module)]
    tables = (explain.SENTENCES, explanations.BY_SUBCODE, explanations.BY_CODE, explanations.BY_FAILURE)
    theirs = [sentence for table in tables for sentence in table.values()]
    checks = [text for one in all_meanings().values() for text in (one.message, one.recommendation) if text]
    return [*ours, *chat, *theirs, *checks, *status.DUE.values(), explanations.REFUSED_PROOF, explain.UNKNOWN]


@pytest.mark.parametrize("message", sorted(set(_messages())))
def test_the_sentence_is_translated(message: str) -> None:
    assert translate(message) != message
