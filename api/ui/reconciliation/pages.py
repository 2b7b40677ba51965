"""Whether the ledger has what the platforms sold: an operator's page over everybody, a seller's over their own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import DoorbellDep, SessionDep
from api.operations_tables import file_of
from api.problems import invalid
from api.reconciliation_tables import report_table
from api.ui.operations.faces import (
    OPERATOR,
    SELLER,
    Console,
    ConsoleDep,
    Face,
    OperatorConsole,
    through_operator,
    through_seller,
)
from api.ui.operations.forms import Form
from api.ui.reconciliation.views import Asked, DaySayings, Shown, asked_of
from api.ui.rendering import page
from tracking_core.connections.problems import problem
from tracking_core.db.engine import after_commit
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.reconciliation import runs
from tracking_core.reconciliation.report import report
from tracking_core.reconciliation.run_detail import detail
from tracking_core.reconciliation.schedule import ask
from tracking_core.reconciliation.window import day_of, midnight
from tracking_core.reporting.pages import Place
from tracking_core.settings import get_settings
from tracking_core.worker.doorbell import Bell

PLACE = "reconciliation"
SHOP_MISSING = "Choose a shop first."
_SEE_OTHER, _UNPROCESSABLE = 303, 422
_DAY = timedelta(days=1)
# Of a day; the file has more.
_DIFFERENCES_SHOWN = 50

router = APIRouter(include_in_schema=False)
_tables = APIRouter()
_asking = APIRouter()


@_tables.get(f"/{PLACE}")
async def read_report(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    """Days, sales that differ, and the readings they come from."""
    form, shown, asked = Form(dict(request.query_params), console.who.locale), None, Asked()
    with form.checked():
        asked = asked_of(form)
        found = await report(session, console.scope, first=asked.first, last=asked.last, most=_DIFFERENCES_SHOWN)
        cursor = form.fields.get("cursor") or None
        shown = Shown(found, await runs.list_runs(session, console.scope, Place(runs.TABLE, cursor, 20)))
    status = _UNPROCESSABLE if form.errors else 200
    today = day_of(clock.now())
    return _show("report", console, http_status=status, form=form, shown=shown, asked=asked, today=today)


@_tables.get(f"/{PLACE}.csv")
async def export_report(console: ConsoleDep, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        asked = asked_of(form)
        table = report_table(console.scope, first=asked.first, last=asked.last)
        return file_of(table, console.scope, session, actor=console.actor, locale=console.who.locale, is_sheet=True)
    raise InvalidRequest([])


@_tables.get(f"/{PLACE}/{{run_id:uuid}}")
async def read_run(run_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    """One reading: what it found, what it took in, what differs now."""
    return _show("run", console, told=await detail(session, console.scope, run_id))


@_asking.post(f"/{PLACE}")
async def begin(
    console: OperatorConsole, session: SessionDep, doorbell: DoorbellDep, request: Request
) -> RedirectResponse:
    """Read a shop's lists again."""
    if console.tenant is None:
        raise InvalidRequest([problem("tenant_id", SHOP_MISSING)])
    asked = _asked({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    made = await _made(session, console, asked)
    for run_id in made:
        after_commit(session, doorbell.after_commit(Bell.RECONCILE, str(run_id)))
    to = f"{PLACE}/{made[0]}" if len(made) == 1 else PLACE
    return RedirectResponse(console.to(to), _SEE_OTHER)


def _both(face: Face, enter: object) -> None:
    dependencies = [Depends(enter)]  # type: ignore[arg-type]
    router.include_router(_tables, prefix=face.base, dependencies=dependencies)


_both(OPERATOR, through_operator)
_both(SELLER, through_seller)
router.include_router(_asking, prefix=OPERATOR.base)


async def _made(session: AsyncSession, console: Console, asked: Asked) -> list[UUID]:
    return await ask(
        session,
        since=midnight(asked.first),
        until=midnight(asked.last + _DAY),
        actor=console.actor,
        now=clock.now(),
        settings=get_settings(),
        tenant_id=console.scope.tenant_id,
    )


def _asked(fields: dict[str, str]) -> Asked:
    try:
        return asked_of(Form(fields, ""))
    except ValidationError as wrong:
        raise invalid(wrong) from None


def _show(name: str, console: Console, *, http_status: int = 200, **context: Any) -> Response:
    more = {"console": console, "say": DaySayings(console.who.locale), **context}
    return page(f"reconciliation/{name}.html", console.who, http_status=http_status, **more)
