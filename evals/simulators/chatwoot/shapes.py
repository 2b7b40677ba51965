"""The JSON that Chatwoot answers with and sends."""

from typing import Any

from evals.simulators.chatwoot.state import Contact, Conversation, Message, State

_MESSAGE_TYPES = ("incoming", "outgoing", "activity", "template")


def contact_json(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "identifier": contact.identifier,
        "email": contact.email,
        "phone_number": contact.phone_number,
        "custom_attributes": contact.custom_attributes,
    }


def conversation_json(state: State, conversation: Conversation) -> dict[str, Any]:
    """As the API lists it, and as ``webhook_data`` of a conversation carries it."""
    contact = state.contact(conversation.contact_id)
    return {
        "id": conversation.id,
        "account_id": state.account.id,
        "inbox_id": state.account.inbox_id,
        "status": conversation.status,
        "priority": conversation.priority,
        "labels": conversation.labels,
        "custom_attributes": conversation.custom_attributes,
        "contact_inbox": {"source_id": conversation.source_id},
        "meta": {
            "sender": contact_json(contact) if contact else {},
            "assignee": conversation.assignee,
        },
    }


def message_json(message: Message) -> dict[str, Any]:
    return dict(vars(message))


def message_event(state: State, message: Message) -> dict[str, Any]:
    conversation = state.conversation(message.conversation_id)
    return {
        "event": "message_created",
        "id": message.id,
        "content": message.content,
        "message_type": _MESSAGE_TYPES[message.message_type],
        "content_type": "text",
        "private": message.private,
        "source_id": message.source_id,
        "sender": message.sender,
        "account": {"id": state.account.id, "name": "Suporte"},
        "inbox": {"id": state.account.inbox_id, "name": "Hub"},
        "conversation": conversation_json(state, conversation) if conversation else {},
    }


def conversation_event(
    state: State, conversation: Conversation, event: str, changed: dict[str, tuple[Any, Any]]
) -> dict[str, Any]:
    """``changed``: from what to what, by attribute."""
    attributes = [
        {name: {"previous_value": before, "current_value": after}} for name, (before, after) in changed.items()
    ]
    return {"event": event, "changed_attributes": attributes, **conversation_json(state, conversation)}
