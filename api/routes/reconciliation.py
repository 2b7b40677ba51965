"""``/api/v1/reconciliation``: whether the ledger has what the gateways sold. A tenant its own, an operator everybody's.

Days are those of orders in São Paulo. Sentences are in the language the caller prefers.
"""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import DoorbellDep, SessionDep, TenantDep
from api.operations_tables import file_of
from api.operators import OperatorDep
from api.reconciliation_tables import report_table
from api.routes.operations import locale_of, scope_of
from api.routes.operations_queries import TableQuery
from tracking_core.db.engine import after_commit
from tracking_core.kit import clock
from tracking_core.reconciliation import runs
from tracking_core.reconciliation.report import report
from tracking_core.reconciliation.run_detail import RunDetail, detail
from tracking_core.reconciliation.schedule import ask
from tracking_core.reconciliation.window import Day, day_of, midnight
from tracking_core.reporting.pages import PAGE_MAX, Place
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import told
from tracking_core.settings import get_settings
from tracking_core.worker.doorbell import Bell

router = APIRouter(prefix="/api/v1/reconciliation", tags=["reconciliation"])
operations = APIRouter(prefix="/api/v1/operations/reconciliation", tags=["operations"])
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class OwnReportQuery(BaseModel):
    """``since`` and ``until`` are days, both shown; the last week where nothing is said. ``cursor`` is of the runs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    since: Day | None = None
    until: Day | None = None
    endpoint_id: UUID | None = None
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=PAGE_MAX)

    @property
    def first(self) -> date:
        return self.since or self.last - _WEEK + _DAY

    @property
    def last(self) -> date:
        return self.until or day_of(clock.now())


class ReportQuery(TableQuery):
    """The same of one tenant, or of all."""

    since: Day | None = None
    until: Day | None = None
    endpoint_id: UUID | None = None

    @property
    def own(self) -> OwnReportQuery:
        return OwnReportQuery.model_validate(self.model_dump(exclude={"tenant_id"}))


class Wanted(BaseModel):
    """Read the lists of these whole days again: of an endpoint, or of all of a tenant's."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tenant_id: UUID
    endpoint_id: UUID | None = None
    since: Day
    until: Day


@router.get("")
async def read_own(
    asked: Annotated[OwnReportQuery, Query()], tenant: TenantDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """``days``: each day that was read, totals there and here, and the sales that differ; ``runs``: the readings,
    newest first, with ``next`` for the older ones."""
    return await _reported(session, Scope(tenant.id), asked, request)


@router.get("/{run_id}")
async def read_own_run(run_id: UUID, tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """One of this tenant's readings: what it found, what it took in, and how its time compares now."""
    return _detailed(await detail(session, Scope(tenant.id), run_id), request)


@operations.get("")
async def read_all(
    asked: Annotated[ReportQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """The same of one tenant, or of all."""
    return await _reported(session, await scope_of(session, asked), asked.own, request)


@operations.get(".csv")
async def export_all(
    asked: Annotated[ReportQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    """The days as a file: a line for each total and one for each sale that differs."""
    scope, own = await scope_of(session, asked), asked.own
    table = report_table(scope, first=own.first, last=own.last, endpoint_id=own.endpoint_id)
    return file_of(table, scope, session, actor=f"staff:{operator.name}", locale=locale_of(request))


@operations.post("", status_code=202)
async def begin(wanted: Wanted, operator: OperatorDep, session: SessionDep, doorbell: DoorbellDep) -> dict[str, Any]:
    """Read the lists again; the runs' ids, to be watched."""
    made = await ask(
        session,
        since=midnight(wanted.since),
        until=midnight(wanted.until + _DAY),
        actor=f"staff:{operator.name}",
        now=clock.now(),
        settings=get_settings(),
        tenant_id=wanted.tenant_id,
        endpoint_id=wanted.endpoint_id,
    )
    for run_id in made:
        after_commit(session, doorbell.after_commit(Bell.RECONCILE, str(run_id)))
    return {"runs": made}


@operations.get("/{run_id}")
async def read_run(run_id: UUID, _operator: OperatorDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Anybody's, as above."""
    return _detailed(await detail(session, EVERYONE, run_id), request)


async def _reported(session: AsyncSession, scope: Scope, asked: OwnReportQuery, request: Request) -> dict[str, Any]:
    locale = locale_of(request)
    read = await report(session, scope, first=asked.first, last=asked.last, endpoint_id=asked.endpoint_id)
    place = Place(runs.TABLE, asked.cursor, asked.limit)
    listed = await runs.list_runs(session, scope, place, endpoint_id=asked.endpoint_id)
    return {**told(read, locale), "runs": told(listed.items, locale), "next": listed.next}


def _detailed(found: RunDetail, request: Request) -> dict[str, Any]:
    said: dict[str, Any] = told(found, locale_of(request))
    return said
