"""Append to a session's events, in the transaction that made them true.

The number comes from the session's own row, whose lock is held until the commit: numbers are given without gaps, not
even after a rollback, and become visible in their order. Whoever has read number 7 has seen all that come before it.
Only the words told on the way to an answer are deleted again, once the whole answer stands.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import NotFound
from tracking_core.logging import mask_text

CHANNEL = "session_events"
MAX_DATA_BYTES = 16_384
_HARMLESS = (int, float, datetime, UUID, NoneType)

# One round trip. PostgreSQL delivers equal payloads of one transaction once: however much a transaction appends to a
# session, its commit rings once. What is new is read from the table.
_APPEND = text(
    f"""
WITH numbered AS (
    UPDATE setup_sessions SET event_seq = event_seq + jsonb_array_length(CAST(:items AS jsonb)) WHERE id = :session_id
    RETURNING event_seq AS last, event_seq - jsonb_array_length(CAST(:items AS jsonb)) AS before
), added AS (
    INSERT INTO session_events (session_id, seq, type, data)
    SELECT :session_id, before + position, item ->> 'type', item -> 'data'
    FROM numbered, jsonb_array_elements(CAST(:items AS jsonb)) WITH ORDINALITY AS given (item, position)
)
SELECT last, pg_notify('{CHANNEL}', CAST(:session_id AS text)) FROM numbered
"""  # noqa: S608 - the channel is a constant
)


class EventType(StrEnum):
    """After ``end`` nothing more is to come: it closes every stream."""

    STATE = "state"
    STEP_STATUS = "step.status"
    TOOL_STARTED = "tool.started"
    TOOL_FINISHED = "tool.finished"
    MESSAGE_DELTA = "message.delta"
    MESSAGE_DISCARDED = "message.discarded"
    MESSAGE_COMPLETED = "message.completed"
    ASSISTANT_MODE = "assistant.mode"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_RESOLVED = "approval.resolved"
    ACTION_APPLIED = "action.applied"
    ACTION_UNDONE = "action.undone"
    PROOF_HOP = "proof.hop"
    HANDOFF_CREATED = "handoff.created"
    HANDOFF_UPDATED = "handoff.updated"
    ERROR = "error"
    END = "end"


class EventTooLarge(ValueError):
    """The data of one event is longer than ``MAX_DATA_BYTES`` as JSON: whoever appends must bound what it tells."""


async def append(session: AsyncSession, session_id: UUID, type: EventType, data: dict[str, Any]) -> int:  # noqa: A002
    """The event's number. ``data`` names secrets by reference; what looks like one is masked all the same."""
    return await append_many(session, session_id, [(type, data)])


async def append_many(
    session: AsyncSession, session_id: UUID, events: Iterable[tuple[EventType, dict[str, Any]]]
) -> int:
    """The number of the last one, in the order given. NotFound when there is no such session.

    The row of ``SetupSession`` is changed behind the ORM: do not read ``event_seq`` of an object loaded before.
    """
    items = b",".join(_item(type_, data) for type_, data in events)
    await session.flush()
    values = {"session_id": session_id, "items": f"[{items.decode()}]"}
    row = (await session.execute(_APPEND, values)).one_or_none()
    if row is None:
        raise NotFound(what="setup session")
    return int(row.last)


def _item(type_: EventType, data: dict[str, Any]) -> bytes:
    encoded = orjson.dumps(_clean(data))
    if len(encoded) > MAX_DATA_BYTES:
        raise EventTooLarge(f"{type_}: {len(encoded)} bytes")
    return b'{"type":"%b","data":%b}' % (type_.encode(), encoded)


def _clean(value: Any) -> Any:
    """Masked by looks, at any depth, and free of what PostgreSQL's JSON cannot hold."""
    if isinstance(value, dict):
        return {_clean_text(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return value if isinstance(value, _HARMLESS) else _clean_text(str(value))


def _clean_text(said: str) -> str:
    return mask_text(said).replace("\0", "\ufffd").encode(errors="replace").decode()
