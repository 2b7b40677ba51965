"""A request to Meta carries the events of many sales. It has a trace of its own, linked to each sale's; and each sale
that is sampled has the attempt in its own trace, linked to the request."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from opentelemetry.trace import Link, Span, SpanKind

from tracking_core.delivery.lease import Batch, Leased
from tracking_core.destinations.meta_capi.client import SendResult
from tracking_core.destinations.meta_capi.errors import Verdict
from tracking_core.kit import clock
from tracking_core.telemetry import names, tracing
from tracking_core.telemetry.quiet import quietly

ACCEPTED = "accepted"


@contextmanager
def batch(held: Batch, started: datetime) -> Iterator[None]:
    """All that becomes of a batch, from its lease on."""
    leased = clock.now()
    attributes: dict[str, str | int] = {
        names.TENANT: str(held.tenant_id),
        names.CONNECTION: str(held.connection_id),
        names.BATCH_SIZE: len(held.deliveries),
    }
    links = _links(held, held.deliveries)
    with tracing.span("delivery.batch", attributes, is_root=True, links=links, started=started) as made:
        tracing.record("delivery.lease", {}, started=started, ended=leased, parent=made.get_span_context())
        yield


def request(held: Batch, part: Sequence[Leased]) -> AbstractContextManager[Span]:
    attributes: dict[str, str | int] = {
        names.HTTP_METHOD: "POST",
        names.TENANT: str(held.tenant_id),
        names.CONNECTION: str(held.connection_id),
        names.BATCH_SIZE: len(part),
    }
    return tracing.span("POST meta events", attributes, kind=SpanKind.CLIENT, links=_links(held, part))


def answered(made: Span, result: SendResult) -> None:
    if made.is_recording():
        made.set_attributes(_answer(result))
        if result.verdict:
            tracing.failed(made, result.verdict.failure.value)


@quietly
def attempted(held: Batch, part: Sequence[Leased], result: SendResult, made: Span, started: datetime) -> None:
    """The attempt, in the trace of each sale."""
    answer, ended = {**_answer(result), names.BATCH_SIZE: len(part)}, clock.now()
    for one in part:
        if place := held.places.get(one.conversion_id) if one.conversion_id else None:
            tracing.record(
                "delivery.attempt",
                {**answer, names.DELIVERY: str(one.id), names.ATTEMPT: one.schedule.attempts + 1},
                started=started,
                ended=ended,
                parent=place,
                kind=SpanKind.PRODUCER,
                links=(Link(made.get_span_context()),),
                error=result.verdict.failure.value if result.verdict else None,
            )


def _links(held: Batch, part: Sequence[Leased]) -> list[Link]:
    """To the sales that are sampled; the others have no trace to be found."""
    places = (held.places.get(one.conversion_id) for one in part if one.conversion_id)
    return [Link(place) for place in places if place]


def _answer(result: SendResult) -> dict[str, str | int]:
    said = {
        names.OUTCOME: outcome_of(result.verdict),
        names.HTTP_STATUS: result.http_status,
        names.META_CODE: result.verdict.code if result.verdict else None,
        names.META_SUBCODE: result.verdict.subcode if result.verdict else None,
        names.META_TRACE: result.fbtrace_id,
    }
    return {name: value for name, value in said.items() if value is not None}


def outcome_of(verdict: Verdict | None) -> str:
    return verdict.failure.value if verdict else ACCEPTED
