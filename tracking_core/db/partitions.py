"""Weekly partitions of ``tracking_events``: made ahead of time, dropped whole when retention ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_WEEK = timedelta(days=7)
_PREFIX = "tracking_events_w"
# Weeks are made long before they are due, and dropped long after: there is no hurry.
_PATIENCE = "SET LOCAL lock_timeout = '1s'"
# Two who make a partition take turns by the lock, which is the one that attaching takes.
_CREATION = f"""
DO $$ BEGIN
    {_PATIENCE};
    LOCK TABLE tracking_events IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass('{{name}}') IS NULL THEN
        CREATE TABLE {{name}} (LIKE tracking_events INCLUDING ALL);
        ALTER TABLE tracking_events ATTACH PARTITION {{name}} FOR VALUES FROM ('{{start}}') TO ('{{end}}');
    END IF;
END $$"""
_PARTITIONS = text("""
SELECT i.inhrelid::regclass::text AS name, greatest(c.reltuples, 0)::bigint AS rows
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'tracking_events'::regclass ORDER BY 1
""")


def week_start(moment: datetime) -> datetime:
    """Monday 00:00 UTC of the moment's week."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=moment.weekday())


def creation(now: datetime, *, weeks_ahead: int = 4, weeks_back: int = 0) -> list[str]:
    """Statements, each whole by itself, that make the missing partitions from ``weeks_back`` before to ``weeks_ahead``
    after this week.

    Made as a table and then attached, which conflicts neither with who reads events nor with who writes them: CREATE
    TABLE ... PARTITION OF waits for every reader, a dump too, and every event that comes in waits behind it. That holds
    without a default partition, which would be locked and read. What is attached has no rows to be checked.
    """
    starts = [week_start(now) + offset * _WEEK for offset in range(-weeks_back, weeks_ahead + 1)]
    return [
        _CREATION.format(name=_name(start), start=start.isoformat(), end=(start + _WEEK).isoformat())
        for start in starts
    ]


async def ensure_partitions(session: AsyncSession, now: datetime) -> None:
    """Raises OperationalError when another change of the table's partitions goes on."""
    for statement in creation(now):
        await session.execute(text(statement))


async def weeks_ahead(session: AsyncSession, now: datetime) -> int:
    """So many weeks after this one have a partition, up to the first gap; -1 when this one has none."""
    there = {one.name for one in await session.execute(_PARTITIONS)}
    weeks = 0
    while _name(week_start(now) + weeks * _WEEK) in there:
        weeks += 1
    return weeks - 1


@dataclass(frozen=True, slots=True)
class Partition:
    """``rows`` is PostgreSQL's own estimate."""

    name: str
    rows: int


async def expired_partitions(session: AsyncSession, horizon: datetime) -> list[Partition]:
    """Those whose last moment is not after the horizon, the oldest first."""
    found = await session.execute(_PARTITIONS)
    return [Partition(one.name, one.rows) for one in found if _end_of(one.name, horizon) <= horizon]


async def drop_partition(session: AsyncSession, partition: Partition) -> None:
    """Whoever reads or writes events waits meanwhile, and those who come after us wait behind us: so we wait only
    briefly for those before us, and raise OperationalError then."""
    await session.execute(text(_PATIENCE))
    await session.execute(text(f"DROP TABLE {partition.name}"))


def _name(start: datetime) -> str:
    return f"{_PREFIX}{start:%Y%m%d}"


def _end_of(name: str, moment: datetime) -> datetime:
    start = datetime.strptime(name.removeprefix(_PREFIX), "%Y%m%d").replace(tzinfo=moment.tzinfo)
    return start + _WEEK
