"""The chat graph: langchain's agent loop, held by code. A success speaks for itself and ends the turn; a failure, a
question or something not yet done goes back to the model, within a budget."""

from collections.abc import Sequence
from typing import Any, NotRequired

import orjson
import structlog
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    AgentState,
    ModelRequest,
    ModelResponse,
    ToolCallLimitMiddleware,
    ToolCallRequest,
    ToolErrorMiddleware,
    hook_config,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.chat.context import ChatContext
from agent.chat.failover import Failover
from agent.chat.offering import Offer
from agent.chat.reflex import Handler, Reflex, wishes
from agent.chat.toolbox import ResultStatus, ToolName, ToolResult, result_in
from agent.chat.tools import toolbox
from agent.passing import PASSING
from tracking_core.setup.codes import SetupCode

log = structlog.get_logger()
ChatGraph = CompiledStateGraph[Any, ChatContext, Any, Any]
_TOOL_CALLS_MAX = 8
_NEVER_CAME = ToolResult(status=ResultStatus.QUEUED)
# What these came to needs words of the model's own.
_WORDS_WANTED = frozenset({ToolName.EXPLAIN, ToolName.READ_STATUS})


class ChatState(AgentState[Any]):
    """``turn_id`` says which turn the thread belongs to."""

    turn_id: NotRequired[str]


def build(saver: BaseCheckpointSaver[Any] | None, model: BaseChatModel, *, middleware: Sequence[Any] = ()) -> ChatGraph:
    """``model`` is what the middleware replaces by the context's. Run it under the chat's lease only."""
    held: list[AgentMiddleware[Any, Any]] = [
        Repair(),
        SpeaksForItself(),
        ToolCallLimitMiddleware(run_limit=_TOOL_CALLS_MAX, exit_behavior="continue"),
        ToolErrorMiddleware(aon_error=_broke),
        Reflex(),
        Budget(),
        Offer(),
        Failover(),
        *middleware,
    ]
    return create_agent(
        model,
        toolbox(),
        middleware=held,
        state_schema=ChatState,
        context_schema=ChatContext,
        checkpointer=saver,
        name="chat",
    )


class Repair(AgentMiddleware[Any, Any]):
    """A call without its result, however it came about, would be refused by every provider."""

    async def abefore_model(self, state: Any, runtime: Runtime[ChatContext]) -> dict[str, Any] | None:
        answered = {one.tool_call_id for one in state["messages"] if isinstance(one, ToolMessage)}
        orphans = [
            call
            for message in state["messages"]
            if isinstance(message, AIMessage)
            for call in message.tool_calls
            if call["id"] not in answered
        ]
        if not orphans:
            return None
        log.warning("chat_orphans_repaired", calls=len(orphans))
        content = orjson.dumps(_NEVER_CAME).decode()
        return {"messages": [ToolMessage(content, tool_call_id=one["id"] or "") for one in orphans]}


class BudgetSpent(Exception):
    """The model was asked as often in this turn as it may be, and has not come to words."""


class Budget(AgentMiddleware[Any, Any]):
    """Counts what a model was asked, not the steps that code took."""

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        context: ChatContext = request.runtime.context
        if context.spend.calls >= context.settings.llm_calls_per_turn:
            raise BudgetSpent
        return await handler(request)


class SpeaksForItself(AgentMiddleware[Any, Any]):
    """When all that was done went well, and the message asks for nothing more, no model need find words for it."""

    @hook_config(can_jump_to=["end"])
    async def abefore_model(self, state: Any, runtime: Runtime[ChatContext]) -> dict[str, Any] | None:
        last = _last_results(state["messages"])
        if not last or any(_wants_words(message) for message in last):
            return None
        return None if await wishes(runtime.context, state["messages"]) else {"jump_to": "end"}


def _last_results(messages: Sequence[AnyMessage]) -> list[ToolMessage]:
    results: list[ToolMessage] = []
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            break
        results.append(message)
    return results


def _wants_words(message: ToolMessage) -> bool:
    result = result_in(message)
    if result is None or message.name in _WORDS_WANTED:
        return True
    return result["status"] not in (ResultStatus.DONE, ResultStatus.QUEUED)


async def _broke(error: Exception, request: ToolCallRequest) -> str | None:
    """A defect of ours becomes a result without its trace; what passes goes up, and the turn is run again."""
    if isinstance(error, PASSING):
        return None
    log.error("chat_tool_broke", tool=request.tool_call["name"], exc_info=error)
    return orjson.dumps(ToolResult(status=ResultStatus.FAILED, code=SetupCode.CHECK_FAILED.value)).decode()
