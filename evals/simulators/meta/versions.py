"""Graph API versions and the day each ends ("Platform versions"); an ended one is served by the oldest still alive."""

import re
from datetime import UTC, datetime


def _midnight(year: int, month: int, day: int) -> float:
    return datetime(year, month, day, tzinfo=UTC).timestamp()


# Oldest first, in unix seconds.
_ENDS = {
    (20, 0): _midnight(2026, 9, 24),
    (21, 0): _midnight(2027, 1, 21),
    (22, 0): _midnight(2027, 5, 20),
    (23, 0): _midnight(2027, 10, 8),
    (24, 0): _midnight(2028, 2, 18),
    (25, 0): _midnight(2028, 7, 29),
}
_NEWEST = (26, 0)
_FORM = re.compile(r"v([0-9]{1,3})\.([0-9]{1,2})")


def answering_version(asked: str, now: float) -> str | None:
    """The version that answers a call to ``asked``; None when that is no version. One newer than known answers."""
    form = _FORM.fullmatch(asked)
    if form is None:
        return None
    number = int(form[1]), int(form[2])
    if number >= _NEWEST:
        return asked
    alive = next((known for known, end in _ENDS.items() if end > now), _NEWEST)
    return _text(max(number, alive))


def another_version(asked: str) -> str:
    """A version that did not answer, for the fault that pretends it did."""
    return _text(min(known for known in (_NEWEST, *_ENDS) if _text(known) != asked))


def _text(number: tuple[int, int]) -> str:
    return f"v{number[0]}.{number[1]}"


NEWEST_VERSION = _text(_NEWEST)
