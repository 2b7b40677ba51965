"""Lease due deliveries of one connection together. A leased row is due again when its lease ends: nobody has to notice
a dead worker. Rows whose time is over, or whose person has refused, leave here with their reason.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.consent.decide import REFUSED
from tracking_core.delivery.breaker import batch_limit
from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.kit.ids import new_id
from tracking_core.models import ConnectionState, MetaConnection, Tenant
from tracking_core.settings import Settings
from tracking_core.tenants.service import cipher_of

# Sales first, by an index of their own: a backlog of page views is never read past to find one. The rest of the batch
# goes to browser events. The last LIMIT changes no row: it tells the planner how few there are to update. A sale's
# person stands on its conversion, a visitor's on the delivery.
_LEASE = """
WITH sales AS (
    SELECT id, lease_id, leased_at FROM deliveries
    WHERE connection_id = :connection AND state IN ('waiting', 'retrying') AND due_at <= :now
      AND conversion_id IS NOT NULL
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
), visits AS (
    SELECT id, lease_id, leased_at FROM deliveries
    WHERE connection_id = :connection AND state IN ('waiting', 'retrying') AND due_at <= :now
      AND conversion_id IS NULL
    ORDER BY due_at LIMIT :limit - (SELECT count(*) FROM sales) FOR UPDATE SKIP LOCKED
), due AS (SELECT * FROM sales UNION ALL SELECT * FROM visits LIMIT :limit)
UPDATE deliveries d SET lease_id = :lease, leased_at = :now, due_at = :expires,
    first_ambiguous_at = CASE WHEN due.lease_id IS NULL THEN d.first_ambiguous_at
                              ELSE coalesce(d.first_ambiguous_at, due.leased_at) END,
    attempts = d.attempts + CASE WHEN due.lease_id IS NULL THEN 0 ELSE 1 END
FROM due WHERE d.id = due.id
RETURNING d.id, d.payload, d.attempts, d.event_time, d.first_ambiguous_at, d.conversion_id,
    due.lease_id AS lost_lease, due.leased_at AS lost_at,
    EXISTS (SELECT FROM consents s WHERE s.tenant_id = d.tenant_id AND NOT s.granted AND s.subject = ANY(
        d.consent_subjects || (SELECT c.consent_subjects FROM conversions c WHERE c.id = d.conversion_id))) AS refused
"""
_LOST = """
INSERT INTO dispatch_attempts (id, delivery_id, tenant_id, connection_id, request_id, batch_size, started_at,
                               latency_ms, outcome, ambiguous)
SELECT gen_random_uuid(), u.delivery, :tenant, :connection, u.request, 1, u.started, 0, 'worker_lost', true
FROM unnest(CAST(:deliveries AS uuid[]), CAST(:requests AS uuid[]), CAST(:started AS timestamptz[]))
    AS u(delivery, request, started)
"""
_END = """
UPDATE deliveries SET state = :state, reason = :reason, lease_id = NULL, leased_at = NULL WHERE id = ANY(:ids)
"""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in hand."""

    id: UUID
    payload: bytes
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one request may carry, with what is needed to send it. ``repr`` shows no secret."""

    lease_id: UUID
    connection_id: UUID
    tenant_id: UUID
    dataset_id: str
    access_token: str
    app_secret: str | None
    test_event_code: str | None
    deliveries: tuple[Leased, ...]

    def __repr__(self) -> str:
        return f"Batch(connection={self.connection_id}, deliveries={len(self.deliveries)})"


async def lease(session: AsyncSession, connection_id: UUID, now: datetime, settings: Settings) -> Batch | None:
    """The next batch, or None when nothing is due or the connection rests."""
    connection = await session.get(MetaConnection, connection_id)
    if connection is None or connection.state != ConnectionState.ACTIVE:
        return None
    if connection.paused_until and connection.paused_until > now:
        return None
    lease_id = new_id()
    limit = batch_limit(connection.failure_streak, settings.delivery_batch)
    rows = (
        await session.execute(
            text(_LEASE),
            {
                "connection": connection_id,
                "now": now,
                "limit": limit,
                "lease": lease_id,
                "expires": now + timedelta(seconds=settings.delivery_lease_seconds),
            },
        )
    ).all()
    if not rows:
        return None
    await _record_lost(session, connection, [row for row in rows if row.lost_lease])
    schedules = {row.id: Schedule(row.event_time, row.attempts, row.first_ambiguous_at) for row in rows}
    refused = [row.id for row in rows if row.refused]
    late = [row.id for row in rows if not row.refused and deadline(schedules[row.id]) < now]
    await _end(session, refused, "withheld", REFUSED)
    await _end(session, late, "dead", "deadline_passed")
    ended = {*refused, *late}
    # RETURNING has no order, and a refused batch is split: its sales go with the half that is sent again first.
    ordered = sorted(rows, key=lambda row: row.conversion_id is None)
    leased = tuple(Leased(row.id, bytes(row.payload), schedules[row.id]) for row in ordered if row.id not in ended)
    return await _batch(session, connection, lease_id, leased)


async def _batch(
    session: AsyncSession, connection: MetaConnection, lease_id: UUID, leased: tuple[Leased, ...]
) -> Batch:
    tenant = await session.get(Tenant, connection.tenant_id)
    assert tenant is not None
    cipher = cipher_of(tenant)
    secret = connection.app_secret
    return Batch(
        lease_id=lease_id,
        connection_id=connection.id,
        tenant_id=connection.tenant_id,
        dataset_id=connection.dataset_id,
        access_token=cipher.decrypt(connection.access_token, f"meta:{connection.id}:token").decode(),
        app_secret=cipher.decrypt(secret, f"meta:{connection.id}:app_secret").decode() if secret else None,
        test_event_code=connection.test_event_code,
        deliveries=leased,
    )


async def _record_lost(session: AsyncSession, connection: MetaConnection, rows: list[object]) -> None:
    """The attempt of a worker that died mid-send: it may have arrived, and the trail must say so."""
    if not rows:
        return
    values = {
        "tenant": connection.tenant_id,
        "connection": connection.id,
        "deliveries": [row.id for row in rows],  # type: ignore[attr-defined]
        "requests": [row.lost_lease for row in rows],  # type: ignore[attr-defined]
        "started": [row.lost_at for row in rows],  # type: ignore[attr-defined]
    }
    await session.execute(text(_LOST), values)


async def _end(session: AsyncSession, ids: list[UUID], state: str, reason: str) -> None:
    if ids:
        await session.execute(text(_END), {"ids": ids, "state": state, "reason": reason})
