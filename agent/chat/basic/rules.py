"""Rules over words. A rule is a line of terms that must all be there, in any order.

``a|b`` is either; ``a+b`` one right after the other; ``verif*`` a word that begins so; ``!a`` must not be there;
``=a`` the message is just that. A word of five letters or more also stands for one that differs from it by one slip of
the fingers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

Way = tuple[str, ...]

_LONG_ENOUGH = 5
# Words of their own that are one slip from another one.
_ORDINARY = frozenset({"quando", "vendo", "vende", "contra", "conto", "conte", "there", "these", "things"})


class Heard:
    """The words of a message, looked up by what stands next to what: a rule costs the same however many they are."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._runs: dict[int, frozenset[Way]] = {}

    def has(self, way: Way) -> bool:
        if way[0].endswith("*"):
            return any(word.startswith(way[0][:-1]) for word in self.words)
        return way in self._of_length(len(way))

    def _of_length(self, length: int) -> frozenset[Way]:
        if length not in self._runs:
            self._runs[length] = frozenset(zip(*(self.words[at:] for at in range(length)), strict=False))
        return self._runs[length]


@dataclass(frozen=True, slots=True)
class _Term:
    """``ways`` are sequences of words."""

    ways: tuple[Way, ...]
    is_absent: bool = False
    is_whole: bool = False

    def holds(self, heard: Heard) -> bool:
        if self.is_whole:
            return heard.words in self.ways
        return self.is_absent != any(map(heard.has, self.ways))


@dataclass(frozen=True, slots=True)
class Rule:
    terms: tuple[_Term, ...]

    def holds(self, heard: Heard) -> bool:
        return all(term.holds(heard) for term in self.terms)

    def vocabulary(self) -> set[str]:
        return {word for term in self.terms for way in term.ways for word in way if not word.endswith("*")}


def rule(line: str) -> Rule:
    return Rule(tuple(_term(one) for one in line.split()))


class Spelling:
    """The words that rules know, and which of them a mistyped one is meant to be."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        known = frozenset(vocabulary)
        self._known = known | _ORDINARY
        self._longest = max(map(len, known), default=0) + 1
        self._near: defaultdict[str, set[str]] = defaultdict(set)
        for word in known:
            if len(word) >= _LONG_ENOUGH:
                for near in _shortened(word):
                    self._near[near].add(word)
        self._meant = lru_cache(maxsize=4_096)(self._find)

    def corrected(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._meant(word) if len(word) <= self._longest else word for word in words)

    def _find(self, word: str) -> str:
        if word in self._known or len(word) < _LONG_ENOUGH - 1 or not word.isalpha():
            return word
        # The first letter is seldom the wrong one, and "here" is not "where".
        near = {known for one in _shortened(word) for known in self._near.get(one, ())}
        return min((known for known in near if known[0] == word[0] and is_one_slip(word, known)), default=word)


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


def _shortened(word: str) -> Iterator[str]:
    """As it is, and without each of its letters: two words that are one slip apart have one of these in common."""
    yield word
    yield from (word[:at] + word[at + 1 :] for at in range(len(word)))


def _term(written: str) -> _Term:
    ways = tuple(tuple(way.split("+")) for way in written.lstrip("!=").split("|"))
    return _Term(ways, is_absent=written.startswith("!"), is_whole=written.startswith("="))
