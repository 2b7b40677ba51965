"""A case as a conversation in Chatwoot: the case file in a private note, the seller's words as the contact's.

The contact is the tenant (identifier ``hub-<tenant id>``), the conversation the handoff (attribute ``hub_handoff_id``):
both are looked for before they are made, so that a crash between two calls makes neither twice. A message carries the
notification's id as ``source_id`` for the same reason.
"""

from dataclasses import dataclass, field
from typing import Any

from tracking_core.kit.json_http import JsonClient
from tracking_core.models import HandoffState
from tracking_core.notifications import render
from tracking_core.notifications.channels.chatwoot_api import ANSWER_LIMIT_BYTES, ChatwootApi, Refused
from tracking_core.notifications.kinds import Failed, FailureKind, Kind, Outcome, Sent
from tracking_core.notifications.message import Message
from tracking_core.settings import Settings

HANDOFF_ATTRIBUTE = "hub_handoff_id"
CONTENT_LIMIT = 20_000
_LABEL, _BREACHED_LABEL = "hub-setup", "hub-sla"
_PRIORITIES = {"p1": "urgent", "p2": "high", "p3": "medium"}


async def send(message: Message, settings: Settings) -> Outcome:
    """Never raises for what the network or Chatwoot does."""
    async with JsonClient(
        timeout_seconds=settings.notification_timeout_seconds, body_limit_bytes=ANSWER_LIMIT_BYTES
    ) as http:
        desk = _Desk(ChatwootApi(http, settings), message, dict(message.external))
        try:
            await desk.deliver()
        except Refused as refused:
            failed = refused.failed
            return Failed(failed.kind, failed.error, failed.retry_after_seconds, desk.external)
    return Sent(desk.external)


@dataclass
class _Desk:
    """``external``: ``contact_id``, ``conversation_id``, and ``user_id`` of the hub itself."""

    api: ChatwootApi
    message: Message
    external: dict[str, Any] = field(default_factory=dict)

    async def deliver(self) -> None:
        conversation_id = await self._conversation()
        await self._tell(conversation_id)
        await self._arrange(conversation_id)

    async def _conversation(self) -> int:
        if known := self.external.get("conversation_id"):
            return int(known)
        contact_id = self.external["contact_id"] = await self._contact()
        # An agent who opens a conversation becomes its assignee, and Chatwoot tells of that at once: by then it must be
        # known that ours is no person who took the case.
        self.external["user_id"] = await self.api.user_id()
        await self.message.remember(self.external)
        wanted = str(self.message.handoff_id)
        theirs = await self.api.conversations_of(contact_id)
        found = [int(one["id"]) for one in theirs if _attributes(one).get(HANDOFF_ATTRIBUTE) == wanted]
        if not found:
            attributes = {HANDOFF_ATTRIBUTE: wanted, "hub_session_id": str(self.message.session_id)}
            found = [await self.api.create_conversation(contact_id, wanted, attributes)]
        self.external["conversation_id"] = found[0]
        await self.message.remember(self.external)
        return found[0]

    async def _contact(self) -> int:
        identifier = f"hub-{self.message.tenant_id}"
        named = {"identifier": identifier, "name": self.message.contact.get("name") or self.message.tenant_name}
        reach = _reach(self.message)
        # With a number or address that is another contact's, Chatwoot refuses; it still shows what stands beside.
        for extra in ({**reach}, {"custom_attributes": reach}):
            found = await self.api.contact_by_identifier(identifier) or await self.api.create_contact(named | extra)
            if found is not None:
                return found
        raise Refused(Failed(FailureKind.PERMANENT, "contact_refused"))

    async def _tell(self, conversation_id: int) -> None:
        message, source_id = self.message, str(self.message.id)
        if message.attempts > 1 and await self.api.has_message(conversation_id, source_id):
            return
        if message.kind is Kind.SELLER_SAID and not message.is_first and (said := render.sellers_words(message)):
            await self.api.create_message(conversation_id, said[:CONTENT_LIMIT], source_id, is_incoming=True)
        else:
            note = render.markdown(message)[:CONTENT_LIMIT]
            await self.api.create_message(conversation_id, note, source_id, is_incoming=False)

    async def _arrange(self, conversation_id: int) -> None:
        kind = self.message.kind
        if kind is Kind.CLOSED:
            is_resolved = self.message.state == HandoffState.RESOLVED
            await self._move(conversation_id, "resolved" if is_resolved else "pending")
        elif kind is Kind.BREACHED:
            await self.api.set_priority(conversation_id, "urgent")
            await self.api.add_labels(conversation_id, [_LABEL, _BREACHED_LABEL])
            await self._move(conversation_id, "open")
        elif kind is Kind.CREATED or self.message.is_first:
            await self.api.set_priority(conversation_id, _PRIORITIES.get(self.message.priority.lower(), "high"))
            await self.api.add_labels(conversation_id, [_LABEL, self.message.reason.replace("_", "-")])
            await self._move(conversation_id, "open")

    async def _move(self, conversation_id: int, status: str) -> None:
        if await self.api.status_of(conversation_id) != status:
            await self.api.set_status(conversation_id, status)


def _reach(message: Message) -> dict[str, str]:
    wanted = {"email": message.contact.get("email"), "phone_number": message.contact.get("phone")}
    return {name: value for name, value in wanted.items() if value}


def _attributes(conversation: dict[str, Any]) -> dict[str, Any]:
    given = conversation.get("custom_attributes")
    return given if isinstance(given, dict) else {}
