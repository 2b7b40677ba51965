"""Send what is due for one connection until nothing is, within its slots.

A refused batch is bisected: halves are sent again until the event Meta refuses stands alone, so it dies alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.delivery import settle, slots
from tracking_core.delivery.breaker import paused_until
from tracking_core.delivery.lease import Batch, Leased, lease
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ConnectionState, MetaConnection
from tracking_core.settings import Settings

log = structlog.get_logger()
_DUE = """
SELECT EXISTS (SELECT FROM deliveries d JOIN meta_connections c ON c.id = d.connection_id
    WHERE d.connection_id = :connection AND d.state IN ('waiting', 'retrying') AND d.due_at <= :now
      AND c.state = 'active' AND coalesce(c.paused_until, :now) <= :now)
"""
_HEALTHY = """
UPDATE meta_connections SET failure_streak = 0, paused_until = NULL WHERE id = :id AND failure_streak > 0
"""


async def drain_connection(connection_id: UUID, *, client: MetaClient, settings: Settings) -> int:
    """Deliveries handled. Looks once more after giving the slot back: a ring may have come while it was full."""
    handled, holder = 0, new_id()
    while await _has_due(connection_id) and await slots.take(connection_id, holder, settings):
        try:
            handled += await _drain(connection_id, holder, client, settings)
        finally:
            await slots.release(connection_id, holder)
    return handled


async def _drain(connection_id: UUID, holder: UUID, client: MetaClient, settings: Settings) -> int:
    handled = 0
    while True:
        async with transaction() as session:
            batch = await lease(session, connection_id, clock.now(), settings)
        if batch is None:
            return handled
        if batch.deliveries:
            await slots.renew(connection_id, holder, settings)
            await send(batch, batch.deliveries, client=client, settings=settings)
        handled += len(batch.deliveries)


async def send(batch: Batch, part: Sequence[Leased], *, client: MetaClient, settings: Settings) -> bool:
    """Send a part of the batch and settle it; False when the rest of the batch should not be tried now."""
    started = clock.now()
    result = await client.send(
        dataset_id=batch.dataset_id,
        access_token=batch.access_token,
        events=[one.payload for one in part],
        test_event_code=batch.test_event_code,
        app_secret=batch.app_secret,
    )
    async with transaction() as session:
        await settle.record_attempts(session, batch, part, result, started)
        goes_on = await _settle(session, batch, part, result, clock.now(), settings)
    if not _is_to_split(part, result):
        return goes_on
    middle = len(part) // 2
    for half in (part[:middle], part[middle:]):
        if goes_on:
            goes_on = await send(batch, half, client=client, settings=settings)
        else:
            async with transaction() as session:
                await settle.give_back(session, batch, half, clock.now())
    return goes_on


def _is_to_split(part: Sequence[Leased], result: SendResult) -> bool:
    return bool(result.verdict and result.verdict.failure is FailureClass.PAYLOAD and len(part) > 1)


async def _settle(
    session: AsyncSession, batch: Batch, part: Sequence[Leased], result: SendResult, now: datetime, settings: Settings
) -> bool:
    verdict = result.verdict
    if verdict is None:
        await settle.delivered(session, part, now)
        await _healthy(session, batch)
        return True
    log.warning(
        "delivery_refused", connection_id=str(batch.connection_id), reason=settle.reason_of(verdict), size=len(part)
    )
    match verdict.failure:
        case FailureClass.PAYLOAD:
            if len(part) > 1:
                await settle.renew(session, batch, now, settings.delivery_lease_seconds)
            else:
                await settle.bury(session, batch, part[0], verdict)
            return True
        case FailureClass.CREDENTIAL | FailureClass.PERMISSION:
            await settle.give_back(session, batch, part, now)
            await _hold(session, batch, verdict, now)
        case FailureClass.TRANSIENT | FailureClass.THROTTLED:
            await settle.postpone(session, batch, part, verdict, now)
            await _rest(session, batch, verdict, now)
        case FailureClass.UNKNOWN:
            await settle.postpone(session, batch, part, verdict, now)
        case unreachable:
            assert_never(unreachable)
    return False


async def _healthy(session: AsyncSession, batch: Batch) -> None:
    statement = (
        "UPDATE meta_connections SET failure_streak = 0, paused_until = NULL WHERE id = :id AND failure_streak > 0"
    )
    await session.execute(text(statement), {"id": batch.connection_id})


async def _hold(session: AsyncSession, batch: Batch, verdict: Verdict, now: datetime) -> None:
    """The token or a permission is bad: everything of this connection waits for a person, without spending attempts."""
    connection = await session.get_one(MetaConnection, batch.connection_id, with_for_update=True)
    if connection.state == ConnectionState.ON_HOLD:
        return
    connection.state, connection.hold_code, connection.held_at = ConnectionState.ON_HOLD, settle.reason_of(verdict), now
    record(
        session,
        actor="delivery",
        action="meta.held",
        subject=str(connection.id),
        tenant_id=batch.tenant_id,
        reason=settle.reason_of(verdict),
    )
    log.error("connection_on_hold", connection_id=str(connection.id), reason=settle.reason_of(verdict))


async def _rest(session: AsyncSession, batch: Batch, verdict: Verdict, now: datetime) -> None:
    """Count the failure; pause the connection when the breaker trips or Meta asks for time."""
    connection = await session.get_one(MetaConnection, batch.connection_id, with_for_update=True)
    connection.failure_streak += 1
    pauses = [paused_until(connection.failure_streak, now)]
    if verdict.failure is FailureClass.THROTTLED:
        pauses.append(now + timedelta(seconds=verdict.retry_after_seconds or 2.0 ** min(connection.failure_streak, 8)))
    wanted = [pause for pause in pauses if pause]
    if wanted:
        connection.paused_until = max(wanted)


async def _has_due(connection_id: UUID) -> bool:
    async with transaction() as session:
        found = await session.execute(text(_DUE), {"connection": connection_id, "now": clock.now()})
        return bool(found.scalar_one())
