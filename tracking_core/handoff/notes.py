"""The notes of a case: what people and the hub said and did, newest last."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from tracking_core.handoff.texts import said
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupHandoff

_TEXT = 2_000
# What a seller can make grow ends here, and the oldest of it goes; the session keeps every message, and the case links
# to them.
ROOM = 300


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


ANSWERS = (NoteKind.REPLIED, NoteKind.ASKED)
# In the order in which they make room.
_GROWING = (NoteKind.SELLER_SAID, NoteKind.ESCALATED)


def add(
    handoff: SetupHandoff, kind: NoteKind, by: str, now: datetime, *, text: str = "", key: str = "", **more: Any
) -> dict[str, Any]:
    """The note, now the last one. ``key`` names what it tells, for ``find``; a note with ``due_at`` starts the clock
    again."""
    note = {"id": str(new_id()), "at": now.isoformat(), "kind": kind.value, "by": said(by), **more}
    note |= {name: value for name, value in (("text", said(text, _TEXT)), ("key", key)) if value}
    handoff.notes = [*handoff.notes, note]
    handoff.updated_at = now
    return note


def find(handoff: SetupHandoff, kind: NoteKind, key: str) -> dict[str, Any] | None:
    return next((one for one in handoff.notes if one["kind"] == kind and key and one.get("key") == key), None)


def make_room(handoff: SetupHandoff) -> None:
    """For what comes from a seller: the oldest of its kind goes. What our people said and did stays."""
    while len(handoff.notes) >= ROOM and (oldest := _oldest(handoff.notes)) is not None:
        handoff.notes = [*handoff.notes[:oldest], *handoff.notes[oldest + 1 :]]


def since_answer(handoff: SetupHandoff) -> Sequence[dict[str, Any]]:
    """What was noted after a person's last word to the seller; all of it when there was none."""
    return handoff.notes[_after_last(handoff.notes, lambda one: one["kind"] in ANSWERS) :]


def is_answered(handoff: SetupHandoff) -> bool:
    """Whether a person wrote to the seller since the clock started. To have the case is no answer."""
    started = _after_last(handoff.notes, lambda one: "due_at" in one)
    return any(one["kind"] in ANSWERS for one in handoff.notes[started:])


def _oldest(notes: Sequence[dict[str, Any]]) -> int | None:
    growing = [(_GROWING.index(one["kind"]), at) for at, one in enumerate(notes) if one["kind"] in _GROWING]
    return min(growing)[1] if growing else None


def _after_last(notes: Sequence[dict[str, Any]], is_meant: Callable[[dict[str, Any]], bool]) -> int:
    return next((at + 1 for at in reversed(range(len(notes))) if is_meant(notes[at])), 0)
