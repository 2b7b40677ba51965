"""What is counted of deliveries, once it is committed."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import after_commit
from tracking_core.destinations.meta_capi.client import SendResult
from tracking_core.metrics import delivery as metrics
from tracking_core.metrics.latency import seconds_of

if TYPE_CHECKING:
    from tracking_core.delivery.lease import Leased


def buried(session: AsyncSession, cause: str, number: int) -> None:
    if number:
        after_commit(session, lambda: metrics.BURIED.labels(cause).inc(number))


def attempted(session: AsyncSession, outcome: str, conversions: Collection[UUID | None]) -> None:
    """One attempt for each, of a sale or, for None, of a visit."""
    sales = sum(1 for one in conversions if one)

    def count() -> None:
        for kind, number in (("sale", sales), ("visit", len(conversions) - sales)):
            if number:
                metrics.ATTEMPTS.labels(kind, outcome).inc(number)

    after_commit(session, count)


async def answered(session: AsyncSession, part: "Sequence[Leased]", result: SendResult) -> None:
    """One request and what it came to; called once the outcome is written down."""
    outcome = result.verdict.failure.value if result.verdict else "accepted"
    attempted(session, outcome, [one.conversion_id for one in part])
    sales = [one.id for one in part if one.conversion_id]
    seconds = await seconds_of(session, sales) if result.verdict is None else ()

    def count() -> None:
        metrics.REQUESTS.labels(outcome, str(result.http_status or "none")).inc()
        metrics.REQUEST_SECONDS.observe(result.latency_ms / 1_000)
        metrics.BATCH_SIZE.observe(len(part))
        for one in seconds:
            metrics.SALE_SECONDS.observe(max(0.0, one))

    after_commit(session, count)
