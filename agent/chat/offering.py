"""A model is offered only the tools that could do something now: what is not there cannot be called for want of words.

Measured with a model of 1.5 billion parameters: with every tool offered it chose rightly in 20 of 36 messages, with
these in 35. A call of another tool is carried out all the same, as far as the tool's own limits let it.
"""

from collections.abc import Iterator
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool

from agent.chat.basic.known import Known, known_of
from agent.chat.context import ChatContext
from agent.chat.reflex import Handler
from agent.chat.speaking import are_checked
from agent.chat.toolbox import ToolName
from tracking_core.models import SecretKind
from tracking_core.setup.outcome import Stage


class Offer(AgentMiddleware[Any, Any]):
    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        context: ChatContext = request.runtime.context
        has_acted = any(isinstance(one, ToolMessage) for one in request.messages)
        facts = await context.read_facts() if has_acted else context.facts
        known = known_of(request.messages, facts, context.said, context.given)
        names = {name.value for name in offered(known, has_acted=has_acted)}
        fitting = [tool for tool in request.tools if isinstance(tool, BaseTool) and tool.name in names]
        return await handler(request.override(tools=[*fitting]))


def offered(known: Known, *, has_acted: bool) -> Iterator[ToolName]:
    """In no order. Where to find something, what it costs and the like is answered in words."""
    facts, slots = known.facts, known.slots
    if not (known.lacking or known.is_verified(Stage.GATEWAY)):
        yield ToolName.CHECK_GATEWAY
    if SecretKind.META_ACCESS_TOKEN in facts.secrets and slots.dataset_id:
        yield ToolName.CHECK_META
    if slots.url:
        yield ToolName.CHECK_PAGE
    if slots.consent or slots.test_event_code:
        yield ToolName.CHOOSE
    if are_checked(facts) and not facts.plan and not known.is_verified(Stage.CONFIGURATION):
        yield ToolName.REQUEST_PLAN
    if known.is_verified(Stage.CONFIGURATION):
        yield from (ToolName.UNDO, ToolName.SEND_TEST_SALE)
    if facts.failure:
        yield from (ToolName.EXPLAIN, ToolName.CALL_PERSON)
    if has_acted:  # before, the facts at the top of the message say it
        yield ToolName.READ_STATUS
