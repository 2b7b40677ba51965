"""Work through what is due, batch by batch. One bad webhook never holds up the others.

A batch that fails is retried one webhook at a time; the one that fails alone waits longer each time and keeps its row.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import after_commit, transaction
from tracking_core.delivery.plan import payload_of
from tracking_core.kit import clock
from tracking_core.logging import lines_apart
from tracking_core.metrics.sales import FAILURES
from tracking_core.models import Conversion, Delivery, DeliveryState, Tenant
from tracking_core.pipeline import traces
from tracking_core.pipeline.load import rules_of
from tracking_core.pipeline.process import BatchResult, attribute, decide, is_to_decide, process_sales
from tracking_core.pipeline.stages import Sale
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing

log = structlog.get_logger()
_POSTPONE = """
UPDATE received_webhooks SET attempts = attempts + 1, reason = :reason,
    due_at = :now + least(power(2, least(attempts, 12)), 3600) * interval '1 second'
WHERE id = (SELECT id FROM received_webhooks WHERE state = 'received' AND due_at <= :now
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
"""


# What the server says when it goes, has no place or no disk: nothing is wrong with the webhooks. A lock or a statement
# that took too long, and a deadlock, are of these rows alone.
_AWAY = ("08", "53", "57P", "58")
_REMATCHES = 100


async def drain_webhooks(settings: Settings) -> AsyncIterator[frozenset[UUID]]:
    """Yields, after each commit, the connections that have something to send."""
    limit, alone = settings.pipeline_batch, 0
    while True:
        with lines_apart(), tracing.place(is_told=True):
            result = await _batch(settings, limit)
        if result is None:  # alone, it was put off: what is behind it goes together again
            limit, alone = (1 if limit > 1 else settings.pipeline_batch), 0
            continue
        yield result.connections
        if result.handled < limit:
            break
        alone += limit == 1
        if alone >= settings.pipeline_batch:  # who failed the batch did not fail alone
            limit, alone = settings.pipeline_batch, 0


async def _batch(settings: Settings, limit: int) -> BatchResult | None:
    """None for one that failed."""
    try:
        # The webhooks are on disk; what is made of them is flushed by the lease, before Meta hears of it.
        async with transaction(flush=False) as session:
            return await process_sales(session, clock.now(), settings, limit=limit)
    except Exception as error:
        if _is_away(error):
            raise
        log.exception("sales_batch_failed", size=limit, error=type(error).__name__)
        FAILURES.inc()
        if limit == 1:
            await _postpone_first(error)
        return None


def _is_away(error: Exception) -> bool:
    """Whether the database is, and nothing is wrong with the webhooks."""
    if isinstance(error, (InterfaceError, PendingRollbackError, PoolTimeout)):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or code is None or code.startswith(_AWAY)


async def rematch_due() -> frozenset[UUID]:
    """Match again the sales whose click was late, and let them go, matched or not; the connections to wake."""
    released: set[UUID] = set()
    while True:
        async with transaction() as session:
            sales = await _rematch(session, clock.now(), released)
        if sales < _REMATCHES:
            return frozenset(released)


async def _rematch(session: AsyncSession, now: datetime, released: set[UUID]) -> int:
    """The next of them. Those that waited for a consent are decided now."""
    query = (
        select(Conversion, Tenant)
        .join(Tenant)
        .where(Conversion.rematch_at <= now)  # type: ignore[operator]
        .limit(_REMATCHES)
        .with_for_update(of=Conversion, skip_locked=True)
    )
    rows = (await session.execute(query)).all()
    sales = [Sale(conversion, rules_of(tenant)) for conversion, tenant in rows]
    with traces.timeline() as line:
        await attribute(session, sales, now)
        released |= await decide(session, [sale for sale in sales if is_to_decide(sale.conversion)], now, hold_back={})
    after_commit(session, lambda: traces.tell_rematched(line, [sale.conversion for sale in sales]))
    for sale in sales:
        sale.conversion.rematch_at = None
    released |= await _released(session, [sale.conversion for sale in sales], now)
    return len(sales)


async def _released(session: AsyncSession, conversions: Sequence[Conversion], now: datetime) -> set[UUID]:
    """Their deliveries go now, with what the click knew. One that a worker has in hand stays as it was sent."""
    by_id = {conversion.id: conversion for conversion in conversions}
    waiting = (
        select(Delivery)
        .where(
            Delivery.conversion_id.in_(by_id),  # type: ignore[union-attr]
            Delivery.state == DeliveryState.WAITING,
            Delivery.attempts == 0,
            col(Delivery.lease_id).is_(None),
        )
        .with_for_update(skip_locked=True)
    )
    deliveries = (await session.scalars(waiting)).all()
    for delivery in deliveries:
        assert delivery.conversion_id is not None
        delivery.payload, delivery.due_at = payload_of(by_id[delivery.conversion_id], now), now
    return {delivery.connection_id for delivery in deliveries}


async def _postpone_first(error: Exception) -> None:
    reason = f"{type(error).__name__}" if not isinstance(error, DBAPIError) else f"database:{type(error.orig).__name__}"
    async with transaction() as session:
        await session.execute(text(_POSTPONE), {"now": clock.now(), "reason": reason})
