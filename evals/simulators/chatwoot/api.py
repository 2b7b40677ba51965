"""The calls of the application API that the hub makes, as strict as Chatwoot's controllers."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from evals.simulators.chatwoot.shapes import (
    contact_json,
    conversation_event,
    conversation_json,
    message_event,
    message_json,
)
from evals.simulators.chatwoot.state import Contact, Conversation, Message, State, Status
from evals.simulators.chatwoot.webhooks import Webhooks

Handler = Callable[["Api", Request], Awaitable[Response]]
CONTENT_LIMIT = 150_000
_PAGE = 20
_PHONE = re.compile(r"\+[1-9]\d{1,14}")
_PRIORITIES = (None, "none", "low", "medium", "high", "urgent")
_STATUSES: tuple[Status, ...] = ("open", "resolved", "pending", "snoozed")


def json_response(said: object, status: int = 200) -> Response:
    return Response(orjson.dumps(said), status, media_type="application/json")


def refused(status: int, message: str, *attributes: str) -> Response:
    return json_response({"message": message, "attributes": list(attributes)}, status)


_NOT_FOUND = "Resource could not be found"


class Api:
    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self.state, self.webhooks = state, webhooks

    async def profile(self, _request: Request) -> Response:
        account = self.state.account
        return json_response({"id": account.user_id, "name": account.user_name, "role": account.role})

    async def search_contacts(self, request: Request) -> Response:
        wanted = request.query_params.get("q", "").strip().lower()
        if not wanted:
            return json_response({"error": "Specify search string with parameter q"}, 422)
        found = [one for one in self.state.contacts if wanted in _searchable(one)]
        return json_response({"meta": {"count": len(found)}, "payload": [contact_json(one) for one in found[:15]]})

    async def create_contact(self, request: Request) -> Response:
        body = await _body(request)
        for attribute in ("identifier", "email", "phone_number"):
            value = body.get(attribute)
            if value and any(getattr(one, attribute) == value for one in self.state.contacts):
                return refused(422, f"{attribute.capitalize()} has already been taken", attribute)
        if body.get("phone_number") and not _PHONE.fullmatch(str(body["phone_number"])):
            return refused(422, "Phone number should be in e164 format", "phone_number")
        contact = Contact(
            id=next(self.state.ids),
            name=str(body.get("name") or ""),
            identifier=body.get("identifier") or None,
            email=body.get("email") or None,
            phone_number=body.get("phone_number") or None,
            custom_attributes=body.get("custom_attributes") or {},
        )
        self.state.contacts.append(contact)
        return json_response({"payload": {"contact": contact_json(contact), "contact_inbox": None}})

    async def contact_conversations(self, request: Request) -> Response:
        contact_id = request.path_params["contact_id"]
        theirs = [one for one in reversed(self.state.conversations) if one.contact_id == contact_id]
        return json_response({"payload": [conversation_json(self.state, one) for one in theirs[:_PAGE]]})

    async def create_conversation(self, request: Request) -> Response:
        body, state = await _body(request), self.state
        if body.get("inbox_id") != state.account.inbox_id or state.contact(body.get("contact_id")) is None:
            return json_response({"error": _NOT_FOUND}, 404)
        source_id, contact_id = str(body.get("source_id") or next(state.ids)), int(body["contact_id"])
        if state.sources.setdefault(source_id, contact_id) != contact_id:
            return json_response({"error": "source_id should be unique"}, 422)
        status: Status = "pending" if state.account.has_bot else body.get("status") or "open"
        made = Conversation(next(state.ids), contact_id, source_id, status, body.get("custom_attributes") or {})
        state.conversations.append(made)
        self.webhooks.send(conversation_event(state, made, "conversation_created", {}))
        return json_response(conversation_json(state, made))

    async def show_conversation(self, request: Request) -> Response:
        conversation = self._conversation(request)
        return json_response(conversation_json(self.state, conversation)) if conversation else _nothing()

    async def list_messages(self, request: Request) -> Response:
        conversation = self._conversation(request)
        if conversation is None:
            return _nothing()
        theirs = [one for one in self.state.messages if one.conversation_id == conversation.id]
        return json_response({"meta": {}, "payload": [message_json(one) for one in theirs[-_PAGE:]]})

    async def create_message(self, request: Request) -> Response:
        conversation, body = self._conversation(request), await _body(request)
        if conversation is None:
            return _nothing()
        content = body.get("content")
        if not isinstance(content, str) or len(content) > CONTENT_LIMIT:
            return refused(422, "Content is too long", "content")
        is_incoming = body.get("message_type") == "incoming"
        account = self.state.account
        sender = {"id": account.user_id, "name": account.user_name, "type": "user"}
        if is_incoming:
            sender = {"id": conversation.contact_id, "type": "contact"}
        made = Message(
            id=next(self.state.ids),
            conversation_id=conversation.id,
            content=content,
            message_type=0 if is_incoming else 1,
            private=bool(body.get("private")),
            source_id=body.get("source_id"),
            sender=sender,
        )
        self.add(conversation, made)
        return json_response(message_json(made))

    async def toggle_priority(self, request: Request) -> Response:
        conversation, body = self._conversation(request), await _body(request)
        if conversation is None:
            return _nothing()
        if body.get("priority") not in _PRIORITIES:
            return refused(422, "Priority is not included in the list", "priority")
        conversation.priority = body["priority"]
        self.webhooks.send(conversation_event(self.state, conversation, "conversation_updated", {}))
        return Response(None, 200)

    async def list_labels(self, request: Request) -> Response:
        conversation = self._conversation(request)
        return json_response({"payload": conversation.labels}) if conversation else _nothing()

    async def set_labels(self, request: Request) -> Response:
        """The whole list: what is not in it is taken off."""
        conversation, body = self._conversation(request), await _body(request)
        if conversation is None:
            return _nothing()
        conversation.labels = [str(one) for one in body.get("labels") or []]
        return json_response({"payload": conversation.labels})

    async def toggle_status(self, request: Request) -> Response:
        conversation, body = self._conversation(request), await _body(request)
        if conversation is None:
            return _nothing()
        if body.get("status") not in _STATUSES:
            return refused(422, "Status is not included in the list", "status")
        account = self.state.account
        if body["status"] == "open" and account.role == "agent":
            conversation.assignee = {"id": account.user_id, "name": account.user_name, "type": "user"}
        self.set_status(conversation, body["status"])
        told = {"success": True, "current_status": conversation.status, "conversation_id": conversation.id}
        return json_response({"meta": {}, "payload": told})

    def add(self, conversation: Conversation, message: Message) -> None:
        """A contact's message opens what was resolved."""
        self.state.messages.append(message)
        self.webhooks.send(message_event(self.state, message))
        if message.message_type == 0 and conversation.status == "resolved":
            self.set_status(conversation, "open")

    def set_status(self, conversation: Conversation, status: Status) -> None:
        before, conversation.status = conversation.status, status
        if before != status:
            changed = {"status": (before, status)}
            for event in ("conversation_updated", "conversation_status_changed"):
                self.webhooks.send(conversation_event(self.state, conversation, event, changed))

    def _conversation(self, request: Request) -> Conversation | None:
        return self.state.conversation(request.path_params["conversation_id"])


async def _body(request: Request) -> dict[str, Any]:
    try:
        said = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _searchable(contact: Contact) -> str:
    return " ".join(
        one.lower() for one in (contact.name, contact.identifier, contact.email, contact.phone_number) if one
    )


def _nothing() -> Response:
    return json_response({"error": _NOT_FOUND}, 404)
