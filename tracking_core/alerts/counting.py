"""Bring the counts up to now: by the minute from the rows, by the hour from the minutes.

A round counts again what may still change and writes over what it counted before, so nothing is counted twice, however
often and by whomever it is run. After a pause it goes on where it stopped, a chunk at a time.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts import progress
from tracking_core.alerts.registry import BUDGET_WINDOW
from tracking_core.alerts.sources import PROMISED, Source, sources
from tracking_core.settings import Settings

CHUNK = timedelta(hours=1)
# The rhythm of what went silent is that of the weeks before it.
MINUTES_KEPT, HOURS_KEPT = timedelta(days=2), 2 * BUDGET_WINDOW + timedelta(days=7)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
# What was excused stays so when the dataset's hold ends before the minute is settled.
_COUNT = """
INSERT INTO slo_minutes AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), :objective, c.tenant_id, c.scope, c.at, c.good, c.total, c.excused FROM ({query}) c
ON CONFLICT (objective, tenant_id, scope, at) DO UPDATE SET good = excluded.good,
    total = greatest(excluded.good, excluded.total - greatest(0, kept.excused - excluded.excused)),
    excused = greatest(kept.excused, excluded.excused)
WHERE (kept.good, kept.total, kept.excused) IS DISTINCT FROM (excluded.good,
    greatest(excluded.good, excluded.total - greatest(0, kept.excused - excluded.excused)),
    greatest(kept.excused, excluded.excused))
"""
_WRITE_OVER = """
ON CONFLICT (objective, tenant_id, scope, at)
DO UPDATE SET good = excluded.good, total = excluded.total, excused = excluded.excused
WHERE (kept.good, kept.total, kept.excused) IS DISTINCT FROM (excluded.good, excluded.total, excluded.excused)
"""
_SUM = f"""
INSERT INTO slo_minutes AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), objective, NULL, '', at, sum(good), sum(total), sum(excused) FROM slo_minutes
WHERE objective = :objective AND tenant_id IS NOT NULL AND at >= :since AND at < :until GROUP BY objective, at
{_WRITE_OVER}
"""  # noqa: S608 - of constants
_BY_HOUR = f"""
INSERT INTO slo_hours AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), objective, tenant_id, scope, date_trunc('hour', at), sum(good), sum(total), sum(excused)
FROM slo_minutes WHERE at >= :since AND at < :until GROUP BY objective, tenant_id, scope, date_trunc('hour', at)
{_WRITE_OVER}
"""  # noqa: S608 - of constants
_BEGINNING = text("SELECT min(created_at) FROM tenants")


async def count(session: AsyncSession, now: datetime, settings: Settings) -> bool:
    """Count one chunk; whether that brought the counts up to now. The caller holds the evaluation's lock."""
    begun = await progress.get(session, progress.COUNTED) or await _beginning(session, now)
    until = min(now, begun + CHUNK)
    known = sources(settings)
    for source in known:
        await _counted(session, source, begun, until, now, settings)
    earliest = min(begun - source.settles_after for source in known)
    await session.execute(text(_BY_HOUR), {"since": _floor(earliest, _HOUR), "until": until})
    await progress.put(session, progress.COUNTED, until)
    return until == now


async def forget(session: AsyncSession, now: datetime) -> None:
    """Drop the counts that nothing reads any more."""
    for table, kept in (("slo_minutes", MINUTES_KEPT), ("slo_hours", HOURS_KEPT)):
        await session.execute(text(f"DELETE FROM {table} WHERE at < :before"), {"before": now - kept})  # noqa: S608


async def _counted(
    session: AsyncSession, source: Source, begun: datetime, until: datetime, now: datetime, settings: Settings
) -> None:
    values: dict[str, object] = {
        "objective": source.code.value,
        "since": _floor(begun - source.settles_after, _MINUTE),
        "until": until,
    }
    bound = {"now": now, "promised": PROMISED, "grace": timedelta(seconds=settings.late_click_grace_seconds)}
    used = {name: value for name, value in bound.items() if f":{name}" in source.query}
    await session.execute(text(_COUNT.format(query=source.query)), {**values, **used})
    if source.is_summed:
        await session.execute(text(_SUM), values)


async def _beginning(session: AsyncSession, now: datetime) -> datetime:
    """The budget's window, or since there is a tenant."""
    first: datetime | None = await session.scalar(_BEGINNING)
    return max(now - BUDGET_WINDOW, min(first or now, now))


def _floor(moment: datetime, width: timedelta) -> datetime:
    seconds = int(width.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=moment.tzinfo)
