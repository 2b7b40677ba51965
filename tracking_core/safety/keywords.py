"""Credentials found by their label: what follows it, and what strikes the eye near it."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from tracking_core.models import SecretKind
from tracking_core.safety.labels import GAP, GENERIC, HARMLESS, HINTS, JOINED, PATTERN, SIGNED, Label
from tracking_core.safety.patterns import CONTEXT_CHARS, NEAR_CHARS, NEARBY
from tracking_core.safety.shapes import Hit
from tracking_core.safety.values import Manner, is_striking, is_value, kind_of

_VALUE = re.compile(r"[^\s\"'`<>,;&|\\{}()\[\]:=#*]{1,2048}+={0,2}")
_PASSWORD = re.compile(r"[^\s\"'`<>,;|\\]{1,200}+")
_JOINT = re.compile(r"[\s\"'`*,;/|&+]{1,6}+(?:(?:e|and|o|a|os|as)\s)?\s{0,4}+")
_IS_MY = re.compile(
    r"(?<![\w-])([\w-]{20,80}+)[\"'`*)]{0,2}\s{1,3}(?:é|eh|is|são|are)\s{1,2}(?:(?:o|a|meu|minha|my|the)\s{1,2}){0,2}\Z"
)
_LISTED = re.compile(r"[,/|;&+(]|(?<![A-Za-z])(?:e|and|ou|or)(?![A-Za-z])", re.IGNORECASE)
_TRAILING = ".!?…*~"
_LONGEST_JOINT = 60
_LONGEST_URL = 2_000
_LONGEST_SAID = 120
_WHITE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class _Named:
    start: int
    end: int
    label: Label


@dataclass(slots=True)
class _Reading:
    """``covered`` marks what is spoken for: references, shapes, values found so far."""

    text: str
    covered: bytearray
    certain: bool

    def cover(self, start: int, end: int) -> None:
        self.covered[start:end] = b"\1" * (end - start)

    def is_free(self, start: int, end: int) -> bool:
        return self.covered.find(1, start, end) < 0


def by_label(text: str, covered: bytearray, *, certain: bool) -> list[Hit]:
    """``covered`` is changed. ``certain`` leaves out what only a person's sentence says."""
    lowered = text.lower()
    if not any(hint in lowered for hint in HINTS):
        return []
    reading = _Reading(text, covered, certain)
    named = [_Named(*match.span(), Label(match.lastgroup or "")) for match in PATTERN.finditer(text)]
    hits, waiting = _attached(reading, named)
    return hits if certain else [*hits, *_near(reading, waiting, hits)]


def _attached(reading: _Reading, named: list[_Named]) -> tuple[list[Hit], list[_Named]]:
    """What follows its label, and the labels that nothing follows."""
    hits: list[Hit] = []
    waiting: list[_Named] = []
    index = 0
    while index < len(named):
        if not reading.is_free(named[index].start, named[index].end):
            index += 1
            continue
        said = _said_before(reading, named[index])
        group = [named[index]] if said else _group(reading, named, index)
        index += len(group)
        found = [(group[0], *said)] if said else list(_values(reading, group))
        for one, start, end in found:
            if one.label not in HARMLESS and reading.is_free(start, end):
                hits.append(_hit(reading, one, start, end))
            reading.cover(start, end)
        waiting += [] if found else group
    return hits, waiting


def _said_before(reading: _Reading, one: _Named) -> tuple[int, int] | None:
    """``1b2c... is my client ID``."""
    if one.start == 0 or reading.certain or not reading.text[one.start - 1].isspace():
        return None
    match = _IS_MY.search(reading.text, max(0, one.start - _LONGEST_SAID), one.start)
    if match is None or not (reading.is_free(*match.span(1)) and is_striking(match[1])):
        return None
    return match.span(1)


def _group(reading: _Reading, named: list[_Named], index: int) -> list[_Named]:
    last = index
    while last + 1 < len(named) and _is_joined(reading, named[last].end, named[last + 1].start):
        last += 1
    return named[index : last + 1]


def _is_joined(reading: _Reading, start: int, end: int) -> bool:
    near = end - start <= _LONGEST_JOINT and reading.is_free(start, end)
    return near and JOINED.fullmatch(reading.text, start, end) is not None


def _values(reading: _Reading, group: list[_Named]) -> Iterator[tuple[_Named, int, int]]:
    """The values after a group of labels, in its order."""
    text, after = reading.text, group[-1].end
    gap = GAP.match(text, after)
    at = gap.end() if gap else after
    signed = SIGNED.search(text, after, at) is not None
    if at == after or (reading.certain and not signed):
        return
    manner = Manner(signed, tight=signed and text[at - 1] in "=\"'`")
    group = group if _is_list(text, group, signed=signed) else group[-1:]
    runs = _runs(reading, group, at, manner)
    for one, (start, end) in zip(_owners(group, len(runs)), runs, strict=False):
        if not reading.is_free(start, end) or is_value(text[start:end], one.label, manner):
            yield one, start, end


def _is_list(text: str, group: list[_Named], *, signed: bool) -> bool:
    """Whether the values of all come after the last: ``ID and secret: ...``, or a column of names. A sign after names
    that only stand in a row is the last one's own."""
    if len(group) == 1 or text[group[-1].end] == "=":
        return len(group) == 1
    gap = text[group[-2].end : group[-1].start]
    in_column = "\n" in gap or not any(one.label in HARMLESS for one in group)
    return _LISTED.search(gap) is not None or (in_column and not signed)


def _owners(group: list[_Named], values: int) -> list[_Named]:
    """The labels of so many values: all, or the last ones that name a credential; for a single one what says most. A
    thing has none, and what is harmless has one only when every label has."""
    if len(group) == values == len([one for one in group if one.label is not Label.THING]):
        return group
    named = [one for one in group if one.label not in HARMLESS]
    if values == 1:
        named = [one for one in named if one.label not in GENERIC] or named or group
    return named[-values:]


def _runs(reading: _Reading, group: list[_Named], at: int, manner: Manner) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for one in group:
        run = _run(reading, one if len(group) > 1 else group[0], at)
        if run is None or (runs and not is_value(reading.text[slice(*run)], Label.CLIENT_ID, manner)):
            break
        runs.append(run)
        joint = _JOINT.match(reading.text, run[1])
        if joint is None:
            break
        at = joint.end()
    return runs


def _run(reading: _Reading, one: _Named, at: int) -> tuple[int, int] | None:
    text = reading.text
    if at < len(text) and reading.covered[at]:
        end = reading.covered.find(0, at)
        return at, end if end >= 0 else len(text)
    match = (_PASSWORD if one.label is Label.PASSWORD else _VALUE).match(text, at)
    if match is None:
        return None
    end = at + len(match[0].rstrip(_TRAILING))
    if end == at or _names_the_next(text, at, end) or _is_blank_to_fill(text, at, end):
        return None
    return at, end


def _is_blank_to_fill(text: str, start: int, end: int) -> bool:
    """As in ``{kiwify_id}``."""
    return text[max(0, start - 1) : start] == "{" and text[end : end + 1] == "}" and text[start:end].isidentifier()


def _names_the_next(text: str, start: int, end: int) -> bool:
    """``CLIENT_ID=`` and nothing, then ``CLIENT_SECRET=...``: the next label is no value."""
    end -= len(text[start:end]) - len(text[start:end].rstrip("="))
    inner = list(PATTERN.finditer(text, start, min(end, start + _LONGEST_JOINT)))
    return bool(inner) and inner[-1].end() == end and text[end : end + 4].lstrip("\"'* ")[:1] in (":", "=")


def _hit(reading: _Reading, one: _Named, start: int, end: int) -> Hit:
    value = reading.text[start:end]
    context = reading.text[max(0, min(one.start, start) - CONTEXT_CHARS) : max(one.end, start)]
    return Hit(start, end, kind_of(one.label, value, context), f"label_{one.label}", value)


def _near(reading: _Reading, waiting: list[_Named], hits: list[Hit]) -> Iterator[Hit]:
    """Runs that strike the eye within ``NEAR_CHARS`` of a label, or right after a client ID."""
    ids = {hit.end for hit in hits if hit.kind is SecretKind.GATEWAY_CLIENT_ID}
    starts = [one.start for one in waiting]
    for match in NEARBY.finditer(reading.text):
        start, end = match.span()
        if not (reading.is_free(start, end) and is_striking(match[0])) or _is_in_an_address(reading.text, start):
            continue
        index = bisect_left(starts, start)
        one = _before(reading, waiting[max(0, index - 1) : index], start) or _after(
            reading, waiting[index : index + 1], end
        )
        if one is not None and one.label not in HARMLESS:
            reading.cover(start, end)
            yield _hit(reading, one, start, end)
        elif one is None and _follows_an_id(reading.text, ids, start):
            reading.cover(start, end)
            yield Hit(start, end, SecretKind.GATEWAY_CLIENT_SECRET, "after_client_id", match[0])


def _before(reading: _Reading, last: list[_Named], start: int) -> _Named | None:
    near = [one for one in last if start - one.end <= NEAR_CHARS and reading.is_free(one.end, start)]
    return near[0] if near else None


def _after(reading: _Reading, following: list[_Named], end: int) -> _Named | None:
    near = [one for one in following if one.start - end <= NEAR_CHARS and reading.is_free(end, one.start)]
    return near[0] if near else None


def _follows_an_id(text: str, ids: set[int], start: int) -> bool:
    return any(end in ids and JOINED.fullmatch(text, end, start) for end in range(max(0, start - 16), start))


def _is_in_an_address(text: str, start: int) -> bool:
    scheme = text.rfind("://", max(0, start - _LONGEST_URL), start)
    return scheme >= 0 and _WHITE.search(text, scheme, start) is None
