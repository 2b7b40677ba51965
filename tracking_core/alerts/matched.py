"""Whether far fewer sales than usual find their click: a tenant's last hours against its own four weeks before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import BUDGET_WINDOW, OBJECTIVES, Code
from tracking_core.alerts.thresholds import Limits, Thresholds

_DAY = timedelta(days=1)
# The shortest that has enough sales to tell sees a drop first; a day tells it of those with few.
_WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 3, 24))
# Fewer sales are no baseline. Four standard errors are reached by chance once in thirty thousand times.
_BASELINE_LEAST, _STANDARD_ERRORS = 100, 4.0
# What came before the last alert was over was told by it.
_RATES = """
SELECT r.*, b.good, b.total FROM (
    SELECT m.tenant_id, {columns} FROM slo_minutes m LEFT JOIN (
        SELECT tenant_id, max(recovered_at) AS at FROM alerts
        WHERE state = 'recovered' AND objective = :objective AND recovered_at >= :day GROUP BY tenant_id
    ) told ON told.tenant_id = m.tenant_id
    WHERE m.objective = :objective AND m.at >= :day AND m.at <= :now AND m.at >= coalesce(told.at, :day)
    GROUP BY m.tenant_id HAVING sum(m.total) >= :few
) r CROSS JOIN LATERAL (
    SELECT sum(good) AS good, sum(total) AS total FROM slo_hours h
    WHERE h.objective = :objective AND h.tenant_id = r.tenant_id AND h.at >= :since AND h.at < :day
) b
WHERE b.total >= :least
"""
_COLUMNS = """
coalesce(sum(m.good) FILTER (WHERE m.at >= :w{n}), 0) AS good{n},
coalesce(sum(m.total) FILTER (WHERE m.at >= :w{n}), 0) AS total{n}
"""


@dataclass(frozen=True, slots=True)
class Rate:
    good: int
    total: int

    @property
    def share(self) -> float:
        return self.good / self.total if self.total else 0.0


def is_drop(recent: Rate, usual: Rate, limits: Limits) -> bool:
    """Below the baseline by more than the share that may be lost, and by more than chance explains."""
    if recent.total < limits["least_sales"] or not usual.good:
        return False
    expected = usual.share
    error = sqrt(expected * (1 - expected) / recent.total)
    is_far = recent.share < expected * (1 - limits["drop"])
    return is_far and expected - recent.share >= _STANDARD_ERRORS * error


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    values: dict[str, Any] = {f"w{n}": now - window for n, window in enumerate(_WINDOWS)}
    values |= {
        "objective": Code.MATCH_RATE_DROP.value,
        "now": now,
        "day": now - _DAY,
        "since": now - _DAY - BUDGET_WINDOW,
        "least": _BASELINE_LEAST,
        "few": thresholds.least(Code.MATCH_RATE_DROP, "least_sales"),
    }
    columns = ", ".join(_COLUMNS.format(n=n) for n in range(len(_WINDOWS)))
    rows = (await session.execute(text(_RATES.format(columns=columns)), values)).all()
    found = [_finding(row, thresholds.of(Code.MATCH_RATE_DROP, row.tenant_id)) for row in rows]
    return [one for one in found if one is not None]


def _finding(row: Row[Any], limits: Limits) -> Finding | None:
    said, usual = row._asdict(), Rate(int(row.good), int(row.total))
    for n, window in enumerate(_WINDOWS):
        recent = Rate(int(said[f"good{n}"]), int(said[f"total{n}"]))
        if limits.is_enabled and is_drop(recent, usual, limits):
            facts = {
                "share": round(recent.share, 3),
                "usual_share": round(usual.share, 3),
                "sales": recent.total,
                "window_seconds": window.total_seconds(),
                **limits.facts,
            }
            key = Key(row.tenant_id, Code.MATCH_RATE_DROP, "")
            return Finding(key, OBJECTIVES[key.objective].severity, facts)
    return None
