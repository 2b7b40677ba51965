"""The words of ``hub``, each with the modules that are imported for it."""

from typer.core import TyperGroup
from typer.main import get_command

from api.cli import WORDS, application


def _words_of(asked: str) -> set[str]:
    group = get_command(application(asked))
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def test_every_word_is_known_and_stands_under_its_own_modules() -> None:
    assert _words_of("") == set(WORDS)
    assert [word for word in WORDS if word not in _words_of(word)] == []


def test_what_is_no_word_is_told_with_all_there_are() -> None:
    assert _words_of("--help") == _words_of("no-such-word") == set(WORDS)
