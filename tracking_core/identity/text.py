"""Text hygiene shared by every normaliser. Total: any text in, safe text out."""

import unicodedata
from collections.abc import Iterable

_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
# Letters that Unicode does not decompose into a base letter and a mark.
_FOLDED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"})


def clean(text: str | None, limit: int) -> str:
    """NFC text without control, format and surrogate characters, stripped; empty when longer than ``limit``."""
    if not text or len(text) > limit:
        return ""
    if text.isascii() and text.isprintable():
        return text.strip()
    composed = unicodedata.normalize("NFC", text)
    kept = (" " if char.isspace() else char for char in composed if char.isspace() or _is_visible(char))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def visible(text: str) -> str:
    """The text without control, format and surrogate characters, otherwise as it is."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if _is_visible(char))


def lowered(text: str) -> str:
    """Lower case, composed again: some capitals become two code points."""
    return unicodedata.normalize("NFC", text.lower())


def folded(text: str) -> str:
    """Lower-case text with its accents removed; letters without a Latin base stay as they are."""
    decomposed = unicodedata.normalize("NFD", text.translate(_FOLDED))
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def without_punctuation(text: str) -> str:
    return "".join(char for char in text if not _is_punctuation(char))


def only_letters_and_digits(text: str) -> str:
    """Letters with their marks, and digits, of any script."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LMN")


def distinct(spellings: Iterable[str]) -> tuple[str, ...]:
    """The non-empty ones, each once, in order."""
    return tuple(dict.fromkeys(one for one in spellings if one))


def with_ascii(spelling: str) -> tuple[str, ...]:
    """The spelling and, where all of it can be written in ASCII, the one without accents."""
    plain = folded(spelling)
    return distinct((spelling, plain if plain.isascii() else ""))


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE


def _is_punctuation(char: str) -> bool:
    return char in _ASCII_PUNCTUATION or unicodedata.category(char).startswith("P")
