"""``/api/v1/operations``: the operator's console as JSON, and each of its tables as CSV. Of one tenant, or of all.

Sentences are in the language the caller prefers. A CSV file has the same filters and begins with the newest row,
whatever page is looked at; it is written for programs: commas, UTC, every digit. It ends after ``csv.ROWS_MAX`` rows,
which its header ``Hub-Rows-Max`` says.
"""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import SessionDep
from api.operations_tables import audit_table, connections_table, deliveries_table, file_of, sales_table
from api.operators import OperatorDep
from api.routes.operations_queries import (
    AuditQuery,
    ConnectionsQuery,
    DeadLettersQuery,
    DeliveriesQuery,
    SalesQuery,
    ScopeQuery,
    SeriesQuery,
    TableQuery,
)
from api.staff import StaffCaller
from tracking_core.errors import NotFound
from tracking_core.i18n import negotiate
from tracking_core.reporting import deliveries, explained, sales
from tracking_core.reporting import series as charts
from tracking_core.reporting.csv import Table
from tracking_core.reporting.in_time import in_time
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import told
from tracking_core.tenants import service as tenants

router = APIRouter(prefix="/api/v1/operations", tags=["operations"])
_T = TypeVar("_T")


@router.get("/sales")
async def list_sales(
    asked: Annotated[SalesQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """The ledger, newest first; its summary is how many sales of the search are in each state, or null when counting
    them takes more than seconds."""
    scope = await scope_of(session, asked)
    listed = await _listed(sales_table(scope, asked), asked, session, request)
    if not asked.summary:
        return listed
    return {**listed, "totals": await in_time(session, lambda: sales.totals(session, scope, asked.search))}


@router.get("/sales.csv")
async def export_sales(
    asked: Annotated[SalesQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    scope = await scope_of(session, asked)
    return _file(sales_table(scope, asked), scope, operator, session, request)


@router.get("/sales/{conversion_id}")
async def read_sale(
    conversion_id: UUID,
    asked: Annotated[ScopeQuery, Query()],
    _operator: OperatorDep,
    session: SessionDep,
    request: Request,
) -> dict[str, Any]:
    """One sale, every hop explained."""
    found = await explained.explain(session, await scope_of(session, asked), conversion_id)
    if found is None:
        raise NotFound(what="conversion")
    said: dict[str, Any] = told(found, locale_of(request))
    return said


@router.get("/deliveries")
async def listdeliveries_table(
    asked: Annotated[DeliveriesQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """What is on its way and what became of the rest; its summary is the most frequent reasons."""
    return await _delivered(deliveries.TABLE, asked, session, request)


@router.get("/deliveries.csv")
async def exportdeliveries_table(
    asked: Annotated[DeliveriesQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    scope = await scope_of(session, asked)
    return _file(deliveries_table(deliveries.TABLE, scope, asked), scope, operator, session, request)


@router.get("/dead-letters")
async def list_dead_letters(
    asked: Annotated[DeadLettersQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """What Meta refused or what ran out of time, and whether it may be replayed; its summary is as above."""
    return await _delivered(deliveries.DEAD_TABLE, asked, session, request)


@router.get("/dead-letters.csv")
async def export_dead_letters(
    asked: Annotated[DeadLettersQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    scope = await scope_of(session, asked)
    return _file(deliveries_table(deliveries.DEAD_TABLE, scope, asked), scope, operator, session, request)


@router.get("/connections")
async def list_connections(
    asked: Annotated[ConnectionsQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Holds, circuit breakers, slots, and what waits behind each: of all, of those in trouble, or of one kind of it."""
    return await _listed(
        connections_table(await scope_of(session, asked), asked, _slots(request)), asked, session, request
    )


@router.get("/connections.csv")
async def export_connections(
    asked: Annotated[ConnectionsQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    scope = await scope_of(session, asked)
    return _file(connections_table(scope, asked, _slots(request)), scope, operator, session, request)


@router.get("/series")
async def read_series(
    asked: Annotated[SeriesQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Charts: a value of each line for each of ``starts``."""
    drawn = await charts.series(session, await scope_of(session, asked), asked.search)
    said: dict[str, Any] = told(drawn, locale_of(request))
    return said


@router.get("/audit")
async def list_audit(
    asked: Annotated[AuditQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Who did what to which thing, newest first."""
    return await _listed(audit_table(await scope_of(session, asked), asked), asked, session, request)


@router.get("/audit.csv")
async def export_audit(
    asked: Annotated[AuditQuery, Query()], operator: OperatorDep, session: SessionDep, request: Request
) -> StreamingResponse:
    scope = await scope_of(session, asked)
    return _file(audit_table(scope, asked), scope, operator, session, request)


async def _delivered(name: str, asked: DeadLettersQuery, session: AsyncSession, request: Request) -> dict[str, Any]:
    scope = await scope_of(session, asked)
    listed = await _listed(deliveries_table(name, scope, asked), asked, session, request)
    if not asked.summary:
        return listed
    return {**listed, "reasons": told(await deliveries.by_reason(session, scope, asked.search), locale_of(request))}


async def scope_of(session: AsyncSession, asked: ScopeQuery) -> Scope:
    return EVERYONE if asked.tenant_id is None else Scope((await tenants.get(session, asked.tenant_id)).id)


def locale_of(request: Request) -> str:
    return negotiate(request.headers.get("accept-language"))


async def _listed(table: Table[_T], asked: TableQuery, session: AsyncSession, request: Request) -> dict[str, Any]:
    page = await table.read(session, asked.place(table.name))
    return {"items": told(page.items, locale_of(request)), "next": page.next}


def _file(
    table: Table[_T], scope: Scope, operator: StaffCaller, session: AsyncSession, request: Request
) -> StreamingResponse:
    return file_of(table, scope, session, actor=f"staff:{operator.name}", locale=locale_of(request))


def _slots(request: Request) -> int:
    slots: int = request.app.state.settings.delivery_slots
    return slots
