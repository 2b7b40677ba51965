"""Whether the seller's message holds more to be done than was done: a model need not be asked when it does not."""

from collections.abc import Collection

from agent.chat.basic.slots import slots_of
from agent.chat.context import ChatContext
from agent.chat.toolbox import ToolName
from tracking_core.models import SecretKind

_GATEWAY = frozenset({SecretKind.GATEWAY_CLIENT_SECRET, SecretKind.GATEWAY_BASIC, SecretKind.WEBHOOK_SECRET})
_META = frozenset({SecretKind.META_ACCESS_TOKEN, SecretKind.META_APP_SECRET})


def remaining(context: ChatContext, called: Collection[str]) -> frozenset[ToolName]:
    """The checks that the message of this turn gives the values for and that no tool has been called for."""
    slots = slots_of(context.text)
    wanted = set()
    if context.given & _GATEWAY and (slots.gateway or context.facts.gateway):
        wanted.add(ToolName.CHECK_GATEWAY)
    if slots.dataset_id and SecretKind.META_ACCESS_TOKEN in context.facts.secrets:
        wanted.add(ToolName.CHECK_META)
    if context.given & _META and (slots.dataset_id or context.facts.dataset_id):
        wanted.add(ToolName.CHECK_META)
    if slots.url:
        wanted.add(ToolName.CHECK_PAGE)
    return frozenset(wanted - set(called))
