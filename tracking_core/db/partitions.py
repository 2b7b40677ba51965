"""Weekly partitions of ``tracking_events``: made ahead of time, dropped whole when retention ends."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_WEEK = timedelta(days=7)
_PREFIX = "tracking_events_w"


def week_start(moment: datetime) -> datetime:
    """Monday 00:00 UTC of the moment's week."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=moment.weekday())


def creation(now: datetime, *, weeks_ahead: int = 4, weeks_back: int = 0) -> list[str]:
    """Statements that create the missing partitions from ``weeks_back`` before to ``weeks_ahead`` after this week."""
    starts = [week_start(now) + offset * _WEEK for offset in range(-weeks_back, weeks_ahead + 1)]
    return [
        f"CREATE TABLE IF NOT EXISTS {_PREFIX}{start:%Y%m%d} PARTITION OF tracking_events"
        f" FOR VALUES FROM ('{start.isoformat()}') TO ('{(start + _WEEK).isoformat()}')"
        for start in starts
    ]


async def ensure_partitions(session: AsyncSession, now: datetime) -> None:
    for statement in creation(now):
        await session.execute(text(statement))


async def drop_expired_partitions(session: AsyncSession, now: datetime, *, retention_days: int) -> list[str]:
    """Drop each partition whose last moment is older than the retention; returns their names."""
    names = await session.execute(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tracking_events'::regclass")
    )
    horizon = now - timedelta(days=retention_days)
    expired = [name for name in names.scalars() if _end_of(name, now) <= horizon]
    for name in expired:
        await session.execute(text(f"DROP TABLE {name}"))
    return expired


def _end_of(name: str, now: datetime) -> datetime:
    start = datetime.strptime(name.removeprefix(_PREFIX), "%Y%m%d").replace(tzinfo=now.tzinfo)
    return start + _WEEK
