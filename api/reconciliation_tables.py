"""The daily report as a table: a line for each total, then one for each sale that differs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.reconciliation.compare import Difference
from tracking_core.reconciliation.report import SPANS_MAX, DayReport, Told, report
from tracking_core.reporting import csv
from tracking_core.reporting.csv import Table
from tracking_core.reporting.pages import Page, Place
from tracking_core.reporting.scope import Scope
from tracking_core.reporting.sentences import Sentence

TABLE = "reconciliation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """``sale_id`` None: a total of the day. Of a sale ``theirs`` and ``ours`` say whether it is there at all."""

    day: date
    tenant_id: UUID
    tenant_name: str
    gateway: str
    sale_id: str | None
    reason: Difference | None
    explanation: Sentence | None
    status: str | None
    currency: str | None
    theirs: int
    theirs_total: Decimal | None = field(metadata=csv.MONEY)
    ours: int
    ours_status: str | None
    ours_total: Decimal | None = field(metadata=csv.MONEY)
    is_equal: bool


def report_table(scope: Scope, *, first: date, last: date, endpoint_id: UUID | None = None) -> Table[ReportLine]:
    """All on one page: a report has an end."""

    async def read(session: AsyncSession, _place: Place) -> Page[ReportLine]:
        found = await report(session, scope, first=first, last=last, endpoint_id=endpoint_id, spans=SPANS_MAX)
        return Page(tuple(lines_of(found.days)), None)

    return Table(TABLE, ReportLine, read)


def lines_of(days: Iterable[DayReport]) -> Iterator[ReportLine]:
    for day in days:
        yield from _totals(day)
        yield from (_differing(day, one) for one in day.differences)


def _totals(day: DayReport) -> Iterator[ReportLine]:
    for line in day.lines:
        yield ReportLine(
            day=day.day,
            tenant_id=day.tenant_id,
            tenant_name=day.tenant_name,
            gateway=day.gateway,
            sale_id=None,
            reason=None,
            explanation=None,
            status=line.status,
            currency=line.currency,
            theirs=line.theirs,
            theirs_total=line.theirs_total,
            ours=line.ours,
            ours_status=line.status,
            ours_total=line.ours_total,
            is_equal=line.is_equal,
        )


def _differing(day: DayReport, told: Told) -> ReportLine:
    one = told.difference
    return ReportLine(
        day=day.day,
        tenant_id=day.tenant_id,
        tenant_name=day.tenant_name,
        gateway=day.gateway,
        sale_id=one.sale_id,
        reason=one.reason,
        explanation=told.explanation,
        status=one.theirs_status,
        currency=one.theirs_currency or one.ours_currency,
        theirs=int(one.theirs_status is not None),
        theirs_total=one.theirs_amount,
        ours=int(one.conversion_id is not None),
        ours_status=one.ours_status,
        ours_total=one.ours_amount,
        is_equal=False,
    )
