"""What a message plainly asks for is done without asking a model: cheaper, at once, and the same with every model.

The rules that answer in basic mode read the message first. What they are sure of is a check or a proposal, never a
write. Facts are code's as well: where a credential is found, how far the setup is, what is still lacking. A model is
asked for words, and for what the rules do not see.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.chat.basic.folding import words_of
from agent.chat.basic.guides import place_in
from agent.chat.basic.intents import Intent
from agent.chat.basic.known import Known, known_of
from agent.chat.basic.replies import reply
from agent.chat.basic.results import told
from agent.chat.basic.wishes import Wish, wishes_of
from agent.chat.checking import MISSING
from agent.chat.context import ChatContext
from agent.chat.toolbox import result_in
from tracking_core.setup.codes import SetupCode

_OF_APPROVAL = frozenset({Intent.ASK_APPROVE, Intent.ASK_REJECT, Intent.YES})
_GIVING = frozenset({Intent.GIVE_GATEWAY, Intent.GIVE_META})
_FOR_SELLER = frozenset({MISSING, SetupCode.NOTHING_TO_UNDO.value})
# A longer message asks for more than the one thing.
_PLAIN_WORDS = 16
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


class Reflex(AgentMiddleware[Any, Any]):
    """One call for each step, until nothing that was plainly asked for is left."""

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        known = await _known(request.runtime.context, request.messages)
        if wanted := wishes_of(known):
            return ModelResponse(result=[_call(wanted[0], request.messages)])
        if (said := _fact_said(known)) is not None:
            return ModelResponse(result=[AIMessage(said)])
        return await handler(request)


async def wishes(context: ChatContext, messages: Sequence[AnyMessage]) -> list[Wish]:
    """What the seller's message still asks for, by the rules alone."""
    return wishes_of(await _known(context, messages))


def _fact_said(known: Known) -> str | None:
    """The answer, where it is a fact that a model could only tell less well."""
    if known.results:
        results = [result_in(one) for one in known.results]
        return told(known) if all(one and one.get("code") in _FOR_SELLER for one in results) else None
    return reply(known) if _is_of_approval(known) or _lacks_more(known) or _asks_fact(known) else None


def _is_of_approval(known: Known) -> bool:
    """No model says yes to a plan, not even in words."""
    return bool(known.facts.plan) and known.intent in _OF_APPROVAL


def _lacks_more(known: Known) -> bool:
    """A part of what a check needs was given, and the rest is not there yet."""
    return known.intent in _GIVING and (known.gives_gateway or known.gives_meta)


def _asks_fact(known: Known) -> bool:
    if len(words_of(known.text)) > _PLAIN_WORDS:
        return False
    is_where = known.intent is Intent.ASK_WHERE and place_in(known.text) is not None
    return is_where or known.intent is Intent.ASK_STATUS


async def _known(context: ChatContext, messages: Sequence[AnyMessage]) -> Known:
    has_acted = any(isinstance(one, ToolMessage) for one in messages)
    facts = await context.read_facts() if has_acted else context.facts
    return known_of(messages, facts, context.said, context.given)


def _call(wish: Wish, messages: Sequence[AnyMessage]) -> AIMessage:
    number = sum(isinstance(one, ToolMessage) for one in messages) + 1
    call = {"name": wish.tool.value, "args": wish.arguments, "id": f"reflex_{number}", "type": "tool_call"}
    return AIMessage("", tool_calls=[call])
