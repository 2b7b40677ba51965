"""The daily report: whether the ledger's totals equal the gateway's, endpoint by endpoint and day by day.

It is read anew each time from what the lists last said and from the ledger as it stands, so a sale that was found
missing counts on both sides from the moment it is in. A day is told as far as the run that covers most of it has read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest
from tracking_core.reconciliation.compare import DIFFERENCES_MAX, Comparison, Difference, Differing, Line, Span, compare
from tracking_core.reconciliation.schedule import END_BEFORE_START
from tracking_core.reconciliation.window import midnight
from tracking_core.reporting.scope import Scope, Where
from tracking_core.reporting.sentences import Sentence, of

DAYS_MAX = 31
DAYS_TOO_MANY = "At most 31 days can be shown at once."
# So many days of endpoints are compared for one answer; whoever wants more names a shop, or takes the file.
SPANS_SHOWN, SPANS_MAX = 300, 5_000
_DAY = timedelta(days=1)
EXPLANATIONS = {
    Difference.ONLY_AT_GATEWAY: "The platform lists this sale, and the ledger does not have it yet.",
    Difference.ONLY_HERE: "The ledger has this sale as paid, and the platform does not list it as paid.",
    Difference.STATUS_DIFFERS: "The platform and the ledger have this sale in different states.",
    Difference.AMOUNT_DIFFERS: "The platform and the ledger have this sale with different amounts.",
}
_COVERED = """
SELECT e.id AS endpoint_id, e.tenant_id, e.gateway, t.name AS tenant_name, d.day, r.id AS run_id,
    r.finished_at AS read_at, r.created_at AS listed_since,
    greatest(d.starts, r.since) AS since, least(d.ends, r.until) AS until, d.starts, d.ends
FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id
CROSS JOIN unnest(CAST(:days AS date[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
    AS d(day, starts, ends)
CROSS JOIN LATERAL (
    SELECT r.* FROM reconciliation_runs r
    WHERE r.endpoint_id = e.id AND r.state = 'done' AND r.since < d.ends AND r.until > d.starts
    ORDER BY least(d.ends, r.until) - greatest(d.starts, r.since) DESC, r.finished_at DESC LIMIT 1
) r
WHERE {known} ORDER BY d.day DESC, t.name, e.id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A difference with what it means in words."""

    difference: Differing
    explanation: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """One endpoint's day of orders (São Paulo), as read by ``run_id`` from ``since`` on and before ``until``.
    ``is_whole``: that is the whole day. ``differences`` are the first of ``differing``; ``erased`` sales of the ledger
    were left out, for the list is not asked for them any more."""

    tenant_id: UUID
    tenant_name: str
    endpoint_id: UUID
    gateway: str
    day: date
    run_id: UUID
    read_at: datetime
    since: datetime
    until: datetime
    is_whole: bool
    is_equal: bool
    lines: tuple[Line, ...]
    differing: int
    differences: tuple[Told, ...]
    erased: int


@dataclass(frozen=True, slots=True)
class Report:
    """``has_more``: days of other shops were left out."""

    days: tuple[DayReport, ...]
    has_more: bool

    @property
    def is_equal(self) -> bool:
        return all(day.is_equal for day in self.days)


async def report(
    session: AsyncSession,
    scope: Scope,
    *,
    first: date,
    last: date,
    endpoint_id: UUID | None = None,
    most: int = DIFFERENCES_MAX,
    spans: int = SPANS_SHOWN,
) -> Report:
    """The days from ``first`` to ``last`` that were read, newest first. Raises InvalidRequest."""
    days = _days(first, last)
    known = Where()
    known.scope("e.tenant_id", scope)
    known.given("e.id = :endpoint", endpoint=endpoint_id)
    values = {
        "days": days,
        "starts": [midnight(day) for day in days],
        "ends": [midnight(day + _DAY) for day in days],
        "limit": spans + 1,
    }
    rows = (await session.execute(text(_COVERED.format(known=known.text)), values | known.values)).all()
    shown = rows[:spans]
    compared = await compare(session, [_span(key, row) for key, row in enumerate(shown)], most=most) if shown else {}
    return Report(tuple(_day(row, compared[key]) for key, row in enumerate(shown)), len(rows) > spans)


def _span(key: int, row: Row[Any]) -> Span:
    return Span(key, row.tenant_id, row.endpoint_id, row.gateway, row.listed_since, row.since, row.until)


def _day(row: Row[Any], compared: Comparison) -> DayReport:
    return DayReport(
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        endpoint_id=row.endpoint_id,
        gateway=row.gateway,
        day=row.day,
        run_id=row.run_id,
        read_at=row.read_at,
        since=row.since,
        until=row.until,
        is_whole=row.since == row.starts and row.until == row.ends,
        is_equal=compared.is_equal,
        lines=compared.lines,
        differing=compared.differing,
        differences=tell(compared.differences),
        erased=compared.erased,
    )


def tell(differences: Sequence[Differing]) -> tuple[Told, ...]:
    return tuple(Told(difference=one, explanation=of(EXPLANATIONS[one.reason])) for one in differences)


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise InvalidRequest([problem("until", END_BEFORE_START)])
    if (last - first).days >= DAYS_MAX:
        raise InvalidRequest([problem("since", DAYS_TOO_MANY)])
    return [first + number * _DAY for number in range((last - first).days + 1)]
