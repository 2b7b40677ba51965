"""Whether what is usually heard of went silent, by what came at the same hours of the weeks before.

What should have come since the last sign is summed over the hours, each with the lower median of its weeks, so that a
single launch or a single outage moves nothing. A stream of which so many should have come and none has is silent: were
they independent, that would happen by chance once in ``e ** missing`` times. Where an hour has too few to tell, silent
is what lasts for a day and for twice the longest pause there was; that is a ticket. What was not heard of for a month
is gone and no more silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts import unheard
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Limits, Thresholds
from tracking_core.models import Severity

_MONTH, _DAY, _HOUR = timedelta(days=28), timedelta(days=1), timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
# The weeks before a silence of a month are still there.
_REMEMBERED = 2 * _MONTH
# A longer silence is judged by its first days.
_LOOKED_AT = timedelta(days=3)
# Fewer signs, or in a shorter time, tell no rhythm.
_ENOUGH, _TWO_WEEKS = 5, timedelta(days=14)
_WEEKS_LEAST = 2
# The last minute with a sign, or its hour when it is older than minutes are kept; the rest is read of quiet streams.
_QUIET = """
SELECT q.tenant_id, q.scope, q.last, m.first, m.heard, m.longest FROM (
    SELECT s.tenant_id, s.scope, coalesce((
        SELECT at FROM slo_minutes WHERE objective = :objective AND tenant_id = s.tenant_id AND scope = s.scope
            AND at >= h.at AND total > 0 ORDER BY at DESC LIMIT 1
    ), h.at) AS last
    FROM ({streams}) s CROSS JOIN LATERAL (
        SELECT at FROM slo_hours WHERE objective = :objective AND tenant_id = s.tenant_id AND scope = s.scope
            AND at >= :since AND total > 0 ORDER BY at DESC LIMIT 1
    ) h
) q CROSS JOIN LATERAL (
    SELECT min(at) AS first, sum(total) AS heard, max(pause) AS longest FROM (
        SELECT at, total, at - lag(at) OVER (ORDER BY at) AS pause FROM slo_hours
        WHERE objective = :objective AND tenant_id = q.tenant_id AND scope = q.scope AND at >= :remembered
            AND total > 0
    ) heard
) m
WHERE q.last <= :quiet_since
"""
_STREAMS = {
    Code.GATEWAY_SILENT: "SELECT tenant_id, CAST(id AS text) AS scope FROM webhook_endpoints WHERE disabled_at IS NULL",
    Code.BROWSER_SILENT: "SELECT id AS tenant_id, '' AS scope FROM tenants WHERE closed_at IS NULL",
}
_USUAL = """
SELECT q.n, i.at, percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(h.total, 0)) AS usual, count(*) AS weeks
FROM unnest(CAST(:ns AS int[]), CAST(:tenants AS uuid[]), CAST(:scopes AS text[]), CAST(:lasts AS timestamptz[]),
    CAST(:firsts AS timestamptz[])) AS q(n, tenant_id, scope, last, first)
CROSS JOIN LATERAL generate_series(
    date_trunc('hour', q.last), least(:now, q.last + :looked_at), interval '1 hour'
) AS i(at)
CROSS JOIN generate_series(1, 4) AS w(ago)
LEFT JOIN slo_hours h ON h.objective = :objective AND h.tenant_id = q.tenant_id AND h.scope = q.scope
    AND h.at = i.at - w.ago * interval '7 days'
WHERE i.at - w.ago * interval '7 days' >= q.first
GROUP BY q.n, i.at
"""


@dataclass(frozen=True, slots=True)
class _Stream:
    code: Code
    tenant_id: UUID
    scope: str
    first: datetime
    last: datetime
    heard: int
    longest: timedelta
    limits: Limits


async def find(session: AsyncSession, code: Code, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """The silent ones of what ``code`` counts, and the gateways that were never heard of. One that is heard of again is
    found no more."""
    least = thresholds.least(code, "minutes") * _MINUTE
    values = {"objective": code.value, "quiet_since": now - least}
    values |= {"since": now - _MONTH, "remembered": now - _REMEMBERED}
    rows = (await session.execute(text(_QUIET.format(streams=_STREAMS[code])), values)).all()
    streams = [_stream(code, row, thresholds.of(code, row.tenant_id)) for row in rows]
    quiet = [one for one in streams if one.limits.is_enabled and now - one.last >= _patience(one)]
    missing = await _missing(session, code, quiet, now)
    judged = [_finding(one, missing.get(n, 0.0), now) for n, one in enumerate(quiet)]
    found = [one for one in judged if one is not None]
    if code is Code.GATEWAY_SILENT:
        known = {one.key for one in found}
        found += [one for one in await unheard.find(session, thresholds, now) if one.key not in known]
    return found


def _patience(stream: _Stream) -> timedelta:
    return stream.limits["minutes"] * _MINUTE


def _stream(code: Code, row: Row[Any], limits: Limits) -> _Stream:
    longest = row.longest or timedelta()
    return _Stream(code, row.tenant_id, row.scope, row.first, row.last, int(row.heard), longest, limits)


def _severity(stream: _Stream, missing: float, now: datetime) -> Severity | None:
    """None: not silent. What only lasts long is a ticket at most."""
    if missing >= stream.limits["missing"]:
        return OBJECTIVES[stream.code].severity
    has_rhythm = stream.heard >= _ENOUGH and stream.last - stream.first >= _TWO_WEEKS
    return Severity.TICKET if has_rhythm and now - stream.last > max(_DAY, 2 * stream.longest) else None


async def _missing(session: AsyncSession, code: Code, streams: Sequence[_Stream], now: datetime) -> dict[int, float]:
    """How many should have come to each since it was last heard of."""
    if not streams:
        return {}
    values = {
        "objective": code.value,
        "now": now,
        "looked_at": _LOOKED_AT,
        "ns": list(range(len(streams))),
        "tenants": [one.tenant_id for one in streams],
        "scopes": [one.scope for one in streams],
        "lasts": [one.last for one in streams],
        "firsts": [one.first for one in streams],
    }
    missing: dict[int, float] = {}
    for row in await session.execute(text(_USUAL), values):
        if row.weeks >= _WEEKS_LEAST:
            span = (min(now, row.at + _HOUR) - max(streams[row.n].last, row.at)) / _HOUR
            missing[row.n] = missing.get(row.n, 0.0) + float(row.usual) * span
    return missing


def _finding(stream: _Stream, missing: float, now: datetime) -> Finding | None:
    severity = _severity(stream, missing, now)
    if severity is None:
        return None
    facts = {"silent_minutes": round((now - stream.last) / _MINUTE), "expected": round(missing, 1)}
    return Finding(Key(stream.tenant_id, stream.code, stream.scope), severity, {**facts, **stream.limits.facts})
