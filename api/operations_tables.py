"""The console's tables, each read the same way for JSON, for a page and for a file."""

from typing import Protocol, TypeVar

from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from api.routes.operations_queries import AuditQuery, ConnectionsQuery, SalesQuery
from tracking_core.audit.service import record
from tracking_core.reporting import audit, connections, csv, deliveries, sales
from tracking_core.reporting.csv import Table
from tracking_core.reporting.pages import Page, Place
from tracking_core.reporting.scope import Scope

_T = TypeVar("_T")


class AskedOfDeliveries(Protocol):
    @property
    def search(self) -> deliveries.DeliverySearch: ...


def sales_table(scope: Scope, asked: SalesQuery) -> Table[sales.SaleRow]:
    search = asked.search
    return Table(sales.TABLE, sales.SaleRow, lambda session, place: sales.search(session, scope, search, place))


def deliveries_table(name: str, scope: Scope, asked: AskedOfDeliveries) -> Table[deliveries.DeliveryRow]:
    search = asked.search

    async def read(session: AsyncSession, place: Place) -> Page[deliveries.DeliveryRow]:
        return await deliveries.search(session, scope, search, place)

    return Table(name, deliveries.DeliveryRow, read)


def connections_table(scope: Scope, asked: ConnectionsQuery, slots: int) -> Table[connections.ConnectionRow]:
    async def read(session: AsyncSession, place: Place) -> Page[connections.ConnectionRow]:
        return await connections.health(session, scope, place, slots=slots, only_troubled=asked.only_troubled)

    return Table(connections.TABLE, connections.ConnectionRow, read)


def audit_table(scope: Scope, asked: AuditQuery) -> Table[audit.AuditRow]:
    search = asked.search
    return Table(audit.TABLE, audit.AuditRow, lambda session, place: audit.search(session, scope, search, place))


def file_of(table: Table[_T], scope: Scope, session: AsyncSession, *, actor: str, locale: str) -> StreamingResponse:
    """The rows as they are read, once it is on record who took them."""
    record(session, actor=actor, action="operations.exported", subject=table.name, tenant_id=scope.tenant_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{table.name}.csv"',
        "Cache-Control": "no-store",
        "Hub-Rows-Max": str(csv.ROWS_MAX),
    }
    return StreamingResponse(csv.export(table, locale), media_type="text/csv", headers=headers)
