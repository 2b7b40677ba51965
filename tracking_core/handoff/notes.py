"""The notes of a case: what people and the hub said and did, newest last."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from tracking_core.handoff.texts import said
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupHandoff

_TEXT = 2_000
# What a seller can make grow ends here; the session's messages have no such end, and the case links to them.
_ROOM = 300


class NoteKind(StrEnum):
    ESCALATED = "escalated"
    TAKEN = "taken"
    RELEASED = "released"
    REPLIED = "replied"
    ASKED = "asked"
    SELLER_SAID = "seller_said"
    BREACHED = "breached"
    RETURNED = "returned"
    RESOLVED = "resolved"


def add(
    handoff: SetupHandoff, kind: NoteKind, by: str, now: datetime, *, text: str = "", key: str = "", **more: Any
) -> dict[str, Any]:
    """The note, now the last one. ``key`` names what it tells, for ``find``."""
    note = {"id": str(new_id()), "at": now.isoformat(), "kind": kind.value, "by": said(by), **more}
    note |= {name: value for name, value in (("text", said(text, _TEXT)), ("key", key)) if value}
    handoff.notes = [*handoff.notes, note]
    handoff.updated_at = now
    return note


def find(handoff: SetupHandoff, kind: NoteKind, key: str) -> dict[str, Any] | None:
    return next((one for one in handoff.notes if one["kind"] == kind and key and one.get("key") == key), None)


def has_room(handoff: SetupHandoff) -> bool:
    """For what comes from a seller."""
    return len(handoff.notes) < _ROOM
