"""Rules over words. A rule is a line of terms that must all be there, in any order.

``a|b`` is either; ``a+b`` one right after the other; ``verif*`` begins so; ``!a`` must not be there; ``=a`` the message
is just that. A word of five letters or more also stands for one that differs from it by one slip of the fingers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_LONG_ENOUGH = 5
# Words of their own that are one slip from another one.
_ORDINARY = frozenset({"quando", "vendo", "vende", "contra", "conto", "conte", "there", "these", "things"})


@dataclass(frozen=True, slots=True)
class _Term:
    """``ways`` are sequences of words, each of which may end in ``*``."""

    ways: tuple[tuple[str, ...], ...]
    is_absent: bool = False
    is_whole: bool = False

    def holds(self, words: Sequence[str]) -> bool:
        if self.is_whole:
            return any(len(way) == len(words) and _stands(way, words, 0) for way in self.ways)
        return self.is_absent != any(
            _stands(way, words, at) for way in self.ways for at in range(len(words) - len(way) + 1)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    terms: tuple[_Term, ...]

    def holds(self, words: Sequence[str]) -> bool:
        return all(term.holds(words) for term in self.terms)

    def vocabulary(self) -> set[str]:
        return {word for term in self.terms for way in term.ways for word in way if not word.endswith("*")}


def rule(line: str) -> Rule:
    return Rule(tuple(_term(one) for one in line.split()))


class Spelling:
    """The words that rules know, and which of them a mistyped one is meant to be."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        known = frozenset(vocabulary)
        self._known = known | _ORDINARY
        self._long = sorted(word for word in known if len(word) >= _LONG_ENOUGH)
        self._meant = lru_cache(maxsize=4_096)(self._find)

    def corrected(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._meant(word) for word in words)

    def _find(self, word: str) -> str:
        if word in self._known or len(word) < _LONG_ENOUGH - 1 or not word.isalpha():
            return word
        # The first letter is seldom the wrong one, and "here" is not "where".
        return next((known for known in self._long if known[0] == word[0] and is_one_slip(word, known)), word)


def is_one_slip(one: str, other: str) -> bool:
    """One letter too many, too few, another one, or two neighbours exchanged."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or one == other:
        return False
    at = next((place for place, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at + 2 :] == long[at + 2 :] and short[at : at + 2] == long[at : at + 2][::-1]
    )


def _term(written: str) -> _Term:
    ways = tuple(tuple(way.split("+")) for way in written.lstrip("!=").split("|"))
    return _Term(ways, is_absent=written.startswith("!"), is_whole=written.startswith("="))


def _stands(way: tuple[str, ...], words: Sequence[str], at: int) -> bool:
    return all(_fits(wanted, words[at + place]) for place, wanted in enumerate(way))


def _fits(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
