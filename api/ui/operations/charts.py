"""How things went over time."""

from datetime import timedelta
from enum import StrEnum

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.operations_queries import SeriesQuery
from api.ui.operations.charting import LINES_MAX, charts_of
from api.ui.operations.deliveries import choices_of
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.kit import clock
from tracking_core.reporting import series as reporting
from tracking_core.reporting.series import GroupBy, Series

router = APIRouter(prefix="/charts")


class Range(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_SPANS = {
    Range.HOUR: timedelta(hours=1),
    Range.DAY: timedelta(days=1),
    Range.WEEK: timedelta(days=7),
    Range.MONTH: timedelta(days=30),
    Range.QUARTER: timedelta(days=90),
}


class ChartsQuery(SeriesQuery):
    """``range`` ends now; days that are named go before it."""

    range: Range = Range.DAY


@router.get("")
async def look(console: OperatorConsole, session: SessionDep, request: Request) -> Response:
    defaults = {"range": Range.DAY.value, "group_by": GroupBy.NONE.value}
    form, series = Form({**defaults, **request.query_params}, console.who.locale), None
    with form.checked():
        series = await _series(session, console, form.read(ChartsQuery))
    return show(
        "charts",
        console,
        form=form,
        series=series,
        charts=charts_of(series) if series else [],
        choices=await choices_of(session, console),
        lines_max=LINES_MAX,
    )


async def _series(session: AsyncSession, console: Console, asked: ChartsQuery) -> Series:
    if asked.since is None and asked.until is None:
        asked = asked.model_copy(update={"since": clock.now() - _SPANS[asked.range]})
    return await reporting.series(session, console.scope, asked.search)
