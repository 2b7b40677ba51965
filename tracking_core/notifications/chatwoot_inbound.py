"""What people do in Chatwoot, as commands of a handoff. Source: listeners and presenters of chatwoot/chatwoot.

An account's webhook tells of every conversation and of the hub's own messages too: what is not a person's doing in a
conversation of a handoff is None. Auto-assignment can skip ``conversation_status_changed`` (chatwoot issue 9277), so an
assignee is also read from ``conversation_updated``; nothing else is, for that event repeats old states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tracking_core.notifications.channels.chatwoot import HANDOFF_ATTRIBUTE

TEXT_LIMIT = 10_000
_NAME_LIMIT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The conversation. What it says of its handoff is checked against what the hub knows of its own doing."""

    account_id: int | None
    conversation_id: int
    handoff_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A person answered the seller. ``message_id`` is the same when the webhook comes twice."""

    place: Place
    message_id: int
    person: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """The conversation is open and a person's; ``person_id`` is the hub's own when it opened it with an agent's key.
    ``is_change``: it is about the assignee, and not only repeated beside something else; ``is_move``: about the
    conversation's status."""

    place: Place
    person: str
    person_id: int | None
    is_change: bool
    is_move: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Pending: the bot owns it again."""

    place: Place
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    place: Place
    person: str


Command = Reply | Take | Resume | Resolve


def parse(event: Mapping[str, Any]) -> Command | None:
    """The command in one webhook."""
    match event.get("event"):
        case "message_created":
            return _reply(event)
        case "conversation_status_changed":
            return _moved(event)
        case "conversation_updated":
            return _taken(event)
    return None


def _reply(event: Mapping[str, Any]) -> Reply | None:
    sender, message_id, text = event.get("sender"), event.get("id"), event.get("content")
    place = _place(event.get("conversation"), event.get("account"))
    if event.get("message_type") not in ("outgoing", 1) or event.get("private") is not False or place is None:
        return None
    if not isinstance(sender, Mapping) or sender.get("type") != "user":
        return None
    if not isinstance(message_id, int) or not isinstance(text, str) or not text.strip():
        return None
    return Reply(place=place, message_id=message_id, person=_name(sender), text=text.strip()[:TEXT_LIMIT])


def _moved(event: Mapping[str, Any]) -> Command | None:
    place, person = _place(event, event.get("account")), _name(_assignee(event))
    if place is None:
        return None
    match event.get("status"):
        case "resolved":
            return Resolve(place=place, person=person)
        case "pending":
            return Resume(place=place, person=person)
    return _taken(event)


def _taken(event: Mapping[str, Any]) -> Take | None:
    place, assignee = _place(event, event.get("account")), _assignee(event)
    if place is None or event.get("status") != "open" or not assignee or assignee.get("type", "user") != "user":
        return None
    identifier = assignee.get("id")
    return Take(
        place=place,
        person=_name(assignee),
        person_id=identifier if _is_id(identifier) else None,
        is_change="assignee_id" in _changed(event),
        is_move=event.get("event") == "conversation_status_changed",
    )


def _place(conversation: object, account: object) -> Place | None:
    if not isinstance(conversation, Mapping) or not _is_id(conversation.get("id")):
        return None
    attributes = conversation.get("custom_attributes")
    said = attributes.get(HANDOFF_ATTRIBUTE) if isinstance(attributes, Mapping) else None
    try:
        handoff_id = UUID(said) if isinstance(said, str) else None
    except ValueError:
        handoff_id = None
    if handoff_id is None:
        return None
    account_id = account.get("id") if isinstance(account, Mapping) else conversation.get("account_id")
    return Place(
        account_id=account_id if _is_id(account_id) else None,
        conversation_id=int(conversation["id"]),
        handoff_id=handoff_id,
    )


def _changed(event: Mapping[str, Any]) -> set[str]:
    """The attributes, as a list of ``{name: {previous_value, current_value}}``."""
    said = event.get("changed_attributes")
    return {str(name) for one in (said if isinstance(said, list) else []) if isinstance(one, Mapping) for name in one}


def _assignee(event: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = event.get("meta")
    assignee = meta.get("assignee") if isinstance(meta, Mapping) else None
    return assignee if isinstance(assignee, Mapping) else {}


def _name(person: Mapping[str, Any]) -> str:
    """Printable and short; ``Chatwoot`` when nobody is named."""
    said = person.get("name")
    shown = "".join(one for one in said if one.isprintable()) if isinstance(said, str) else ""
    return shown.strip()[:_NAME_LIMIT] or "Chatwoot"


def _is_id(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and said > 0
