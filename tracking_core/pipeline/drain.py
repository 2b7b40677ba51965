"""Work through what is due, batch by batch. One bad webhook never holds up the others.

A batch that fails is retried one webhook at a time; the one that fails alone waits longer each time and keeps its row.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlmodel import select

from tracking_core.db.engine import after_commit, transaction
from tracking_core.delivery.plan import payload_of
from tracking_core.kit import clock
from tracking_core.logging import lines_apart
from tracking_core.metrics.sales import FAILURES
from tracking_core.models import Conversion, Delivery, DeliveryState, Tenant
from tracking_core.pipeline import traces
from tracking_core.pipeline.load import rules_of
from tracking_core.pipeline.process import BatchResult, attribute, process_sales
from tracking_core.pipeline.stages import Sale
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing

log = structlog.get_logger()
_POSTPONE = """
UPDATE received_webhooks SET attempts = attempts + 1, reason = :reason,
    due_at = :now + least(power(2, attempts), 3600) * interval '1 second'
WHERE id = (SELECT id FROM received_webhooks WHERE state = 'received' AND due_at <= :now
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
"""


async def drain_webhooks(settings: Settings) -> AsyncIterator[frozenset[UUID]]:
    """Yields, after each commit, the connections that have something to send."""
    limit = settings.pipeline_batch
    while True:
        with lines_apart(), tracing.place(is_told=True):
            result = await _batch(settings, limit)
        if result is None:
            limit = 1
            continue
        yield result.connections
        if result.handled < limit:
            break


async def _batch(settings: Settings, limit: int) -> BatchResult | None:
    """None for one that failed."""
    try:
        # The webhooks are on disk; what is made of them is flushed by the lease, before Meta hears of it.
        async with transaction(flush=False) as session:
            return await process_sales(session, clock.now(), settings, limit=limit)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing is wrong with the webhooks
    except Exception as error:
        log.exception("sales_batch_failed", size=limit, error=type(error).__name__)
        FAILURES.inc()
        if limit == 1:
            await _postpone_first(error)
        return None


async def rematch_due() -> frozenset[UUID]:
    """Match again the sales whose click was late, and let their deliveries go, matched or not."""
    now = clock.now()
    async with transaction() as session:
        query = (
            select(Conversion, Tenant)
            .join(Tenant)
            .where(Conversion.rematch_at <= now)  # type: ignore[operator]
            .limit(100)
            .with_for_update(of=Conversion, skip_locked=True)
        )
        rows = (await session.execute(query)).all()
        sales = [Sale(conversion, rules_of(tenant)) for conversion, tenant in rows]
        with traces.timeline() as line:
            await attribute(session, sales, now)
        after_commit(session, lambda: traces.tell_rematched(line, [sale.conversion for sale in sales]))
        released: set[UUID] = set()
        for sale in sales:
            sale.conversion.rematch_at = None
            waiting = select(Delivery).where(
                Delivery.conversion_id == sale.conversion.id,
                Delivery.state == DeliveryState.WAITING,
                Delivery.attempts == 0,
            )
            for delivery in (await session.scalars(waiting.with_for_update())).all():
                delivery.payload, delivery.due_at = payload_of(sale.conversion, now), now
                released.add(delivery.connection_id)
    return frozenset(released)


async def _postpone_first(error: Exception) -> None:
    reason = f"{type(error).__name__}" if not isinstance(error, DBAPIError) else f"database:{type(error.orig).__name__}"
    async with transaction() as session:
        await session.execute(text(_POSTPONE), {"now": clock.now(), "reason": reason})
