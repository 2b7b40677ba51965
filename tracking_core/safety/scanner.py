"""Credentials in text: found, replaced by references, or masked.

``scan`` is what a seller's message passes before anything is stored. ``redact`` and ``mask`` are for whatever else
could carry one: a model's output, errors, cassettes, handoffs, what was read in an image, file names. ``mask_certain``
is for logs and events, where a digest or a product's UUID must stay readable: shapes and signed labels only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tracking_core.models import SecretKind
from tracking_core.safety.keywords import by_label
from tracking_core.safety.labels import HINTS, SIGNED
from tracking_core.safety.patterns import LESSER_SHAPES, MASK, MAX_CHARS, REFERENCE, SHAPES
from tracking_core.safety.personal import personal
from tracking_core.safety.shapes import Hit, by_shape, logins
from tracking_core.safety.view import is_plain, view_of

_SHORTEST_REST = 8
_PERSONAL = "personal_"
_TRACES = (*(hint for shape in SHAPES for hint in shape.hints), " -u", "--user")


@dataclass(frozen=True, slots=True)
class Finding:
    """``start`` and ``end`` are offsets in the text that was given. ``value`` is the credential as its owner meant it:
    without invisible characters, line breaks and the words around it."""

    start: int
    end: int
    kind: SecretKind
    rule: str
    value: str = field(repr=False)

    @property
    def is_personal(self) -> bool:
        """A document or a card: nothing for the vault, to be masked."""
        return self.rule.startswith(_PERSONAL)


def scan(text: str) -> list[Finding]:
    """Everything secret in the text, in order, without overlaps. Of a text longer than ``MAX_CHARS`` the rest is one
    finding of the rule ``unread``."""
    return _scan(text, certain=False)


def scan_certain(text: str) -> list[Finding]:
    """Only what is a credential by its shape or by a label with a sign after it."""
    return _scan(text, certain=True)


def redact(text: str, replace: Callable[[Finding], str]) -> str:
    """The text with ``replace(finding)`` in place of every finding."""
    return _replaced(text, scan(text), replace)


def mask(text: str) -> str:
    return redact(text, _masked)


def mask_certain(text: str) -> str:
    """``mask`` by ``scan_certain``; a text that has no trace of a credential costs next to nothing."""
    if is_plain(text) and not _has_traces(text):
        return text
    return _replaced(text, scan_certain(text), _masked)


def _has_traces(text: str) -> bool:
    """Of a shape, or of a label with its sign."""
    lowered = (REFERENCE.sub("", text) if "secret:" in text else text).lower()
    if any(trace in lowered for trace in _TRACES):
        return True
    return any(hint in lowered for hint in HINTS) and SIGNED.search(lowered) is not None


def hits_in(text: str, *, certain: bool = False) -> list[Hit]:
    """In a text that is a view already."""
    covered = bytearray(len(text))
    for reference in REFERENCE.finditer(text):
        _cover(covered, *reference.span())
    shaped = [hit for hit in [*by_shape(text), *logins(text)] if covered.find(1, hit.start, hit.end) < 0]
    for hit in shaped:
        _cover(covered, hit.start, hit.end)
    labelled = by_label(text, covered, certain=certain)
    lesser = [] if certain else [*by_shape(text, LESSER_SHAPES), *personal(text)]
    return _settled([*shaped, *labelled, *lesser])


def _scan(text: str, *, certain: bool) -> list[Finding]:
    view = view_of(text[:MAX_CHARS])
    hits = hits_in(view.text, certain=certain)
    found = [Finding(*view.span(hit.start, hit.end), hit.kind, hit.rule, hit.value) for hit in hits]
    if len(text) > MAX_CHARS:
        start = max(MAX_CHARS, found[-1].end if found else 0)
        found.append(Finding(start, len(text), SecretKind.UNKNOWN, "unread", text[start:]))
    return found


def _cover(covered: bytearray, start: int, end: int) -> None:
    covered[start:end] = b"\1" * (end - start)


def _settled(hits: list[Hit]) -> list[Hit]:
    """Without overlaps: the first to begin stays whole, then the one of the better rule; the rest of another one that
    goes on behind it is a finding too unless it is short."""
    kept: list[Hit] = []
    end = 0
    for hit in sorted(hits, key=lambda one: one.start):
        if hit.start >= end:
            kept.append(hit)
        elif hit.end - end >= _SHORTEST_REST:
            kept.append(Hit(end, hit.end, SecretKind.UNKNOWN, hit.rule, hit.value[-(hit.end - end) :]))
        end = max(end, kept[-1].end)
    return kept


def _replaced(text: str, found: list[Finding], replace: Callable[[Finding], str]) -> str:
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], replace(one)]
        at = one.end
    return "".join([*parts, text[at:]])


def _masked(_finding: Finding) -> str:
    return MASK
