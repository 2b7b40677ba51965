"""Whether a gateway went silent: for longer than twice the longest pause of the last month, and a day at least."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_MONTH, _PATIENCE, _FIRST_PATIENCE = timedelta(days=30), timedelta(days=1), timedelta(days=3)
# Fewer tell no rhythm.
_ENOUGH = 5
_RHYTHM = text("""
WITH heard AS (
    SELECT received_at, received_at - lag(received_at) OVER (ORDER BY received_at) AS pause
    FROM received_webhooks WHERE endpoint_id = :endpoint AND received_at > :since
)
SELECT count(*) AS webhooks, max(received_at) AS last, max(pause) AS longest FROM heard
""")


@dataclass(frozen=True, slots=True)
class Silence:
    """``since`` None: nothing was ever heard; ``hours`` of silence so far."""

    since: datetime | None
    hours: int


async def silence(session: AsyncSession, endpoint_id: UUID, activated_at: datetime, now: datetime) -> Silence | None:
    """None while the endpoint is heard of as usual, or it is too early to say."""
    heard = (await session.execute(_RHYTHM, {"endpoint": endpoint_id, "since": now - _MONTH})).one()
    if heard.webhooks == 0:
        quiet = now - activated_at
        return Silence(None, _hours(quiet)) if quiet > _FIRST_PATIENCE else None
    quiet = now - heard.last
    if heard.webhooks < _ENOUGH or quiet <= max(_PATIENCE, 2 * heard.longest):
        return None
    return Silence(heard.last, _hours(quiet))


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3_600)
