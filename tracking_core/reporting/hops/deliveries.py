"""The deliveries: one for each dataset, where it stands, when it is tried again, until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.replay_preview import WHY_NOT
from tracking_core.delivery.replay_selection import FATE, Fate, fate_values
from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.ledger.read import CONNECTION_DISABLED
from tracking_core.models import OPEN_STATES, Conversion, DeliveryState
from tracking_core.reporting.connections import Condition
from tracking_core.reporting.hops.attempts import AttemptTold, attempts_of
from tracking_core.reporting.sentences import Sentence, of, of_reason

DELIVERED = "Meta took it on {at}."
SENDING = "It is being sent right now."
DUE = "It is sent on {at}."
DUE_NOW = "It is due and goes as soon as a worker is free."
RETRIED = "It is tried again on {at}, and given up after {deadline}."
HELD = (
    "The connection to dataset {dataset} is on hold since {since}: it waits without spending attempts until a new "
    "token is verified, at most until {deadline}."
)
PAUSED = "The connection to dataset {dataset} rests until {until}, because too much failed or Meta asked for time."
REPLAYABLE = "It can still be replayed until {deadline}."
_ROWS = text(f"""
SELECT d.id, d.connection_id, d.event_name, d.event_id, d.event_time, d.state, d.reason, d.attempts, d.due_at,
    d.leased_at, d.first_ambiguous_at, d.delivered_at, d.created_at, d.test_event_code IS NOT NULL AS is_synthetic,
    k.dataset_id, k.hold_code, k.held_at, k.paused_until,
    CASE WHEN k.disabled_at IS NOT NULL THEN 'disabled' ELSE k.state END AS condition, {FATE} AS fate
FROM deliveries d JOIN meta_connections k ON k.id = d.connection_id JOIN conversions c ON c.id = d.conversion_id
WHERE d.conversion_id = :id ORDER BY d.created_at, d.id
""")  # noqa: S608 - the fate is a constant


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTold:
    """``next_at`` is when it is tried next, None when nothing will by itself or it ``is_being_sent``; ``deadline`` ends
    all trying."""

    id: UUID
    connection_id: UUID
    dataset_id: str
    condition: Condition
    event_name: str
    event_id: str
    event_time: datetime
    state: DeliveryState
    reason: str | None
    explanation: Sentence | None
    attempts: tuple[AttemptTold, ...]
    is_being_sent: bool
    next_at: datetime | None
    deadline: datetime
    can_replay: bool
    delivered_at: datetime | None
    created_at: datetime
    is_synthetic: bool
    sentences: tuple[Sentence, ...]


async def deliveries_of(session: AsyncSession, conversion: Conversion, now: datetime) -> tuple[DeliveryTold, ...]:
    rows = (await session.execute(_ROWS, {"id": conversion.id, **fate_values(now)})).all()
    attempts = await attempts_of(session, [row.id for row in rows])
    return tuple(_delivery(row, attempts, now) for row in rows)


def _delivery(row: Row[Any], attempts: Mapping[UUID, tuple[AttemptTold, ...]], now: datetime) -> DeliveryTold:
    last = deadline(Schedule(row.event_time, row.attempts, row.first_ambiguous_at))
    state, reason = DeliveryState(row.state), _reason(row)
    can_replay = state is DeliveryState.DEAD and row.fate == Fate.REPLAYABLE
    explanation = of_reason(reason)
    return DeliveryTold(
        id=row.id,
        connection_id=row.connection_id,
        dataset_id=row.dataset_id,
        condition=Condition(row.condition),
        event_name=row.event_name,
        event_id=row.event_id,
        event_time=row.event_time,
        state=state,
        reason=reason,
        explanation=explanation,
        attempts=attempts.get(row.id, ()),
        is_being_sent=_is_being_sent(row, now),
        next_at=_next(row, now),
        deadline=last,
        can_replay=can_replay,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
        is_synthetic=row.is_synthetic,
        sentences=(*((explanation,) if explanation else ()), *_sentences(row, last, now)),
    )


def _reason(row: Row[Any]) -> str | None:
    """Its own, or what its connection waits for."""
    if row.state not in OPEN_STATES or row.condition == Condition.ACTIVE:
        return row.reason  # type: ignore[no-any-return]
    return CONNECTION_DISABLED if row.condition == Condition.DISABLED else row.hold_code


def _is_being_sent(row: Row[Any], now: datetime) -> bool:
    """A lease that ended without an outcome is a lost worker's, and the delivery is due again."""
    return row.leased_at is not None and row.due_at > now


def _next(row: Row[Any], now: datetime) -> datetime | None:
    if row.state not in OPEN_STATES or row.condition != Condition.ACTIVE or _is_being_sent(row, now):
        return None
    return max(row.due_at, row.paused_until or row.due_at)  # type: ignore[no-any-return]


def _sentences(row: Row[Any], last: datetime, now: datetime) -> tuple[Sentence, ...]:
    match row.state:
        case DeliveryState.DELIVERED:
            return (of(DELIVERED, at=row.delivered_at),)
        case DeliveryState.DEAD:
            is_in_time = row.fate == Fate.REPLAYABLE
            return (of(REPLAYABLE, deadline=last) if is_in_time else of(WHY_NOT[Fate(row.fate)]),)
        case DeliveryState.WITHHELD:
            return ()
    return _waiting(row, last, now)


def _waiting(row: Row[Any], last: datetime, now: datetime) -> tuple[Sentence, ...]:
    if row.condition == Condition.DISABLED:
        return ()
    if row.condition == Condition.ON_HOLD:
        return (of(HELD, dataset=row.dataset_id, since=row.held_at, deadline=last),)
    if _is_being_sent(row, now):
        return (of(SENDING),)
    if row.paused_until is not None and row.paused_until > now:
        return (of(PAUSED, dataset=row.dataset_id, until=row.paused_until),)
    if row.state == DeliveryState.RETRYING:
        return (of(RETRIED, at=row.due_at, deadline=last),)
    return (of(DUE, at=row.due_at) if row.due_at > now else of(DUE_NOW),)
