"""Bring the counts up to now: by the minute from the rows, by the hour from the minutes.

A round counts again what may still change and writes over what it counted before, so nothing is counted twice, however
often and by whomever it is run. After a pause it goes on where it stopped, a chunk at a time.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.registry import BUDGET_WINDOW
from tracking_core.alerts.sources import PROMISED, Source, sources
from tracking_core.settings import Settings

CHUNK = timedelta(hours=1)
# The rhythm of what went silent is that of the weeks before it.
MINUTES_KEPT, HOURS_KEPT = timedelta(days=2), 2 * BUDGET_WINDOW + timedelta(days=7)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
# Of all sources at once, each with the minutes of its own that may still change. What was excused stays so when the
# dataset's hold ends before the minute is settled.
_ONE = "SELECT '{code}' AS objective, tenant_id, scope, at, good, total, excused FROM ({query}) q{n}"
_COUNT = """
INSERT INTO slo_minutes AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), c.objective, c.tenant_id, c.scope, c.at, c.good, c.total, c.excused FROM ({counted}) c
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
_SUM = text(f"""
INSERT INTO slo_minutes AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), objective, NULL, '', at, sum(good), sum(total), sum(excused) FROM slo_minutes
WHERE objective = ANY(:codes) AND tenant_id IS NOT NULL AND at >= :since AND at < :until GROUP BY objective, at
{_WRITE_OVER}
""")  # noqa: S608 - of constants
_BY_HOUR = text(f"""
INSERT INTO slo_hours AS kept (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), objective, tenant_id, scope, date_trunc('hour', at), sum(good), sum(total), sum(excused)
FROM slo_minutes WHERE at >= :since AND at < :until GROUP BY objective, tenant_id, scope, date_trunc('hour', at)
{_WRITE_OVER}
""")  # noqa: S608 - of constants
_FORGET = text("""
WITH minutes AS (DELETE FROM slo_minutes WHERE at < :minutes) DELETE FROM slo_hours WHERE at < :hours
""")
_BEGINNING = text("SELECT min(created_at) FROM tenants")


async def count(session: AsyncSession, before: datetime | None, now: datetime, settings: Settings) -> datetime:
    """Count one chunk from where the counts were ``before``, None for never; where they are now. The caller holds the
    evaluation's lock."""
    begun = before or await _beginning(session, now)
    until = min(now, begun + CHUNK)
    known = sources(settings)
    since = [_floor(begun - source.settles_after, _MINUTE) for source in known]
    bound = {"now": now, "promised": PROMISED, "grace": timedelta(seconds=settings.late_click_grace_seconds)}
    named = {f"since{n}": moment for n, moment in enumerate(since)}
    await session.execute(_statement(known), {**bound, **named, "until": until})
    codes = [source.code.value for source in known if source.is_summed]
    await session.execute(_SUM, {"codes": codes, "since": min(since), "until": until})
    await session.execute(_BY_HOUR, {"since": _floor(min(since), _HOUR), "until": until})
    return until


async def forget(session: AsyncSession, now: datetime) -> None:
    """Drop the counts that nothing reads any more."""
    await session.execute(_FORGET, {"minutes": now - MINUTES_KEPT, "hours": now - HOURS_KEPT})


@lru_cache(maxsize=4)
def _statement(known: tuple[Source, ...]) -> TextClause:
    parts = (
        _ONE.format(code=source.code.value, query=source.query.replace(":since", f":since{n}"), n=n)
        for n, source in enumerate(known)
    )
    return text(_COUNT.format(counted=" UNION ALL ".join(parts)))


async def _beginning(session: AsyncSession, now: datetime) -> datetime:
    """The budget's window, or since there is a tenant."""
    first: datetime | None = await session.scalar(_BEGINNING)
    return max(now - BUDGET_WINDOW, min(first or now, now))


def _floor(moment: datetime, width: timedelta) -> datetime:
    seconds = int(width.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=moment.tzinfo)
