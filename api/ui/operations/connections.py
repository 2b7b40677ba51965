"""Whether anything is sent to each dataset, and what waits behind it."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from api.deps import SessionDep
from api.operations_tables import connections_table, file_of
from api.routes.operations_queries import ConnectionsQuery
from api.ui.operations.faces import OperatorConsole
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.errors import InvalidRequest
from tracking_core.reporting import connections

router = APIRouter()


@router.get("/connections")
async def list_connections(console: OperatorConsole, session: SessionDep, request: Request) -> Response:
    form, found = Form(dict(request.query_params), console.who.locale), None
    with form.checked():
        asked = form.read(ConnectionsQuery)
        table = connections_table(console.scope, asked, request.app.state.settings.delivery_slots)
        found = await table.read(session, asked.place(connections.TABLE))
    return show("connections", console, form=form, found=found)


@router.get("/connections.csv")
async def export_connections(console: OperatorConsole, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        slots = request.app.state.settings.delivery_slots
        return file_of(
            connections_table(console.scope, form.read(ConnectionsQuery), slots),
            console.scope,
            session,
            actor=console.actor,
            locale=console.who.locale,
            is_sheet=True,
        )
    raise InvalidRequest([])
