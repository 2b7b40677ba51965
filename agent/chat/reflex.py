"""What a message plainly asks for is done without asking a model: cheaper, at once, and the same with every model.

The rules that answer in basic mode read the message first. What they are sure of is a check or a proposal, never a
write; a model is asked for words, and for what the rules do not see.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.chat.basic.intents import Intent
from agent.chat.basic.known import Known, known_of
from agent.chat.basic.replies import reply
from agent.chat.basic.wishes import Wish, wishes_of
from agent.chat.context import ChatContext

_OF_APPROVAL = frozenset({Intent.ASK_APPROVE, Intent.ASK_REJECT, Intent.YES})
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


class Reflex(AgentMiddleware[Any, Any]):
    """One call for each step, until nothing that was plainly asked for is left."""

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        known = await _known(request.runtime.context, request.messages)
        if wanted := wishes_of(known):
            return ModelResponse(result=[_call(wanted[0], request.messages)])
        if known.facts.plan and known.intent in _OF_APPROVAL:  # no model says yes to a plan, not even in words
            return ModelResponse(result=[AIMessage(reply(known))])
        return await handler(request)


async def wishes(context: ChatContext, messages: Sequence[AnyMessage]) -> list[Wish]:
    """What the seller's message still asks for, by the rules alone."""
    return wishes_of(await _known(context, messages))


async def _known(context: ChatContext, messages: Sequence[AnyMessage]) -> Known:
    has_acted = any(isinstance(one, ToolMessage) for one in messages)
    facts = await context.read_facts() if has_acted else context.facts
    return known_of(messages, facts, context.said, context.given)


def _call(wish: Wish, messages: Sequence[AnyMessage]) -> AIMessage:
    number = sum(isinstance(one, ToolMessage) for one in messages) + 1
    call = {"name": wish.tool.value, "args": wish.arguments, "id": f"reflex_{number}", "type": "tool_call"}
    return AIMessage("", tool_calls=[call])
