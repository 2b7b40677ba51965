"""Cleaning of text that people and gateways wrote."""

import re
import unicodedata

# Controls, invisible formatting marks, lone surrogates and private use: none of them is part of a name or an address.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co"})
_ASCII_SYMBOLS = frozenset("$+<=>^`|~")
_SPACES = re.compile(r"\s+")


def clean(text: str | None, limit: int) -> str:
    """NFC text on one line, trimmed, single spaces, nothing invisible; empty for None or more than ``limit`` chars."""
    if text is None or len(text) > limit:
        return ""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", visible(_SPACES.sub(" ", text)))).strip()


def visible(text: str) -> str:
    """The text without control characters, formatting marks and lone surrogates: safe for UTF-8, JSON and Postgres."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in _UNWANTED)


def lower(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())


def fold(text: str) -> str:
    """Lower case without accents: ``São`` becomes ``sao``. Letters that are no accented a-z stay."""
    parts = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(char for char in parts if not unicodedata.combining(char)))


def without_punctuation(text: str) -> str:
    """Drops punctuation and ASCII symbols; letters with their marks, digits, spaces and emoji stay."""
    return "".join(char for char in text if unicodedata.category(char)[0] != "P" and char not in _ASCII_SYMBOLS)


def compact(text: str) -> str:
    """Letters with their marks and digits only."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LMN")


def distinct(*values: str) -> tuple[str, ...]:
    """The values that are not empty, each once, in order."""
    return tuple(dict.fromkeys(value for value in values if value))
