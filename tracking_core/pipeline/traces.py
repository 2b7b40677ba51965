"""One trace for each sale out of work that is done for many: what a batch did, and when, is told again in the trace of
every sale that is sampled, after the commit. Metrics are counted there too.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opentelemetry.trace import Link, SpanContext, SpanKind

from tracking_core.kit import clock
from tracking_core.matching.match import MatchResult
from tracking_core.metrics import sales as metrics
from tracking_core.models import Conversion, Decision
from tracking_core.pipeline.stages import Work
from tracking_core.telemetry import names, tracing
from tracking_core.telemetry.context import packed, unpacked
from tracking_core.telemetry.current import here
from tracking_core.telemetry.quiet import quietly

NORMALIZE, MATCH, DEDUPE, CONSENT, PLAN = "normalize", "match", "dedupe", "consent", "plan"
_OF_WEBHOOK, _OF_MATCH = (NORMALIZE,), (MATCH,)
_OF_DECISION = (DEDUPE, CONSENT, PLAN)


@dataclass(slots=True)
class Timeline:
    """What a batch has done so far. ``begun`` are the sales whose trace begins in it and not in a request, each with
    the webhook that begins it."""

    started: datetime = field(default_factory=clock.now)
    stages: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    matches: dict[UUID, MatchResult] = field(default_factory=dict)
    decided: dict[UUID, Conversion] = field(default_factory=dict)
    begun: dict[UUID, UUID] = field(default_factory=dict)


_current: ContextVar[Timeline | None] = ContextVar("timeline", default=None)


@contextmanager
def timeline() -> Iterator[Timeline]:
    """Kept while the block lasts; ``stage`` and the notes below go into it."""
    made = Timeline()
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    started = clock.now()
    yield
    if line := _current.get():
        line.stages[name] = (started, clock.now())


def matched(conversion: Conversion, result: MatchResult) -> None:
    if line := _current.get():
        line.matches[conversion.id] = result


def decided(conversion: Conversion) -> None:
    if line := _current.get():
        line.decided[conversion.id] = conversion


def join(conversion: Conversion, work: Work) -> None:
    """The trace of a sale's first webhook is the sale's. A webhook that came without one begins it here."""
    if conversion.trace_context is not None:
        return
    conversion.trace_context = work.trace
    if work.trace is None and (place := tracing.new_place()):
        conversion.trace_context = packed(place)
        if line := _current.get():
            line.begun[conversion.id] = work.webhook_id


@quietly
def tell(line: Timeline, ends: Sequence[tuple[Work, str]]) -> None:
    """Of each webhook what it led to: ``processed``, ``ignored`` or ``unreadable``."""
    ended = clock.now()
    metrics.BATCH_SECONDS.observe((ended - line.started).total_seconds())
    for work, state in ends:
        metrics.PROCESSED.labels(work.gateway, state).inc()
        metrics.QUEUE_SECONDS.observe(max(0.0, (ended - work.received_at).total_seconds()))
    _count_decided(line)
    if tracing.is_on():
        _trace(line, ends, ended)


def _count_decided(line: Timeline) -> None:
    for conversion in line.decided.values():
        result = line.matches.get(conversion.id)
        metrics.MATCHES.labels(result.rule.value if result else "none").inc()
        reason = "" if conversion.decision == Decision.PLANNED else conversion.decision_reason or ""
        metrics.DECISIONS.labels(conversion.decision, reason).inc()


@quietly
def tell_rematched(line: Timeline, conversions: Sequence[Conversion]) -> None:
    """The click came late, or not at all; some sales were decided only then."""
    ended = clock.now()
    _count_decided(line)
    for conversion in conversions:
        result = line.matches.get(conversion.id)
        metrics.REMATCHES.labels(result.rule.value if result else "none").inc()
        if place := _sampled(conversion.trace_context):
            made = tracing.record("sale.rematch", _of(conversion), started=line.started, ended=ended, parent=place)
            _trace_stages(line, conversion, made, _stages_of(line, conversion))


def _trace(line: Timeline, ends: Sequence[tuple[Work, str]], ended: datetime) -> None:
    told: list[SpanContext] = []
    for work, state in reversed(ends):  # the stages of a sale stand with its last webhook of the batch
        kept = work.conversion.trace_context if work.conversion else work.trace
        place = _sampled(kept)
        if place and (made := _trace_webhook(line, work, state, place, ended)):
            is_first = work.conversion is not None and place.trace_id not in {one.trace_id for one in told}
            stages = (*_OF_WEBHOOK, *(_stages_of(line, work.conversion) if is_first and work.conversion else ()))
            _trace_stages(line, work.conversion, made, stages)
            told.append(place)
    size = {names.BATCH_SIZE: len(ends)}
    links = [Link(place) for place in told]
    tracing.record("pipeline.batch", size, started=line.started, ended=ended, place=here(), links=links)


def _trace_webhook(line: Timeline, work: Work, state: str, place: SpanContext, ended: datetime) -> SpanContext | None:
    """In the sale's trace, with a link to the request that brought this webhook where that is another."""
    conversion, request = work.conversion, unpacked(work.trace)
    is_begun = conversion is not None and line.begun.get(conversion.id) == work.webhook_id
    attributes: dict[str, str | float] = {
        names.TENANT: str(work.rules.tenant_id),
        names.GATEWAY: work.gateway,
        names.OUTCOME: work.outcome or state,
        names.QUEUE_SECONDS: max(0.0, (line.started - work.received_at).total_seconds()),
        **(_of(conversion) if conversion else {}),
    }
    return tracing.record(
        "webhook.process",
        attributes,
        started=line.started,
        ended=ended,
        parent=None if is_begun else place,
        place=place if is_begun else None,
        kind=SpanKind.CONSUMER,
        links=[Link(request)] if request and request.span_id != place.span_id else (),
    )


def _stages_of(line: Timeline, conversion: Conversion) -> tuple[str, ...]:
    matching = _OF_MATCH if conversion.id in line.matches else ()
    return (*matching, *(_OF_DECISION if conversion.id in line.decided else ()))


def _trace_stages(
    line: Timeline, conversion: Conversion | None, parent: SpanContext | None, stages: Sequence[str]
) -> None:
    for name in stages:
        if parent is not None and name in line.stages:
            started, ended = line.stages[name]
            result = line.matches.get(conversion.id) if conversion and name == MATCH else None
            tracing.record(
                f"sale.{name}",
                _said(name, conversion, result),
                started=started,
                ended=ended,
                parent=parent,
                links=_found(result),
            )


def _found(result: MatchResult | None) -> tuple[Link, ...]:
    if result is None or result.candidate is None:
        return ()
    return tracing.link_to_visit(result.candidate.id, result.candidate.kind, result.candidate.received_at)


def _said(name: str, conversion: Conversion | None, result: MatchResult | None) -> dict[str, str | float]:
    if result:
        return {names.MATCH_RULE: result.rule.value, names.MATCH_SCORE: float(result.score)}
    if name == PLAN and conversion:
        return {names.DECISION: str(conversion.decision), names.REASON: conversion.decision_reason or ""}
    return {}


def _of(conversion: Conversion) -> dict[str, str]:
    return {names.TENANT: str(conversion.tenant_id), names.CONVERSION: str(conversion.id)}


def _sampled(kept: bytes | None) -> SpanContext | None:
    place = unpacked(kept)
    return place if place and place.trace_flags.sampled else None
