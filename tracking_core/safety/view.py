"""Text as the patterns read it: NFKC, nothing invisible, look-alike letters Latin. Every character of it knows where it
stood, so that what is found can be cut out of the text as it was written."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# What stays as it is; everything else is looked at one by one.
_ODD = re.compile("[^\\t\\n\\r -~¡-§©«¬®°±¶»¿-ÿ–—‘’“”•]")
_LINE_ENDS = frozenset("\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# Blank though no category says so: Hangul fillers, the Braille blank, a Khmer inherent vowel.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Mn", "Me"})
_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaesijopcyxqwABEZHIKMNOPTYXo",
)
_LONGEST_FOLDING = 4  # one Arabic ligature is eighteen letters; no credential is written in those


@dataclass(frozen=True, slots=True)
class View:
    """``offsets[i]`` is where in the original the character came from that became ``text[i]``."""

    text: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """In the original; invisible characters between the two ends are within."""
        return self.offsets[start], self.offsets[end - 1] + 1


def is_plain(text: str) -> bool:
    """Whether its view is the text itself."""
    return (text.isascii() and text.isprintable()) or _ODD.search(text) is None


def view_of(text: str) -> View:
    if is_plain(text):
        return View(text, range(len(text)))
    shown, offsets = [], []
    for offset, char in enumerate(text):
        for part in _shown(char):
            shown.append(part)
            offsets.append(offset)
    return View("".join(shown), offsets)


@lru_cache(maxsize=4_096)
def _shown(char: str) -> str:
    if char in _LINE_ENDS:
        return "\n"
    folded = unicodedata.normalize("NFKC", char)
    folded = char if len(folded) > _LONGEST_FOLDING else folded
    return "".join(part for part in folded if _is_visible(part)).translate(_LOOK_ALIKES)


def _is_visible(char: str) -> bool:
    """Marks over letters count as invisible: none is part of a credential, and they would hide one."""
    return char in "\t\n\r" or not (char in _BLANKS or unicodedata.category(char) in _INVISIBLE)
