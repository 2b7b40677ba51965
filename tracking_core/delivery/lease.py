"""Lease due deliveries of one connection together. A leased row is due again when its lease ends: nobody has to notice
a dead worker. Rows whose time is over, whose person has refused or whose sale was undone leave here with their reason.
A disabled connection leases nothing: what waits for it stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opentelemetry.trace import SpanContext
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.contexts import app_secret_context, token_context
from tracking_core.consent.decide import REFUSED
from tracking_core.delivery import counted as metrics
from tracking_core.delivery.breaker import batch_limit
from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.kit.ids import new_id
from tracking_core.models import IS_UNDONE
from tracking_core.secrets.keyring import cipher_for
from tracking_core.settings import Settings
from tracking_core.telemetry.sales import places_of

_CONNECTION = """
SELECT c.id, c.tenant_id, c.dataset_id, c.access_token, c.app_secret, c.test_event_code, c.failure_streak,
    t.wrapped_data_key
FROM meta_connections c JOIN tenants t ON t.id = c.tenant_id
WHERE c.id = :id AND c.state = 'active' AND c.disabled_at IS NULL AND coalesce(c.paused_until, :now) <= :now
"""
# Of a delivery ``d``, asked before each request. A sale's person stands on its conversion, a visitor's on the delivery.
IS_REFUSED = """
EXISTS (SELECT FROM consents s WHERE s.tenant_id = d.tenant_id AND NOT s.granted AND s.subject = ANY(
    d.consent_subjects || (SELECT c.consent_subjects FROM conversions c WHERE c.id = d.conversion_id)))
"""
# A sale that was undone while Meta cannot have heard of it yet: why it ends, else null.
UNDONE = f"""
CASE WHEN d.first_ambiguous_at IS NULL THEN (SELECT c.status || '_before_delivery' FROM conversions c
    WHERE c.id = d.conversion_id AND c.{IS_UNDONE}) END
"""  # noqa: S608 - constants
# Sales first, by an index of their own: a backlog of page views is never read past to find one. The rest of the batch
# goes to browser events. The last LIMIT changes no row: it tells the planner how few there are to update.
_LEASE = f"""
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
RETURNING d.id, d.payload, d.test_event_code, d.attempts, d.event_time, d.first_ambiguous_at, d.conversion_id,
    due.lease_id AS lost_lease, due.leased_at AS lost_at, {IS_REFUSED} AS refused,
    {UNDONE} AS undone
"""  # noqa: S608 - the conditions are constants
_LOST = """
INSERT INTO dispatch_attempts (id, delivery_id, tenant_id, connection_id, request_id, batch_size, started_at,
                               latency_ms, outcome, ambiguous)
SELECT gen_random_uuid(), u.delivery, :tenant, :connection, u.request, 1, u.started, 0, 'worker_lost', true
FROM unnest(CAST(:deliveries AS uuid[]), CAST(:requests AS uuid[]), CAST(:started AS timestamptz[]))
    AS u(delivery, request, started)
"""
_END = """
UPDATE deliveries SET state = :state, reason = :reason, lease_id = NULL, leased_at = NULL,
    died_at = coalesce(CAST(:died_at AS timestamptz), died_at)
WHERE id = ANY(:ids)
"""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in hand. ``test_event_code`` is its own, else None; so is ``conversion_id`` of a browser event."""

    id: UUID
    payload: bytes
    schedule: Schedule
    test_event_code: str | None = None
    conversion_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was leased together, with what is needed to send it. ``repr`` shows no secret. ``sealed_token`` is the row's
    own form of ``access_token``, by which it is known whether the row has that one still.

    One request may carry what has one test event code (``parts``), because Meta takes one for all of a request.
    ``places`` says of the conversions that are traced where their traces began.
    """

    lease_id: UUID
    connection_id: UUID
    tenant_id: UUID
    dataset_id: str
    access_token: str
    sealed_token: bytes
    app_secret: str | None
    test_event_code: str | None
    failure_streak: int
    is_full: bool
    deliveries: tuple[Leased, ...]
    places: Mapping[UUID, SpanContext] = field(default_factory=dict)

    @property
    def parts(self) -> list[tuple[Leased, ...]]:
        """The deliveries by their code, those with the connection's own first: a trial holds up no sale."""
        if not any(one.test_event_code for one in self.deliveries):
            return [self.deliveries] if self.deliveries else []
        by_code: dict[str | None, list[Leased]] = {self.test_event_code: []}
        for one in self.deliveries:
            by_code.setdefault(self.code_of(one), []).append(one)
        return [tuple(part) for part in by_code.values() if part]

    def code_of(self, delivery: Leased) -> str | None:
        return delivery.test_event_code or self.test_event_code

    def __repr__(self) -> str:
        return f"Batch(connection={self.connection_id}, deliveries={len(self.deliveries)})"


async def lease(session: AsyncSession, connection_id: UUID, now: datetime, settings: Settings) -> Batch | None:
    """The next batch, or None when nothing is due or the connection rests."""
    found = await session.execute(text(_CONNECTION), {"id": connection_id, "now": now})
    connection = found.first()
    if connection is None:
        return None
    lease_id = new_id()
    limit = batch_limit(connection.failure_streak, settings.delivery_batch)
    values = {
        "connection": connection_id,
        "now": now,
        "limit": limit,
        "lease": lease_id,
        "expires": now + timedelta(seconds=settings.delivery_lease_seconds),
    }
    rows = (await session.execute(text(_LEASE), values)).all()
    if not rows:
        return None
    await _record_lost(session, connection, [row for row in rows if row.lost_lease])
    leased = await _sendable(session, rows, now)
    places = await places_of(session, [one.conversion_id for one in leased if one.conversion_id])
    return _batch(connection, lease_id, leased, places, is_full=len(rows) == limit)


async def _sendable(session: AsyncSession, rows: Sequence[Row[Any]], now: datetime) -> tuple[Leased, ...]:
    """Without those that were undone, whose time is over or whose person has refused; they end here."""
    schedules = {
        row.id: Schedule(row.event_time, row.attempts, row.first_ambiguous_at, row.conversion_id is None)
        for row in rows
    }
    ended = await withhold(session, rows)
    late = [row.id for row in rows if row.id not in ended and deadline(schedules[row.id]) < now]
    await _end(session, late, "dead", "deadline_passed", died_at=now)
    metrics.buried(session, "deadline", len(late))
    ended |= {*late}
    # RETURNING has no order, and a refused batch is split: its sales go with the half that is sent again first.
    ordered = sorted(rows, key=lambda row: row.conversion_id is None)
    return tuple(
        Leased(row.id, bytes(row.payload), schedules[row.id], row.test_event_code, row.conversion_id)
        for row in ordered
        if row.id not in ended
    )


def _batch(
    connection: Row[Any],
    lease_id: UUID,
    leased: tuple[Leased, ...],
    places: Mapping[UUID, SpanContext],
    *,
    is_full: bool,
) -> Batch:
    cipher = cipher_for(connection.tenant_id, bytes(connection.wrapped_data_key))
    secret = connection.app_secret
    return Batch(
        lease_id=lease_id,
        connection_id=connection.id,
        tenant_id=connection.tenant_id,
        dataset_id=connection.dataset_id,
        access_token=cipher.decrypt(bytes(connection.access_token), token_context(connection.id)).decode(),
        sealed_token=bytes(connection.access_token),
        app_secret=cipher.decrypt(bytes(secret), app_secret_context(connection.id)).decode() if secret else None,
        test_event_code=connection.test_event_code,
        failure_streak=connection.failure_streak,
        is_full=is_full,
        deliveries=leased,
        places=places,
    )


async def _record_lost(session: AsyncSession, connection: Row[Any], rows: list[Row[Any]]) -> None:
    """The attempt of a worker that died mid-send: it may have arrived, and the trail must say so."""
    if not rows:
        return
    values = {
        "tenant": connection.tenant_id,
        "connection": connection.id,
        "deliveries": [row.id for row in rows],
        "requests": [row.lost_lease for row in rows],
        "started": [row.lost_at for row in rows],
    }
    await session.execute(text(_LOST), values)
    metrics.attempted(session, "worker_lost", [row.conversion_id for row in rows])


async def withhold(session: AsyncSession, rows: Sequence[Row[Any]]) -> set[UUID]:
    """End those of these rows (``id``, ``refused``, ``undone``) that are not to be sent any more, and say which. The
    caller holds them."""
    reasons = {row.id: REFUSED if row.refused else row.undone for row in rows if row.refused or row.undone}
    for reason in sorted(set(reasons.values())):
        await _end(session, [one for one, why in reasons.items() if why == reason], "withheld", reason)
    return set(reasons)


async def _end(
    session: AsyncSession, ids: list[UUID], state: str, reason: str, *, died_at: datetime | None = None
) -> None:
    if ids:
        await session.execute(text(_END), {"ids": ids, "state": state, "reason": reason, "died_at": died_at})
