"""Credentials that come in pieces: cut over messages, or named in one message and given in the next.

How the edge uses it, for a new message and the one or two that the seller wrote before it (a question of ours that
asked for the credential may stand among them; it is context like any other)::

    said = [Said(stored.text, tail=opened, kind=its_kind) ...]      # oldest first
    for found in scan_across(*said, new_text):
        vault found.value as found.kind, then put the reference in place of every one of found.pieces

``scan_across`` tells everything that ``scan(new_text)`` would, so one call is enough. A stored text keeps references,
and when it ends in one (``ending_reference``), what was taken for a whole credential may have been its first piece:
open it and pass it as ``tail``. The piece of a message whose tail was continued covers that reference, so that it is
replaced too, and the secret it named can be revoked (``replaces``). Once two messages carry the same new reference,
pass only the later of them with a tail. Without a tail the rest is found all the same, as ``unknown``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

from tracking_core.models import SecretKind
from tracking_core.safety.patterns import GOES_ON, MAX_CHARS, REFERENCE
from tracking_core.safety.scanner import hits_in
from tracking_core.safety.shapes import Hit, is_whole, may_continue
from tracking_core.safety.values import is_striking
from tracking_core.safety.view import view_of

_EARLIER = 2
_EARLIER_CHARS = 4_096
_SHORTEST_REST = 8
_SHORTEST_ALONE = 12
_SHORTEST_IN_A_SENTENCE = 20
_LOOSE = " \t\r\n.…"
_RUN = re.compile(r"[\w+/=.~-]")
_WORD = re.compile(r"([\w+/=.~-]+)(?=[\s.…,;!]|\Z)")
_HEX = re.compile(r"[0-9a-fA-F-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier message as stored. ``tail`` is the opened value of the reference that the text ends with, ``kind`` its
    kind in the vault."""

    text: str = field(repr=False)
    tail: str = field(default="", repr=False)
    kind: SecretKind | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """``message`` counts what was given to ``scan_across``, from 0; offsets are those of its text as given."""

    message: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SplitFinding:
    """``value`` is the whole credential; ``pieces`` is where it stands, oldest message first, the last of them in the
    current message. ``replaces`` says that the first piece covers a reference whose secret was only a part of it."""

    pieces: tuple[Piece, ...]
    kind: SecretKind
    rule: str
    value: str = field(repr=False)
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """One message as a view. ``spans[i]`` is where ``text[i]`` stands in the text as given: all of a reference for
    every character of what was opened. ``ends_closed``: in a reference that was not."""

    text: str
    spans: Sequence[tuple[int, int]]
    opened: str = field(default="", repr=False)
    kind: SecretKind | None = None
    ends_closed: bool = False


@dataclass(frozen=True, slots=True)
class _Joined:
    """``owners[i]`` says which part, and which character of it, ``text[i]`` is; None for a line break put between."""

    text: str = field(repr=False)
    owners: Sequence[tuple[int, int] | None]
    seams: tuple[str, ...]


def ending_reference(text: str) -> str | None:
    """The ``secret:<id>`` that a stored message ends with, or None."""
    match = _last_reference(text)
    return match[0] if match else None


def scan_across(*messages: str | Said) -> list[SplitFinding]:
    """Every credential of the last message, in order, read together with those before it (with two of them)."""
    first = max(0, len(messages) - 1 - _EARLIER)
    said = [one if isinstance(one, Said) else Said(one) for one in messages[first:]]
    parts = [*map(_earlier, said[:-1]), _current(said[-1].text)]
    found = [one for joined in _ways(parts) for one in _across(parts, joined, first)]
    found += _bare_rest(parts, first)
    return _settled(found) + _unread(said[-1].text, len(messages) - 1)


def _last_reference(text: str) -> re.Match[str] | None:
    found = list(REFERENCE.finditer(text, max(0, len(text) - _EARLIER_CHARS)))
    return found[-1] if found and not text[found[-1].end() :].strip(_LOOSE) else None


def _earlier(said: Said) -> _Part:
    reference = _last_reference(said.text)
    opened = view_of(said.tail).text if reference else ""
    end = reference.start() if reference and opened else len(said.text)
    begin = max(0, end - _EARLIER_CHARS)
    view = view_of(said.text[begin:end])
    spans = [(begin + offset, begin + offset + 1) for offset in view.offsets]
    tail = [reference.span()] * len(opened) if reference else []
    return _Part(view.text + opened, [*spans, *tail], opened, said.kind, ends_closed=bool(reference) and not opened)


def _current(text: str) -> _Part:
    view = view_of(text[:MAX_CHARS])
    return _Part(view.text, [(offset, offset + 1) for offset in view.offsets])


def _ways(parts: list[_Part]) -> Iterator[_Joined]:
    """Every way to put the parts together: each seam a line break, or nothing where the next part may go on."""
    choices = [("\n", "") if _may_go_on(one, then) else ("\n",) for one, then in pairwise(parts)]
    for seams in product(*choices):
        yield _joined(parts, seams)


def _may_go_on(one: _Part, then: _Part) -> bool:
    left, right = one.text.rstrip(_LOOSE)[-1:], then.text[_head(then.text) :][:1]
    return bool(_RUN.match(left) and _RUN.match(right)) and not one.ends_closed


def _head(text: str) -> int:
    """Where a message begins after "parte 2:" and the like."""
    match = GOES_ON.match(text)
    return match.end() if match else 0


def _joined(parts: list[_Part], seams: tuple[str, ...]) -> _Joined:
    texts: list[str] = []
    owners: list[tuple[int, int] | None] = []
    for index, part in enumerate(parts):
        begin = _head(part.text) if index and not seams[index - 1] else 0
        open_end = index < len(seams) and not seams[index]
        end = max(begin, len(part.text.rstrip(_LOOSE)) if open_end else len(part.text))
        texts.append(part.text[begin:end])
        owners += [(index, at) for at in range(begin, end)]
        if index < len(seams) and seams[index]:
            texts.append(seams[index])
            owners.append(None)
    return _Joined("".join(texts), owners, seams)


def _across(parts: list[_Part], joined: _Joined, first: int) -> Iterator[SplitFinding]:
    for hit in hits_in(joined.text):
        owned = [owner for owner in joined.owners[hit.start : hit.end] if owner is not None]
        shares = {part: [at for owner, at in owned if owner == part] for part in dict.fromkeys(one for one, _ in owned)}
        if len(parts) - 1 in shares and _holds(parts, joined, shares, hit):
            yield _finding(parts, shares, hit, first)


def _holds(parts: list[_Part], joined: _Joined, shares: dict[int, list[int]], hit: Hit) -> bool:
    """Whether what goes on over a seam that was closed belongs together."""
    said = ""
    for part, ats in shares.items():
        share = "".join(parts[part].text[at] for at in ats)
        if said and not joined.seams[part - 1]:
            whole = is_whole(hit.value) or may_continue(share, _SHORTEST_REST)
            if is_whole(said) or share.startswith("EAA") or not whole:
                return False
        said += share
    return True


def _finding(parts: list[_Part], shares: dict[int, list[int]], hit: Hit, first: int) -> SplitFinding:
    pieces, replaces = [], False
    for part, ats in shares.items():
        spans = [parts[part].spans[at] for at in ats if not parts[part].text[at].isspace()]
        pieces.append(Piece(first + part, min(start for start, _ in spans), max(end for _, end in spans)))
        replaces |= ats[-1] >= len(parts[part].text) - len(parts[part].opened) and bool(parts[part].opened)
    return SplitFinding(tuple(pieces), hit.kind, hit.rule, hit.value, replaces)


def _bare_rest(parts: list[_Part], first: int) -> Iterator[SplitFinding]:
    """A message that is, or begins with, a run of token characters, after one that ended in a credential."""
    if len(parts) < 2:
        return
    before, now = parts[-2:]
    run = _WORD.match(now.text, _head(now.text))
    if run is None or not _ends_in_one(before) or not _is_rest(before.opened, run[1], now.text[run.end() :]):
        return
    piece = Piece(first + len(parts) - 1, now.spans[run.start(1)][0], now.spans[run.end(1) - 1][1])
    if before.opened and before.kind:
        earlier = Piece(first + len(parts) - 2, *before.spans[-1])
        yield SplitFinding((earlier, piece), before.kind, "continuation", before.opened + run[1], replaces=True)
    else:
        yield SplitFinding((piece,), SecretKind.UNKNOWN, "continuation", run[1])


def _is_rest(opened: str, run: str, behind: str) -> bool:
    """A whole credential has no rest, and one of hex goes on in hex. In a sentence the run must strike the eye."""
    if is_whole(opened) or (_HEX.fullmatch(opened) and not _HEX.fullmatch(run)):
        return False
    alone = not behind.strip(_LOOSE)
    return may_continue(run, _SHORTEST_ALONE if alone else _SHORTEST_IN_A_SENTENCE) and (alone or is_striking(run))


def _ends_in_one(part: _Part) -> bool:
    hits = [] if part.opened or part.ends_closed else hits_in(part.text)
    return bool(part.opened) or part.ends_closed or any(not part.text[hit.end :].strip(_LOOSE) for hit in hits)


def _settled(found: list[SplitFinding]) -> list[SplitFinding]:
    """The longest first; of what overlaps it, nothing. What a label or a shape names goes before a mere rest."""
    kept: list[SplitFinding] = []
    taken = bytearray(max((one.pieces[-1].end for one in found), default=0))
    for one in sorted(found, key=lambda each: (each.rule == "continuation" and not each.replaces, -len(each.value))):
        start, end = one.pieces[-1].start, one.pieces[-1].end
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append(one)
    return sorted(kept, key=lambda each: each.pieces[-1].start)


def _unread(text: str, message: int) -> list[SplitFinding]:
    if len(text) <= MAX_CHARS:
        return []
    piece = Piece(message, MAX_CHARS, len(text))
    return [SplitFinding((piece,), SecretKind.UNKNOWN, "unread", text[MAX_CHARS:])]
