"""The span of which the work in hand, and its log lines, are a part."""

from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext


def here() -> SpanContext | None:
    """Where log lines stand now."""
    context = trace.get_current_span().get_span_context()
    return context if context.is_valid else None


class Current(AbstractContextManager[Span]):
    def __init__(self, span: Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        self._token = contexts.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._token is not None:
            contexts.detach(self._token)
