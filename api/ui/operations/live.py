"""What happens now, and goes on happening: the page asks again for what is newer than what it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.deps import SessionDep
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.operations.showing import show
from tracking_core.delivery.replay_selection import Moment
from tracking_core.kit import clock
from tracking_core.reporting.live import LiveRow, newest

router = APIRouter(prefix="/live")
SHOWN = 100
# What is committed a little after its own time is asked for once more; the page knows what it has.
_OVERLAP = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Now:
    """``until`` is the time up to which the rows are known."""

    rows: Sequence[LiveRow]
    until: datetime


@router.get("")
async def watch(console: OperatorConsole, session: SessionDep) -> Response:
    return show("live", console, live=await _now(session, console, None), shown=SHOWN)


@router.get("/rows")
async def rows(console: OperatorConsole, session: SessionDep, after: Annotated[Moment, Query()]) -> Response:
    """The newer ones, and where to ask from the next time."""
    return show("live_rows", console, live=await _now(session, console, after - _OVERLAP))


async def _now(session: AsyncSession, console: Console, after: datetime | None) -> Now:
    now = clock.now()
    return Now(await newest(session, console.scope, now=now, limit=SHOWN, after=after), now)
