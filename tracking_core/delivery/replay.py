"""Dead letters are rows; replaying them makes them due again under the same event_id, as safe as the first send."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.destinations.meta_capi.event import DEDUPE_WINDOW, MAX_EVENT_AGE

# A dead letter past its deadline would only die again, so it is left and counted.
_REPLAY = """
WITH chosen AS (
    SELECT id, event_time > :oldest AS in_time FROM deliveries
    WHERE tenant_id = :tenant AND state = 'dead'
      AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(:ids))
      AND (CAST(:reason AS text) IS NULL OR reason LIKE :reason || '%')
      AND (CAST(:connection AS uuid) IS NULL OR connection_id = :connection)
      AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
      AND (CAST(:until AS timestamptz) IS NULL OR created_at < :until)
    FOR UPDATE
), revived AS (
    UPDATE deliveries d SET state = 'waiting', reason = NULL, due_at = :now, lease_id = NULL, leased_at = NULL
    FROM chosen WHERE d.id = chosen.id AND chosen.in_time AND
        (d.first_ambiguous_at IS NULL OR d.first_ambiguous_at > :dedupe_since)
    RETURNING d.connection_id
)
SELECT (SELECT count(*) FROM chosen) AS found, (SELECT count(*) FROM revived) AS replayed,
       ARRAY(SELECT DISTINCT connection_id FROM revived) AS connections
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter:
    """Which dead letters: by id, by reason prefix, by connection, by time of creation; together they narrow."""

    ids: list[UUID] | None = None
    reason: str | None = None
    connection_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """``too_late`` letters are past what Meta takes, or past the window in which a resend is safe."""

    replayed: int
    too_late: int
    connections: tuple[UUID, ...]


async def replay(
    session: AsyncSession, tenant_id: UUID, wanted: ReplayFilter, *, actor: str, now: datetime
) -> Replayed:
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "ids": wanted.ids,
        "reason": wanted.reason,
        "connection": wanted.connection_id,
        "since": wanted.since,
        "until": wanted.until,
        "now": now,
        "oldest": now - MAX_EVENT_AGE,
        "dedupe_since": now - DEDUPE_WINDOW,
    }
    row = (await session.execute(text(_REPLAY), values)).one()
    record(
        session,
        actor=actor,
        action="dead_letters.replayed",
        subject=str(tenant_id),
        tenant_id=tenant_id,
        replayed=row.replayed,
        found=row.found,
    )
    return Replayed(row.replayed, row.found - row.replayed, tuple(row.connections))
