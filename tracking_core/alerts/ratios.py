"""Which error budgets burn too fast."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.budgets import WINDOWS
from tracking_core.alerts.burn import Counted, burning
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import RATIOS, Objective, Ratio
from tracking_core.alerts.thresholds import Thresholds
from tracking_core.models import Severity

_DAY = timedelta(days=1)
# Only of those with something bad, which an index of its own finds. What went bad before the last alert was over was
# told by it, and is not bad once more; the good and the total stay those of the whole window.
_SUMS = """
WITH troubled AS (
    SELECT DISTINCT tenant_id FROM {table} WHERE objective = :objective AND at >= :since AND good < total
), told AS (
    SELECT tenant_id, max(recovered_at) AS at FROM alerts
    WHERE state = 'recovered' AND objective = :objective AND recovered_at >= :since GROUP BY tenant_id
), others AS (
    SELECT max(CASE WHEN state = 'open' THEN :now ELSE recovered_at END) AS at FROM alerts
    WHERE objective = :told_by AND scope = ANY(:told_in) AND tenant_id IS NULL
        AND (state = 'open' OR recovered_at >= :since)
)
SELECT t.tenant_id, {columns}
FROM troubled t
CROSS JOIN LATERAL (
    SELECT greatest(o.at, (SELECT at FROM told WHERE told.tenant_id IS NOT DISTINCT FROM t.tenant_id)) AS at
    FROM others o
) cut
CROSS JOIN LATERAL (
    SELECT at, good, total FROM {table} WHERE objective = :objective AND at >= :since AND tenant_id = t.tenant_id
    UNION ALL
    SELECT at, good, total FROM {table}
    WHERE objective = :objective AND at >= :since AND tenant_id IS NULL AND t.tenant_id IS NULL
) s
GROUP BY t.tenant_id
"""
_COLUMNS = """
coalesce(sum(s.total) FILTER (WHERE s.at >= :w{n}), 0) AS total{n},
coalesce(sum(s.total - s.good) FILTER (WHERE s.at >= :w{n} AND s.at >= coalesce(cut.at, :since)), 0) AS bad{n}
"""
Windows = dict[timedelta, Counted]


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """Of each ratio, the hub first."""
    findings = [found for one in RATIOS for found in await _broken(session, one, thresholds, now)]
    return sorted(findings, key=lambda found: found.key.tenant_id is not None)


async def _broken(session: AsyncSession, objective: Objective, thresholds: Thresholds, now: datetime) -> list[Finding]:
    assert objective.ratio is not None
    windows = await _windows(session, objective, objective.ratio, now)
    found = [_finding(objective, objective.ratio, tenant, sums, thresholds) for tenant, sums in windows.items()]
    return [one for one in found if one is not None]


async def _windows(
    session: AsyncSession, objective: Objective, ratio: Ratio, now: datetime
) -> dict[UUID | None, Windows]:
    """By minutes, and those of a day and more by hours."""
    needed = {window for pair in ratio.pairs for window in (pair.long, pair.short)}
    short, long = [one for one in needed if one < _DAY], [one for one in needed if one >= _DAY]
    merged: dict[UUID | None, Windows] = {}
    for table, windows in (("slo_minutes", short), ("slo_hours", long)):
        found = await _summed(session, objective, ratio, table, windows, now) if windows else ()
        for tenant_id, sums in found:
            merged.setdefault(tenant_id, dict.fromkeys(WINDOWS, Counted())).update(sums)
    return merged


async def _summed(
    session: AsyncSession, objective: Objective, ratio: Ratio, table: str, windows: list[timedelta], now: datetime
) -> Iterator[tuple[UUID | None, Windows]]:
    values: dict[str, Any] = {f"w{n}": now - window for n, window in enumerate(windows)}
    values |= {
        "objective": objective.code.value,
        "since": now - max(windows),
        "now": now,
        "told_by": ratio.told_by.value if ratio.told_by else "",
        "told_in": [str(scope) for scope in ratio.told_in],
    }
    columns = ", ".join(_COLUMNS.format(n=n) for n in range(len(windows)))
    rows = (await session.execute(text(_SUMS.format(table=table, columns=columns)), values)).all()
    return ((row.tenant_id, _of(row, windows)) for row in rows)


def _of(row: Row[Any], windows: list[timedelta]) -> Windows:
    said = row._asdict()
    return {window: Counted(int(said[f"bad{n}"]), int(said[f"total{n}"])) for n, window in enumerate(windows)}


def _finding(
    objective: Objective, ratio: Ratio, tenant_id: UUID | None, windows: Windows, thresholds: Thresholds
) -> Finding | None:
    limits = thresholds.of(objective.code, tenant_id)
    is_theirs = objective.is_of_hub if tenant_id is None else objective.is_of_tenants
    found = burning(windows, limits["target"], ratio) if limits.is_enabled and is_theirs else None
    if found is None:
        return None
    long, short = windows[found.pair.long], windows[found.pair.short]
    facts = {
        "target": limits["target"],
        "share": 1 - long.bad / long.total,
        "bad": long.bad,
        "total": long.total,
        "long_seconds": found.pair.long.total_seconds(),
        "short_seconds": found.pair.short.total_seconds(),
        "burn_rate_long": round(long.burn(limits["target"]), 2),
        "burn_rate_short": round(short.burn(limits["target"]), 2),
    }
    severity = min(found.severity, objective.severity, key=lambda one: Severity(one).rank)
    return Finding(Key(tenant_id, objective.code, ""), severity, facts)
