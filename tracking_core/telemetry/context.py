"""Where a trace stands, as rows and headers carry it."""

import re
from uuid import UUID

from opentelemetry.trace import Link, SpanContext, TraceFlags

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
_KEPT_BYTES = 25
# W3C Trace Context: version, trace, parent, flags; a later version may say more after another hyphen.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_HEADER_MAX = 128


def packed(context: SpanContext) -> bytes:
    """16 bytes of trace, 8 of span, 1 of flags: what a row keeps."""
    return context.trace_id.to_bytes(16, "big") + context.span_id.to_bytes(8, "big") + bytes([context.trace_flags])


def unpacked(kept: bytes | None) -> SpanContext | None:
    """None for nothing, and for what ``packed`` did not write."""
    if kept is None or len(kept) != _KEPT_BYTES:
        return None
    trace_id, span_id = int.from_bytes(kept[:16], "big"), int.from_bytes(kept[16:24], "big")
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(kept[24]))
    return context if context.is_valid else None


def of_visit(event_id: UUID | str, *, is_sampled: bool) -> SpanContext:
    """The trace of a browser event is its row's id, and its one span the id's second half: nothing is stored."""
    number = int(str(event_id).replace("-", ""), 16)
    flags = _SAMPLED if is_sampled else _UNSAMPLED
    return SpanContext(number, number & 0xFFFF_FFFF_FFFF_FFFF, is_remote=True, trace_flags=flags)


def link_outside(traceparent: bytes | None) -> tuple[Link, ...]:
    """A link to the caller's span. Never a parent, and never sampled because the caller says so."""
    if traceparent is None or len(traceparent) > _HEADER_MAX:
        return ()
    found = _TRACEPARENT.fullmatch(traceparent.decode("latin-1").strip())
    if found is None:
        return ()
    context = SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=_UNSAMPLED)
    return (Link(context),) if context.is_valid else ()
