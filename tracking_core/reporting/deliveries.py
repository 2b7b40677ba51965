"""Deliveries and dead letters: what is on its way to Meta, what arrived, what did not, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.replay_selection import FATE, Fate, fate_values
from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.kit import clock
from tracking_core.models import OPEN_STATES, DeliveryState
from tracking_core.reporting import pages
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import ANY_TIME, Period, Scope, Where, prefix
from tracking_core.reporting.sentences import Sentence, of_reason

TABLE, DEAD_TABLE = "deliveries", "dead_letters"
_REASONS_MAX = 100
_ROWS = f"""
SELECT d.id, d.tenant_id, t.name AS tenant_name, d.connection_id, k.dataset_id, d.conversion_id, c.sale_id, c.gateway,
    d.event_name, d.event_id, d.event_time, d.state, d.reason, d.attempts, d.due_at, d.first_ambiguous_at,
    d.delivered_at, d.created_at, d.test_event_code IS NOT NULL AS is_synthetic,
    a.started_at AS last_attempt_at, a.fbtrace_id, {FATE} AS fate
FROM deliveries d JOIN tenants t ON t.id = d.tenant_id JOIN meta_connections k ON k.id = d.connection_id
LEFT JOIN conversions c ON c.id = d.conversion_id
LEFT JOIN LATERAL (
    SELECT started_at, fbtrace_id FROM dispatch_attempts WHERE delivery_id = d.id ORDER BY started_at DESC LIMIT 1
) a ON true
WHERE {{where}} {{order}}
"""  # noqa: S608 - the fate is a constant
_FOUND = """
deliveries d JOIN meta_connections k ON k.id = d.connection_id LEFT JOIN conversions c ON c.id = d.conversion_id
"""
_REASONS = f"""
SELECT d.state, d.reason, count(*) AS deliveries, count(DISTINCT d.tenant_id) AS tenants,
    min(d.created_at) AS oldest_at, max(d.created_at) AS newest_at
FROM {_FOUND}
WHERE {{where}} AND d.reason IS NOT NULL
GROUP BY d.state, d.reason ORDER BY count(*) DESC, d.reason, d.state LIMIT :most
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySearch:
    """All narrow. ``reason`` is how the stored reason begins (``payload:``); ``period`` is of the planning. Of the dead
    only those that ``can_replay`` may still be sent again."""

    state: DeliveryState | None = None
    connection_id: UUID | None = None
    dataset_id: str | None = None
    reason: str | None = None
    period: Period = ANY_TIME
    include_synthetic: bool = False
    can_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """Of a browser event ``conversion_id``, ``sale_id`` and ``gateway`` are None. While it is open it is tried at
    ``due_at`` until ``deadline``; a dead one that ``can_replay`` may still be sent again."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    connection_id: UUID
    dataset_id: str
    conversion_id: UUID | None
    sale_id: str | None
    gateway: str | None
    event_name: str
    event_id: str
    event_time: datetime
    state: DeliveryState
    reason: str | None
    explanation: Sentence | None
    attempts: int
    last_attempt_at: datetime | None
    fbtrace_id: str | None
    due_at: datetime | None
    deadline: datetime
    can_replay: bool
    delivered_at: datetime | None
    created_at: datetime
    is_synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """``group`` is the reason without Meta's numbers."""

    state: DeliveryState
    reason: str
    group: str
    explanation: Sentence | None
    deliveries: int
    tenants: int
    oldest_at: datetime
    newest_at: datetime


async def search(session: AsyncSession, scope: Scope, wanted: DeliverySearch, place: Place) -> Page[DeliveryRow]:
    """Raises InvalidRequest for a cursor that is not of this table."""
    where = _where(scope, wanted)
    place.after(where, "d")
    query = _ROWS.format(where=where.text, order=newest_first("d"))
    values = where.values | fate_values(clock.now())
    return place.page((await session.execute(text(query), values)).all(), _row)


async def exceeds(session: AsyncSession, scope: Scope, wanted: DeliverySearch, most: int) -> bool:
    return await pages.exceeds(session, _FOUND, _where(scope, wanted), most)


async def by_reason(session: AsyncSession, scope: Scope, wanted: DeliverySearch) -> Sequence[ReasonCount]:
    """The most frequent reasons of the deliveries found, at most a hundred."""
    where = _where(scope, wanted)
    rows = await session.execute(text(_REASONS.format(where=where.text)), {**where.values, "most": _REASONS_MAX})
    return [_count(row) for row in rows]


def _where(scope: Scope, wanted: DeliverySearch) -> Where:
    where = Where()
    where.scope("d.tenant_id", scope)
    if wanted.state is not None:
        # As text, because the index of dead letters is used only for what is plainly among them.
        where.add(f"d.state = '{DeliveryState(wanted.state).value}'")
    where.given("d.connection_id = :connection", connection=wanted.connection_id)
    where.given("k.dataset_id = :dataset", dataset=wanted.dataset_id)
    if wanted.reason is not None:
        where.add("d.reason LIKE :reason", reason=prefix(wanted.reason))
    where.period("d.created_at", wanted.period)
    if wanted.can_replay:
        where.add(f"{FATE} = '{Fate.REPLAYABLE}'", **fate_values(clock.now()))
    if not wanted.include_synthetic:
        where.add("d.test_event_code IS NULL")
    return where


def _row(row: Row[Any]) -> DeliveryRow:
    said = dict(row._mapping)
    ambiguous, fate = said.pop("first_ambiguous_at"), said.pop("fate")
    state = DeliveryState(row.state)
    made = {
        "state": state,
        "explanation": of_reason(row.reason),
        "due_at": row.due_at if state in OPEN_STATES else None,
        "deadline": deadline(Schedule(row.event_time, row.attempts, ambiguous, row.conversion_id is None)),
        "can_replay": state is DeliveryState.DEAD and fate == Fate.REPLAYABLE,
    }
    return DeliveryRow(**{**said, **made})


def _count(row: Row[Any]) -> ReasonCount:
    said = {**row._mapping, "state": DeliveryState(row.state), "group": row.reason.partition(":")[0]}
    return ReasonCount(**said, explanation=of_reason(row.reason))
