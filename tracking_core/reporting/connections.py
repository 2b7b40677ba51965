"""The health of each connection to a dataset: its hold, its circuit breaker, its slots, and what waits behind them.

The breaker's state is kept as ``failure_streak`` and ``paused_until`` of the connection; slots are rows of
``delivery_slots`` until they expire.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.breaker import TRIP_AFTER, paused_until
from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.kit import clock
from tracking_core.ledger.read import CONNECTION_DISABLED
from tracking_core.models import ConnectionState
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import Scope, Where
from tracking_core.reporting.sentences import Sentence, of_reason

TABLE = "connections"
_ROWS = """
SELECT k.id, k.tenant_id, t.name AS tenant_name, k.dataset_id, k.state, k.hold_code, k.held_at, k.paused_until,
    k.failure_streak, k.disabled_at, k.created_at, s.slots_in_use, w.*
FROM meta_connections k JOIN tenants t ON t.id = k.tenant_id
CROSS JOIN LATERAL (
    SELECT count(*) AS slots_in_use FROM delivery_slots WHERE connection_id = k.id AND expires_at >= :now
) s
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, count(*) FILTER (WHERE d.conversion_id IS NOT NULL) AS waiting_sales,
        count(*) FILTER (WHERE d.lease_id IS NOT NULL) AS in_flight,
        min(d.due_at) FILTER (WHERE d.lease_id IS NULL) AS next_due_at,
        min(d.event_time) AS oldest_event, min(d.first_ambiguous_at) AS first_ambiguous
    FROM deliveries d WHERE d.connection_id = k.id AND d.state IN ('waiting', 'retrying')
) w
WHERE {where} {order}
"""
_ENABLED = "k.disabled_at IS NULL"
_TROUBLED = f"{_ENABLED} AND (k.state = 'on_hold' OR k.failure_streak > 0 OR k.paused_until > :now)"


class Condition(StrEnum):
    """Whether anything is sent: ``on_hold`` waits for a person, ``disabled`` was switched off by one."""

    ACTIVE = "active"
    ON_HOLD = "on_hold"
    DISABLED = "disabled"


class Breaker(StrEnum):
    """``open`` rests until ``paused_until``, ``half_open`` proves itself with a few events, ``throttled`` waits because
    Meta asked for time. What was switched off has none that is open."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    THROTTLED = "throttled"


class Trouble(StrEnum):
    """Why nothing is sent as it should be. What was switched off is neither held nor tripped, whatever it was."""

    HELD = "held"
    TRIPPED = "tripped"
    DISABLED = "disabled"


_IN_TROUBLE = {
    Trouble.HELD: f"{_ENABLED} AND k.state = 'on_hold'",
    Trouble.TRIPPED: f"{_ENABLED} AND k.failure_streak >= {TRIP_AFTER}",
    Trouble.DISABLED: "k.disabled_at IS NOT NULL",
}
_COUNTED = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {one}" for one, condition in _IN_TROUBLE.items())
_COUNTS = f"SELECT {_COUNTED} FROM meta_connections k WHERE {{where}}"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """``waiting`` deliveries are all that are open, sales among them and those ``in_flight``; ``nearest_deadline`` is
    when the first of them would be lost."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    dataset_id: str
    condition: Condition
    reason: str | None
    explanation: Sentence | None
    since: datetime | None
    breaker: Breaker
    paused_until: datetime | None
    failure_streak: int
    slots_in_use: int
    slots: int
    waiting: int
    waiting_sales: int
    in_flight: int
    next_due_at: datetime | None
    nearest_deadline: datetime | None
    created_at: datetime


async def health(
    session: AsyncSession,
    scope: Scope,
    place: Place,
    *,
    slots: int,
    only_troubled: bool = False,
    trouble: Trouble | None = None,
) -> Page[ConnectionRow]:
    """``slots`` is how many a connection may have; ``only_troubled`` leaves out what goes well and what was switched
    off. Raises InvalidRequest for a cursor that is not of this table."""
    now = clock.now()
    where = Where(values={"now": now})
    where.scope("k.tenant_id", scope)
    if only_troubled:
        where.add(_TROUBLED)
    if trouble is not None:
        where.add(_IN_TROUBLE[trouble])
    place.after(where, "k")
    query = _ROWS.format(where=where.text, order=newest_first("k"))
    rows = (await session.execute(text(query), where.values)).all()
    return place.page(rows, lambda row: _row(row, now, slots))


async def in_trouble(session: AsyncSession, scope: Scope) -> dict[Trouble, int]:
    """How many connections are in each trouble."""
    where = Where()
    where.scope("k.tenant_id", scope)
    [row] = await session.execute(text(_COUNTS.format(where=where.text)), where.values)
    return {one: getattr(row, one.value) for one in Trouble}


def breaker_of(failure_streak: int, until: datetime | None, now: datetime) -> Breaker:
    has_tripped = paused_until(failure_streak, now) is not None
    is_paused = until is not None and until > now
    if has_tripped:
        return Breaker.OPEN if is_paused else Breaker.HALF_OPEN
    return Breaker.THROTTLED if is_paused else Breaker.CLOSED


def _row(row: Row[Any], now: datetime, slots: int) -> ConnectionRow:
    condition, reason, since = _condition(row)
    is_off = condition is Condition.DISABLED
    breaker = Breaker.CLOSED if is_off else breaker_of(row.failure_streak, row.paused_until, now)
    return ConnectionRow(
        id=row.id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        dataset_id=row.dataset_id,
        condition=condition,
        reason=reason,
        explanation=of_reason(reason),
        since=since,
        breaker=breaker,
        paused_until=row.paused_until if breaker is not Breaker.CLOSED and row.paused_until > now else None,
        failure_streak=row.failure_streak,
        slots_in_use=row.slots_in_use,
        slots=slots,
        waiting=row.waiting,
        waiting_sales=row.waiting_sales,
        in_flight=row.in_flight,
        next_due_at=row.next_due_at,
        nearest_deadline=_nearest(row),
        created_at=row.created_at,
    )


def _condition(row: Row[Any]) -> tuple[Condition, str | None, datetime | None]:
    if row.disabled_at is not None:
        return Condition.DISABLED, CONNECTION_DISABLED, row.disabled_at
    if row.state == ConnectionState.ON_HOLD:
        return Condition.ON_HOLD, row.hold_code, row.held_at
    return Condition.ACTIVE, None, None


def _nearest(row: Row[Any]) -> datetime | None:
    """The earliest of all deadlines is that of the oldest event or of the first ambiguous attempt."""
    return deadline(Schedule(row.oldest_event, 0, row.first_ambiguous)) if row.oldest_event else None
