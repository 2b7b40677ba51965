"""Spans on their way out, in a thread of their own: cleaned, counted, and given up rather than waited for."""

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from tracking_core.errors import ConfigurationError
from tracking_core.logging import mask_text
from tracking_core.metrics import infrastructure as metrics
from tracking_core.safety.scanner import mask
from tracking_core.settings import Settings
from tracking_core.telemetry.names import CONTENT, KNOWN

log = structlog.get_logger()
_PATH = "/v1/traces"
_BATCH, _DELAY_MS = 512, 2_000
_TEXT_MAX = 8_192


def otlp_exporter(settings: Settings) -> SpanExporter:
    """To ``<HUB_OTLP_ENDPOINT>/v1/traces``; an endpoint that ends so is taken as it is. No proxy, no redirects, and
    no credentials but the setting's."""
    # It says the same of every batch that fails; ``CleanExporter`` says it once, and metrics count.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    session = requests.Session()
    session.trust_env = False
    base = settings.otlp_endpoint
    return OTLPSpanExporter(
        endpoint=base if base.endswith(_PATH) else f"{base}{_PATH}",
        headers=headers_of(settings.otlp_headers.get_secret_value()),
        timeout=settings.otlp_timeout_seconds,
        compression=Compression.Gzip,
        session=session,
    )


def headers_of(text: str) -> dict[str, str]:
    """``name=value`` separated by commas, as OTEL_EXPORTER_OTLP_HEADERS has them. Raises ConfigurationError."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign or not name.strip() for name, sign, _ in pairs):
        raise ConfigurationError(problem="HUB_OTLP_HEADERS is not name=value, separated by commas.")
    return {name.strip(): value.strip() for name, _, value in pairs}


class Batches(BatchSpanProcessor):
    """Ending a span only appends to a bounded queue: when it is full the oldest goes, and nobody waits."""

    def __init__(self, exporter: SpanExporter, queue_max: int) -> None:
        batch = min(_BATCH, queue_max)
        super().__init__(
            exporter, max_queue_size=queue_max, max_export_batch_size=batch, schedule_delay_millis=_DELAY_MS
        )

    def on_end(self, span: ReadableSpan) -> None:
        metrics.SPANS_ENDED.inc()
        super().on_end(span)


class CleanExporter(SpanExporter):
    """Passes on known attributes only, with what looks like a credential or an address masked; says once when the
    receiver goes away and once when it is back. After ``stop`` nothing more is tried at a receiver that is away."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._is_away = self._is_stopping = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._is_stopping and self._is_away:
            return self._counted(spans, SpanExportResult.FAILURE)
        try:
            return self._counted(spans, self._inner.export([cleaned(span) for span in spans]))
        except Exception as error:
            log.warning("telemetry_export_broke", error=type(error).__name__)
            return self._counted(spans, SpanExportResult.FAILURE)

    def stop(self) -> None:
        self._is_stopping = True

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def _counted(self, spans: Sequence[ReadableSpan], result: SpanExportResult) -> SpanExportResult:
        is_away = result is not SpanExportResult.SUCCESS
        metrics.SPANS_EXPORTED.labels("failed" if is_away else "exported").inc(len(spans))
        if is_away != self._is_away:
            log.warning("telemetry_receiver_away") if is_away else log.info("telemetry_receiver_back")
        self._is_away = is_away
        return result


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """The span without events, whose stack traces say anything, and without attributes that nobody named."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_cleaned(span.attributes or {}),
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cleaned(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _masked(name, value) for name, value in attributes.items() if name in KNOWN}


def _masked(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return mask_text(mask(value))[:_TEXT_MAX] if name in CONTENT else _masked_text(value[:_TEXT_MAX])


@lru_cache(maxsize=4_096)
def _masked_text(text: str) -> str:
    """Most of them are said again and again."""
    return mask_text(text)
