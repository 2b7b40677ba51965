"""How much of a seller's words the rules read. They run on the loop that all setups share, so nobody's long message may
be paid for by the others; what matters in one stands at its beginning or at its end."""

import re
from collections.abc import Iterable, Iterator

WORDS_MAX = 3_000  # characters that are read for what a message is about
VALUES_MAX = 8_000  # and for the values in it: with pasted text around them they are longer
EARLIER_MAX, EARLIER_TOTAL = 2_000, 24_000  # of each message before it, and of all of them
_TORN_END = re.compile(r"(?<!\S)\S++\Z")
_TORN_START = re.compile(r"\A\S++")


def ends(text: str, limit: int) -> str:
    """The first third of what may be read and the last two, each on its line, without the words that a cut tore."""
    if len(text) <= limit:
        return text
    first = limit // 3
    last = limit - first - 1
    return _TORN_END.sub("", text[:first]) + "\n" + _TORN_START.sub("", text[-last:])


def newest(texts: Iterable[str]) -> Iterator[str]:
    """What is read of earlier messages, given newest first."""
    left = EARLIER_TOTAL
    for text in texts:
        bounded = ends(text, EARLIER_MAX)
        left -= len(bounded)
        if left < 0:
            return
        yield bounded
