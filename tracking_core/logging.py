"""Structured logs: one JSON object a line, static event names, ids not objects, secrets and people masked."""

import contextlib
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import structlog
from opentelemetry import trace

from tracking_core.safety.patterns import MASK as MASK
from tracking_core.safety.scanner import mask_certain

_SENSITIVE_KEY = re.compile(r"token|secret|password|authorization|hottok|signature|cookie|api_key|email|phone|document")
# What a log masks besides credentials: the beginnings of tokens, whatever stands in their place, and e-mail addresses.
# Bounded, and begun only where a match can begin: a long answer without one must not cost minutes.
_SENSITIVE_VALUE = re.compile(
    r"EAA[A-Za-z0-9]{8,}|sk_hub_[A-Za-z0-9_-]+|Bearer\s+\S+|://[^/\s:@]{0,200}:[^@\s]{1,200}@"
    r"|(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+\.[\w.-]+"
)
# PostgreSQL adds the refused row, or what it was reading, to its error: people, their addresses, words and devices.
_REFUSED_ROW = re.compile(r"(DETAIL|CONTEXT): .*?(?=\n\n|\n\[SQL|\nCONTEXT:|\Z)", re.DOTALL)


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask values by the name of their key and by their looks, at any depth."""
    return {key: _masked(key, value) for key, value in event.items()}


def add_trace(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The line's trace and span in their W3C digits, exported or not; nothing outside of one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"], event["span_id"] = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return event


def lines_about(tenant_id: UUID | None, setup_session_id: UUID | None = None) -> None:
    """Every line from here on says whose work it tells of, in this task and in those it begins. None says nothing."""
    whose = {"tenant_id": tenant_id, "setup_session_id": setup_session_id}
    structlog.contextvars.bind_contextvars(**{name: str(one) for name, one in whose.items() if one is not None})


@contextlib.contextmanager
def lines_apart() -> Iterator[None]:
    """What lines say of themselves is, after the block, what it was before it."""
    known = structlog.contextvars.get_contextvars()
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**known)


def mask_text(text: str) -> str:
    """The text with credentials (by their shape or their label) and e-mail addresses replaced."""
    return _SENSITIVE_VALUE.sub(MASK, mask_certain(text))


class _Forgiving:
    """The process's own output, whatever that is by then. It never raises: a full disk or a closed pipe costs the line,
    and never the work it tells of."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()


def configure_logging(level: str) -> None:
    """Route structlog and the standard library to JSON lines on standard output."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(_Forgiving()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(
        level=max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]), handlers=[handler], force=True
    )


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(key, item) for item in value]
    if isinstance(value, str):
        return MASK if _SENSITIVE_KEY.search(key.lower()) else _REFUSED_ROW.sub(rf"\1: {MASK}", mask_text(value))
    return value
