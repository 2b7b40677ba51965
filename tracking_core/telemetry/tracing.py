"""The tracer of this process. Until ``start`` nothing is recorded, and a span is only ids for the log lines of work.

Spans are dated by the hub's clock. An exception leaves its type and nothing of its text.
"""

import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings
from tracking_core.telemetry import export
from tracking_core.telemetry.context import link_outside, of_visit, packed
from tracking_core.telemetry.current import Current, here
from tracking_core.telemetry.names import ERROR_TYPE, EVENT_KIND, TOLD_BY
from tracking_core.telemetry.quiet import quietly
from tracking_core.telemetry.sampling import Ids, is_sampled, sampler, settled, threshold

Attributes = Mapping[str, str | bool | int | float]
_LINKS_MAX = 1_000  # a request to Meta carries as many events
_STOP_SECONDS = 3.0
_OFF: AbstractContextManager[Span] = nullcontext(trace.INVALID_SPAN)


@dataclass(frozen=True, slots=True)
class _Tracing:
    """``least`` and ``least_of_visits``: from which random part of a trace id on it is sampled."""

    provider: TracerProvider
    tracer: trace.Tracer
    least: int
    least_of_visits: int
    has_content: bool
    exporter: export.CleanExporter | None


_tracing: _Tracing | None = None


def start(settings: Settings, service: str) -> None:
    """Export by the settings; nothing without an endpoint. ``service`` is api, worker or scheduler."""
    if settings.otlp_endpoint:
        exporter = export.CleanExporter(export.otlp_exporter(settings))
        begin(settings, service, export.Batches(exporter, settings.otlp_queue_max), exporter)


def begin(
    settings: Settings, service: str, processor: SpanProcessor, exporter: export.CleanExporter | None = None
) -> None:
    """Trace into ``processor``."""
    global _tracing
    provider = TracerProvider(
        sampler=sampler(settings.telemetry_ratio),
        resource=_resource(settings, service),
        shutdown_on_exit=False,
        id_generator=Ids(),
        span_limits=SpanLimits(max_links=_LINKS_MAX),
    )
    provider.add_span_processor(processor)
    least, of_visits = threshold(settings.telemetry_ratio), threshold(settings.telemetry_visit_ratio)
    tracer = provider.get_tracer("hub")
    _tracing = _Tracing(provider, tracer, least, of_visits, settings.telemetry_llm_content, exporter)


def _resource(settings: Settings, service: str) -> Resource:
    return Resource.create(
        {
            "service.namespace": "hub",
            "service.name": f"hub-{service}",
            "service.instance.id": str(new_id()),
            "deployment.environment.name": settings.environment,
        }
    )


def stop() -> None:
    """Send what is left; blocks for a few seconds at most, whatever the receiver does."""
    global _tracing
    held, _tracing = _tracing, None
    if held is None:
        return
    if held.exporter:
        held.exporter.stop()
    closing = threading.Thread(target=held.provider.shutdown, daemon=True)
    closing.start()
    closing.join(_STOP_SECONDS)


def is_on() -> bool:
    return _tracing is not None


def keeps_content() -> bool:
    """Whether what models are asked and say may be exported, masked."""
    return _tracing is not None and _tracing.has_content


def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    is_root: bool = False,
    links: Sequence[Link] = (),
    started: datetime | None = None,
) -> AbstractContextManager[Span]:
    """The current span for as long as the block lasts; while nothing is traced, ids of its own for a root."""
    if _tracing is None:
        return place() if is_root or here() is None else _OFF
    around = Context() if is_root else None
    moment = _nanoseconds(started or clock.now())
    return _Running(_tracing.tracer.start_span(name, around, kind, dict(attributes or {}), links, start_time=moment))


def place(*, is_told: bool = False) -> AbstractContextManager[Span]:
    """Ids for the log lines of the block and no span: of work that has none, or of which one ``is_told`` afterwards
    (``record`` with ``here`` as its place)."""
    made = (new_place() if is_told else None) or _place()
    return Current(trace.NonRecordingSpan(made))


class _Running(Current):
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, where)
        if kind is not None:
            failed(self._span, kind.__name__)
        self._span.end(_nanoseconds(clock.now()))


def record(
    name: str,
    attributes: Attributes,
    *,
    started: datetime,
    ended: datetime,
    parent: SpanContext | None = None,
    place: SpanContext | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Iterable[Link] = (),
    error: str | None = None,
) -> SpanContext | None:
    """A span that has ended: a child of ``parent``, else a root, with the ids of ``place`` if they were settled before.
    Nothing for a parent that is not sampled."""
    if _tracing is None or (parent is not None and not parent.trace_flags.sampled):
        return None
    around = trace.set_span_in_context(trace.NonRecordingSpan(parent), Context()) if parent else Context()
    token = settled.set(place)
    try:
        made = _tracing.tracer.start_span(
            name, around, kind, dict(attributes), list(links), start_time=_nanoseconds(started)
        )
    finally:
        settled.reset(token)
    if error:
        failed(made, error)
    made.end(_nanoseconds(ended))
    return made.get_span_context()


def failed(made: Span, error: str) -> None:
    """``error`` is a class name or a code of ours, never a text."""
    made.set_attribute(ERROR_TYPE, error)
    made.set_status(Status(StatusCode.ERROR))


@quietly
def visit(event_id: str, kind: str, started: datetime, traceparent: bytes | None) -> None:
    """A browser event was kept; ``event_id`` are the 32 digits of its row. One comparison, unless it is sampled."""
    if _tracing is None or int(event_id[-14:], 16) < _tracing.least_of_visits:
        return
    record(
        f"track {kind}",
        {EVENT_KIND: kind},
        started=started,
        ended=clock.now(),
        place=of_visit(event_id, is_sampled=True),
        kind=SpanKind.SERVER,
        links=link_outside(traceparent),
    )


def link_to_visit(event_id: UUID, kind: str, received_at: datetime) -> tuple[Link, ...]:
    """To the trace of a browser event that may be years old, by its row alone; for the span of a sale that is exported.

    Few events are when they come: one that was not is now, so that the link leads somewhere. Of its row's facts alone,
    and so always the same, for each sale and webhook that finds it; how long it took is not known any more.
    """
    if _tracing is None:
        return ()
    place = of_visit(event_id, is_sampled=True)
    if not is_sampled(event_id.int, _tracing.least_of_visits):
        attributes = {EVENT_KIND: kind, TOLD_BY: "sale"}
        record(f"track {kind}", attributes, started=received_at, ended=received_at, place=place, kind=SpanKind.SERVER)
    return (Link(place),)


def current() -> bytes | None:
    """Where the current trace stands, as a row keeps it; None while nothing is traced."""
    if _tracing is None:
        return None
    context = trace.get_current_span().get_span_context()
    return packed(context) if context.is_valid else None


def new_place() -> SpanContext | None:
    """For a trace that begins in a row and not in a request. None while nothing is traced."""
    if _tracing is None:
        return None
    return _place(_tracing.least)


def _place(least: int | None = None) -> SpanContext:
    """Sampled from ``least`` on."""
    trace_id, span_id = random.getrandbits(128) | 1, random.getrandbits(64) | 1
    is_wanted = least is not None and is_sampled(trace_id, least)
    flags = TraceFlags.SAMPLED if is_wanted else TraceFlags.DEFAULT
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
