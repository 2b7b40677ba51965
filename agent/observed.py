"""What is traced and counted of models, tools, turns and steps. Spans by OpenTelemetry's conventions for generative AI.

No words of anybody are exported; with ``HUB_TELEMETRY_LLM_CONTENT`` those of a chat are, masked (telemetry/export.py).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import orjson
from langchain_core.messages import BaseMessage
from langgraph.errors import GraphBubbleUp
from opentelemetry.trace import Span, SpanKind

from agent.chat.failures import MODEL_FAILURES, classify
from tracking_core.metrics import agent as metrics
from tracking_core.models import SetupIntent, SetupSession
from tracking_core.settings import Settings
from tracking_core.telemetry import names, tracing

CHAT, PICTURE = "chat", "picture"
_OK, _DEFECT, _CUT = "ok", "defect", "cut"
# The endpoint speaks OpenAI's protocol, whoever answers behind it.
_PROVIDER = "openai"


@dataclass
class Observed:
    """What is under way; ``outcome`` is what it came to."""

    span: Span
    outcome: str

    def used(self, *, input_tokens: int, output_tokens: int) -> None:
        metrics.LLM_TOKENS.labels("input").inc(input_tokens)
        metrics.LLM_TOKENS.labels("output").inc(output_tokens)
        self.span.set_attributes({names.AI_INPUT_TOKENS: input_tokens, names.AI_OUTPUT_TOKENS: output_tokens})

    def asked(self, messages: Sequence[BaseMessage]) -> None:
        if tracing.keeps_content():
            self.span.set_attribute(names.AI_INPUT, _content(messages))

    def said(self, messages: Sequence[BaseMessage]) -> None:
        if tracing.keeps_content():
            self.span.set_attribute(names.AI_OUTPUT, _content(messages))


@contextmanager
def model_call(settings: Settings, use: str) -> Iterator[Observed]:
    """One call of the model, for ``CHAT`` or a ``PICTURE``."""
    attributes: dict[str, str | int | float] = {
        names.AI_OPERATION: "chat",
        names.AI_PROVIDER: _PROVIDER,
        names.AI_MODEL: settings.llm_model,
        names.AI_TEMPERATURE: settings.llm_temperature,
        names.AI_MAX_TOKENS: settings.llm_max_tokens,
    }
    started = time.monotonic()
    with tracing.span(f"chat {settings.llm_model}".strip(), attributes, kind=SpanKind.CLIENT) as span:
        call = Observed(span, _OK)
        try:
            yield call
        except BaseException as error:
            call.outcome = _reason(error)
            raise
        finally:
            metrics.LLM_REQUESTS.labels(use, call.outcome).inc()
            metrics.LLM_SECONDS.labels(use).observe(time.monotonic() - started)
            span.set_attribute(names.OUTCOME, call.outcome)


@contextmanager
def tool(name: str) -> Iterator[Observed]:
    """One use of a tool."""
    attributes = {names.AI_OPERATION: "execute_tool", names.AI_TOOL: name, names.AI_TOOL_TYPE: "function"}
    with tracing.span(f"execute_tool {name}", attributes) as span:
        call = Observed(span, _DEFECT)
        try:
            yield call
        finally:
            metrics.TOOLS.labels(name, call.outcome).inc()
            span.set_attribute(names.OUTCOME, call.outcome)


@contextmanager
def turn(session_id: UUID) -> Iterator[Observed]:
    """One turn of a chat: a trace of its own."""
    attributes = {
        names.AI_OPERATION: "invoke_agent",
        names.AI_AGENT: "chat",
        names.AI_CONVERSATION: str(session_id),
        names.SETUP_SESSION: str(session_id),
    }
    with tracing.span("invoke_agent chat", attributes, is_root=True) as span, metrics.TURN_SECONDS.time():
        told = Observed(span, _CUT)
        try:
            yield told
        finally:
            metrics.TURNS.labels(told.outcome).inc()
            span.set_attribute(names.OUTCOME, told.outcome)


@contextmanager
def intent(asked: SetupIntent, owner: SetupSession) -> Iterator[Span]:
    """What a setup was asked for, to its rest: a trace of its own."""
    attributes = {
        names.INTENT: asked.kind,
        names.SETUP_SESSION: str(owner.id),
        names.TENANT: str(owner.tenant_id),
    }
    with tracing.span("setup.intent", attributes, is_root=True) as span:
        yield span


@contextmanager
def step(node: str) -> Iterator[Observed]:
    """One step of the setup graph. To wait for a person is no failure."""
    waiting: GraphBubbleUp | None = None
    with tracing.span(f"setup.{node}", {names.NODE: node}) as span, metrics.STEP_SECONDS.labels(node).time():
        made = Observed(span, "done")
        try:
            yield made
        except GraphBubbleUp as bubble:
            made.outcome, waiting = "waiting", bubble
        except BaseException:
            made.outcome = "broken"
            raise
        finally:
            metrics.STEPS.labels(node, made.outcome).inc()
            span.set_attribute(names.OUTCOME, made.outcome)
    if waiting is not None:
        raise waiting


def _reason(error: BaseException) -> str:
    if isinstance(error, MODEL_FAILURES):
        return classify(error).value
    return _DEFECT if isinstance(error, Exception) else _CUT


def _content(messages: Sequence[BaseMessage]) -> str:
    """As the conventions have it: a role and parts for each message."""
    said = [{"role": one.type, "parts": [{"type": "text", "content": str(one.text)}]} for one in messages]
    return orjson.dumps(said).decode()
