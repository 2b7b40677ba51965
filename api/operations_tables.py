"""The console's tables, each read the same way for JSON, for a page and for a file."""

from typing import Any, Protocol, TypeVar

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
    return Table(
        sales.TABLE,
        sales.SaleRow,
        lambda session, place: sales.search(session, scope, search, place),
        lambda session, most: sales.exceeds(session, scope, search, most),
    )


def deliveries_table(name: str, scope: Scope, asked: AskedOfDeliveries) -> Table[deliveries.DeliveryRow]:
    search = asked.search

    async def read(session: AsyncSession, place: Place) -> Page[deliveries.DeliveryRow]:
        return await deliveries.search(session, scope, search, place)

    return Table(
        name,
        deliveries.DeliveryRow,
        read,
        lambda session, most: deliveries.exceeds(session, scope, search, most),
    )


def connections_table(scope: Scope, asked: ConnectionsQuery, slots: int) -> Table[connections.ConnectionRow]:
    async def read(session: AsyncSession, place: Place) -> Page[connections.ConnectionRow]:
        wanted: dict[str, Any] = {"only_troubled": asked.only_troubled, "trouble": asked.trouble}
        return await connections.health(session, scope, place, slots=slots, **wanted)

    return Table(connections.TABLE, connections.ConnectionRow, read)


def audit_table(scope: Scope, asked: AuditQuery) -> Table[audit.AuditRow]:
    search = asked.search
    return Table(
        audit.TABLE,
        audit.AuditRow,
        lambda session, place: audit.search(session, scope, search, place),
        lambda session, most: audit.exceeds(session, scope, search, most),
    )


def file_of(
    table: Table[_T], scope: Scope, session: AsyncSession, *, actor: str, locale: str, is_sheet: bool = False
) -> StreamingResponse:
    """The rows as they are read, once it is on record who took them: for programs, or for a person's spreadsheet."""
    record(session, actor=actor, action="operations.exported", subject=table.name, tenant_id=scope.tenant_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{table.name}.csv"',
        "Cache-Control": "no-store",
        "Hub-Rows-Max": str(csv.ROWS_MAX),
    }
    rows = csv.export(table, locale, sheet=csv.sheet_of(locale) if is_sheet else None)
    return StreamingResponse(rows, media_type="text/csv", headers=headers)
