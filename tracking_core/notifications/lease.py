"""Take due notifications of the outbox for a while: nobody else sends them meanwhile, and a lost worker's are taken
again. Of one case and channel, only the oldest that waits is due: what follows is never told first."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import contact_of
from tracking_core.logging import lines_about, lines_apart
from tracking_core.models import SetupSession
from tracking_core.notifications.kinds import Channel, Kind
from tracking_core.notifications.message import Message
from tracking_core.secrets.keyring import cipher_for

log = structlog.get_logger()
_DUE = """
    d.state = 'waiting' AND d.due_at <= :now AND coalesce(d.lease_until, :now) <= :now
    AND NOT EXISTS (SELECT FROM notifications e WHERE e.handoff_id = d.handoff_id AND e.channel = d.channel
                    AND e.state = 'waiting' AND (e.created_at, e.id) < (d.created_at, d.id))
"""
_IS_DUE = text(f"SELECT EXISTS (SELECT FROM notifications d WHERE {_DUE})")  # noqa: S608 - the condition is a constant
_LEASE = text(f"""
WITH due AS (
    SELECT d.id FROM notifications d WHERE d.channel = :channel AND {_DUE}
    ORDER BY d.due_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE notifications n SET lease_until = :until, attempts = attempts + 1
FROM due, setup_handoffs h, tenants t
WHERE n.id = due.id AND h.id = n.handoff_id AND t.id = h.tenant_id
RETURNING n.id, n.kind, n.attempts, n.created_at, n.payload, h.id AS handoff_id, h.session_id, h.tenant_id,
    h.state, h.reason, h.priority, h.due_at, h.package_version, h.package, h.notes, t.name AS tenant_name,
    t.wrapped_data_key,
    (SELECT jsonb_agg(e.external ORDER BY e.created_at, e.id) FROM notifications e
     WHERE e.handoff_id = h.id AND e.channel = n.channel) AS external,
    NOT EXISTS (SELECT FROM notifications e WHERE e.handoff_id = h.id AND e.channel = n.channel
                AND e.state = 'sent') AS is_first
""")  # noqa: S608
_REMEMBER = text("UPDATE notifications SET external = external || CAST(:external AS jsonb) WHERE id = :id")


async def is_due(session: AsyncSession, now: datetime) -> bool:
    """Whether anything is to be sent."""
    return bool((await session.execute(_IS_DUE, {"now": now})).scalar_one())


async def lease(session: AsyncSession, channel: Channel, now: datetime, *, seconds: float, limit: int) -> list[Message]:
    """At most one of each case. The try counts from here: one that kills its worker ends, too."""
    values = {"channel": channel, "now": now, "until": now + timedelta(seconds=seconds), "limit": limit}
    rows = (await session.execute(_LEASE, values)).all()
    return [_message(channel, row, await _contact(session, row)) for row in rows]


async def _contact(session: AsyncSession, row: Row[Any]) -> dict[str, str]:
    """``name``, ``email`` and ``phone``, as far as they were given. One that does not open holds up no message."""
    owner = await session.get_one(SetupSession, row.session_id)
    try:
        contact = contact_of(owner, cipher_for(row.tenant_id, bytes(row.wrapped_data_key)))
    except (ConfigurationError, ValidationError):
        with lines_apart():
            lines_about(row.tenant_id, row.session_id)
            log.error("contact_not_opened")
        return {}
    return contact.model_dump(exclude_none=True) if contact else {}


def _remembering(notification_id: UUID) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
    async def remember(external: Mapping[str, Any]) -> None:
        async with transaction() as session:
            await session.execute(_REMEMBER, {"id": notification_id, "external": orjson.dumps(external).decode()})

    return remember


def _message(channel: Channel, row: Row[Any], contact: Mapping[str, str]) -> Message:
    external: dict[str, Any] = {}
    for known in row.external or ():
        external |= known
    return Message(
        id=row.id,
        channel=channel,
        kind=Kind(row.kind),
        attempts=row.attempts,
        created_at=row.created_at,
        handoff_id=row.handoff_id,
        session_id=row.session_id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        state=row.payload.get("state", row.state),
        reason=row.reason,
        priority=row.priority,
        due_at=row.due_at,
        package_version=row.package_version,
        package=row.package,
        notes=_until(row.notes, row.payload.get("last_note", "")),
        contact=contact,
        external=external,
        is_first=row.is_first,
        failing=row.payload.get("failing", {}),
        remember=_remembering(row.id),
    )


def _until(notes: Sequence[dict[str, Any]], last: str) -> Sequence[dict[str, Any]]:
    """Those there were when it was announced: later ones are told by notifications of their own. When the last one of
    then had to make room, the rest by the time in their ids."""
    found = next((at for at, one in enumerate(notes) if one["id"] == last), None)
    return [one for one in notes if one["id"] <= last] if found is None else notes[: found + 1]
