"""Who did what to which thing."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from api.deps import SessionDep
from api.operations_tables import audit_table, file_of
from api.routes.operations_queries import AuditQuery
from api.ui.operations.faces import OperatorConsole
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.errors import InvalidRequest
from tracking_core.reporting import audit, csv

router = APIRouter()


@router.get("/audit")
async def list_audit(console: OperatorConsole, session: SessionDep, request: Request) -> Response:
    form, found, cut_at = Form(dict(request.query_params), console.who.locale), None, None
    with form.checked():
        asked = form.read(AuditQuery)
        table = audit_table(console.scope, asked)
        found = await table.read(session, asked.place(audit.TABLE))
        cut_at = await csv.cut_at(session, table, found)
    return show("audit", console, form=form, found=found, cut_at=cut_at)


@router.get("/audit.csv")
async def export_audit(console: OperatorConsole, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        return file_of(
            audit_table(console.scope, form.read(AuditQuery)),
            console.scope,
            session,
            actor=console.actor,
            locale=console.who.locale,
            is_sheet=True,
        )
    raise InvalidRequest([])
