"""Who is exported: a ratio of the traces by their id, all that continues one of them, and what links to one of them."""

from collections.abc import Sequence
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanContext, SpanKind
from opentelemetry.trace.span import TraceState
from opentelemetry.util.types import Attributes

# The right-most 56 bits of a trace id are the random ones (W3C Trace Context, level 2). The SDK's own ratio reads 64,
# of which the variant of a UUID fixes two.
_RANDOM_BITS = 56
_MASK = (1 << _RANDOM_BITS) - 1

settled: ContextVar[SpanContext | None] = ContextVar("settled", default=None)
"""The place of the span that begins now, where its ids and whether it is sampled were decided before."""


def threshold(ratio: float) -> int:
    """The least random part that is sampled; above all of them for a ratio of 0."""
    return round((1.0 - ratio) * (1 << _RANDOM_BITS))


def is_sampled(trace_id: int, least: int) -> bool:
    return (trace_id & _MASK) >= least


class Ids(RandomIdGenerator):
    """Random, but for a span whose place is settled."""

    def generate_trace_id(self) -> int:
        place = settled.get()
        return place.trace_id if place else super().generate_trace_id()

    def generate_span_id(self) -> int:
        place = settled.get()
        return place.span_id if place else super().generate_span_id()


class LinkedOrRatio(Sampler):
    """A root is sampled as was settled, or by its id, or because a sale it works for is."""

    def __init__(self, ratio: float) -> None:
        self._ratio, self._least = ratio, threshold(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        place = settled.get()
        by_id = place.trace_flags.sampled if place else is_sampled(trace_id, self._least)
        is_wanted = by_id or any(link.context.trace_flags.sampled for link in links or ())
        return SamplingResult(Decision.RECORD_AND_SAMPLE if is_wanted else Decision.DROP, attributes)

    def get_description(self) -> str:
        return f"LinkedOrRatio{{{self._ratio}}}"


def sampler(ratio: float) -> Sampler:
    """What continues a trace of ours is sampled as that was."""
    return ParentBased(root=LinkedOrRatio(ratio))
