"""What is a credential by its looks alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tracking_core.models import SecretKind
from tracking_core.safety.patterns import HARMLESS, SHAPES, USER_AND_PASSWORD, UUID, Proof, Shape

_WHOLE = re.compile(rf"{UUID}|[0-9a-fA-F]{{32}}|[0-9a-fA-F]{{40}}|[0-9a-fA-F]{{64,}}")
_CASE_CHANGES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_SHORTEST_LETTERS, _ENOUGH = 12, 64
_LETTERS_PER_CHANGE = 2.4  # words written together have more
_SPACE = re.compile(r"\s+")
_LINES = 20
_SHORTEST_LINE = 12
_LONGEST_HARMLESS = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Offsets in the view."""

    start: int
    end: int
    kind: SecretKind
    rule: str
    value: str = field(repr=False)


def by_shape(text: str, shapes: tuple[Shape, ...] = SHAPES) -> Iterator[Hit]:
    lowered = text.lower()
    for shape in shapes:
        if not shape.hints or any(hint in lowered for hint in shape.hints):
            yield from _of(shape, text)


def logins(text: str) -> Iterator[Hit]:
    """What ``curl -u`` takes."""
    if "-u" not in text:  # the longer form has it too
        return
    for match in USER_AND_PASSWORD.finditer(text):
        for group, kind in ((1, SecretKind.GATEWAY_CLIENT_ID), (2, SecretKind.GATEWAY_CLIENT_SECRET)):
            yield Hit(*match.span(group), kind, "user_and_password", match[group])


def is_made(run: str) -> bool:
    """Letters and digits, or capitals as no word has them."""
    if _DIGIT.search(run):
        return _LETTER.search(run) is not None
    few = run[:_ENOUGH]
    return len(run) >= _SHORTEST_LETTERS and len(_CASE_CHANGES.findall(few)) * _LETTERS_PER_CHANGE > len(few)


def is_whole(run: str) -> bool:
    """A credential that cannot be part of a longer one: a UUID, or hex of a usual length."""
    return _WHOLE.fullmatch(run) is not None


def is_harmless(run: str) -> bool:
    """A dataset ID, an order code, a date, an address, ..."""
    return len(run) <= _LONGEST_HARMLESS and HARMLESS.fullmatch(run) is not None


def may_continue(run: str, shortest: int) -> bool:
    """Whether this can be the rest of a credential whose beginning stands before it."""
    return len(run) >= shortest and is_made(run) and not (is_harmless(run) or is_whole(run) or run.startswith("EAA"))


def _of(shape: Shape, text: str) -> Iterator[Hit]:
    at = 0
    while (match := shape.pattern.search(text, at)) is not None:
        at = match.end()
        start, end = match.span(match.lastindex or 0)
        if shape.wraps:
            end = _grown(shape.wraps, text, end)
        value = _SPACE.sub("", text[start:end]) if shape.rule != "private_key" else text[start:end]
        if len(value) >= shape.shortest and _proved(shape.proof, value):
            yield Hit(start, end, shape.kind, shape.rule, value)
            at = max(at, end)


def _proved(proof: Proof, value: str) -> bool:
    match proof:
        case Proof.NONE:
            return True
        case Proof.MADE:
            return is_made(value)
        case Proof.DOTTED:
            return "." in value


def _grown(chars: str, text: str, end: int) -> int:
    """The end of a run that goes on in the next lines, each with nothing else in it."""
    for _ in range(_LINES):
        line = _line(chars).match(text, end)
        if line is None or not may_continue(line[1], _SHORTEST_LINE):
            break
        end = line.end(1)
    return end


@cache
def _line(chars: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t\r]{{0,4}}\n[ \t>]{{0,8}}({chars}{{{_SHORTEST_LINE},}}+)[ \t\r]{{0,4}}(?:\n|\Z)")
