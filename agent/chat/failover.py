"""The model answers; when it cannot, the hub's own rules do, in the same step and with the same tools.

Only the failures in ``failures.MODEL_FAILURES`` lead to the rules. A defect of ours, in a tool, in another middleware
or in the rules themselves, and a request that a cassette does not hold go up as they are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.exceptions import ModelTimeoutError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent import observed
from agent.chat.basic.model import RuleModel
from agent.chat.breaker import Admission, Breaker
from agent.chat.facts import SessionFacts
from agent.chat.failures import MODEL_FAILURES, ModelUnusable, classify, retry_after
from agent.chat.toolbox import ToolName
from tracking_core.models import ChatMode, SecretKind
from tracking_core.safety.scanner import mask, mask_certain
from tracking_core.settings import Settings

log = structlog.get_logger()
_CHARACTERS_PER_TOKEN = 3
_TOOLS = frozenset(name.value for name in ToolName)
OFF = "off"  # the reason when there is no model to be asked
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


class Counters(Protocol):
    """What the model has cost in this run."""

    calls: int
    input_tokens: int
    output_tokens: int


class Context(Protocol):
    """What is read of the run's context. ``said`` are the seller's messages, newest last; ``given`` the kinds of
    credentials in those of this turn; ``model`` None means basic mode."""

    @property
    def settings(self) -> Settings: ...
    @property
    def facts(self) -> SessionFacts: ...
    @property
    def said(self) -> tuple[str, ...]: ...
    @property
    def given(self) -> frozenset[SecretKind]: ...
    @property
    def model(self) -> BaseChatModel | None: ...
    @property
    def breaker(self) -> Breaker: ...
    @property
    def spend(self) -> Counters: ...
    @property
    def read_facts(self) -> Callable[[], Awaitable[SessionFacts]]: ...


class Failover(AgentMiddleware[Any, Any]):
    """Tells the stream who answers: ``{"mode": "ai"}``, or ``{"mode": "basic", "reason": …}`` before the rules do, so
    that a text half told can be taken back.

    A model that is silent is left by its own limit (``model.HubChatModel``); ``llm_timeout_seconds`` is the limit on
    one whole answer, however steadily it comes.
    """

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        context: Context = request.runtime.context
        if context.model is None:
            return await self._by_rules(request, handler, OFF)
        admission = context.breaker.admit()
        if admission is None:
            standing = context.breaker.standing
            return await self._by_rules(request, handler, str(standing.reason))
        asked = request.override(model=context.model)
        try:
            response = await self._admitted(asked, handler, context, admission)
        except MODEL_FAILURES as error:
            reason = classify(error)
            log.warning("llm_failed", reason=reason.value, error=type(error).__name__)
            return await self._by_rules(request, handler, reason.value)
        request.runtime.stream_writer({"mode": ChatMode.AI.value})
        return response

    async def _admitted(
        self, request: ModelRequest[Any], handler: Handler, context: Context, admission: Admission
    ) -> ModelResponse[Any]:
        """The breaker hears what becomes of the call, whatever it is."""
        try:
            response = await _asked(request, handler, context)
        except MODEL_FAILURES as error:
            context.breaker.failed(admission, classify(error), retry_after(error))
            raise
        except BaseException:
            context.breaker.abandoned(admission)
            raise
        context.breaker.succeeded(admission)
        return response

    async def _by_rules(self, request: ModelRequest[Any], handler: Handler, reason: str) -> ModelResponse[Any]:
        context: Context = request.runtime.context
        request.runtime.stream_writer({"mode": ChatMode.BASIC.value, "reason": reason})
        has_acted = isinstance(request.messages[-1], ToolMessage)
        facts = await context.read_facts() if has_acted else context.facts
        rules = RuleModel(facts=facts, said=context.said, given=context.given)
        return await handler(request.override(model=rules))


async def _asked(request: ModelRequest[Any], handler: Handler, context: Context) -> ModelResponse[Any]:
    """A whole answer that can be used. Raises one of MODEL_FAILURES."""
    with observed.model_call(context.settings, observed.CHAT) as call:
        call.asked([*([request.system_message] if request.system_message else []), *request.messages])
        spent = context.spend.input_tokens, context.spend.output_tokens
        try:
            response = await _whole(request, handler, context)
        finally:
            spend = context.spend
            call.used(input_tokens=spend.input_tokens - spent[0], output_tokens=spend.output_tokens - spent[1])
        call.said(response.result)
        return response


async def _whole(request: ModelRequest[Any], handler: Handler, context: Context) -> ModelResponse[Any]:
    context.spend.calls += 1
    seconds, estimate = context.settings.llm_timeout_seconds, _estimate(request)
    try:
        async with asyncio.timeout(seconds) as limit:
            response = await handler(request)
    except TimeoutError as error:
        context.spend.input_tokens += estimate
        if not limit.expired():
            raise
        raise ModelTimeoutError("the whole took too long") from error
    except MODEL_FAILURES:
        context.spend.input_tokens += estimate
        raise
    _count(response.result, context.spend, estimate)
    _require_usable(response.result)
    return replace(response, result=[_masked(message) for message in response.result])


def _masked(message: BaseMessage) -> BaseMessage:
    """Before it is kept or sent back: what a model says may be anything. Of arguments only what is a credential for
    certain, for the digits of a dataset must stay."""
    if not isinstance(message, AIMessage):
        return message
    calls = [{**call, "args": _certainly_masked(call["args"])} for call in message.tool_calls]
    content = mask(message.content) if isinstance(message.content, str) else message.content
    return message.model_copy(update={"content": content, "tool_calls": calls})


def _certainly_masked(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: mask_certain(value) if isinstance(value, str) else value for name, value in arguments.items()}


def _count(messages: Sequence[BaseMessage], spend: Counters, estimate: int) -> None:
    """As the endpoint counted; else as it may have: a budget that nobody counts is none."""
    for message in messages:
        if not isinstance(message, AIMessage):
            continue
        used = message.usage_metadata
        spend.input_tokens += used["input_tokens"] if used else estimate
        spend.output_tokens += used["output_tokens"] if used else _tokens_in(message)


def _estimate(request: ModelRequest[Any]) -> int:
    system = [request.system_message] if request.system_message else []
    return sum(_tokens_in(message) for message in (*system, *request.messages))


def _tokens_in(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else ""
    return len(f"{message.text}{calls or ''}") // _CHARACTERS_PER_TOKEN + 1


def _require_usable(messages: Sequence[BaseMessage]) -> None:
    """Raises ModelUnusable for an answer without words or calls, and for a call that names no tool or is no JSON."""
    for message in messages:
        if not isinstance(message, AIMessage):
            continue
        if message.invalid_tool_calls or any(call["name"] not in _TOOLS for call in message.tool_calls):
            raise ModelUnusable("a call that is none")
        if not (message.tool_calls or message.text.strip()):
            raise ModelUnusable("nothing in it")
