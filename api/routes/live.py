"""``/api/v1/operations/live``: what happens right now, as the console's live page shows it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.deps import SessionDep
from api.operators import OperatorDep
from api.routes.operations import locale_of, scope_of
from api.routes.operations_queries import ScopeQuery
from tracking_core.delivery.replay_selection import Moment
from tracking_core.kit import clock
from tracking_core.reporting.live import newest
from tracking_core.reporting.live_feed import OVERLAP
from tracking_core.reporting.pages import PAGE_MAX
from tracking_core.reporting.sentences import told

router = APIRouter(prefix="/api/v1/operations/live", tags=["operations"])


class LiveQuery(ScopeQuery):
    """``after`` is the ``next`` of an answer before; without it, the last half hour."""

    after: Moment | None = None
    limit: int = Field(default=100, ge=1, le=PAGE_MAX)


@router.get("")
async def read_live(
    asked: Annotated[LiveQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Sales that came, their match, what Meta said, newest first. ``next`` is where to go on: a row that became visible
    late is told then, and one of the last seconds may be told again under the same ``key``. ``has_more``: older ones
    did not fit ``limit``."""
    now, since = clock.now(), asked.after - OVERLAP if asked.after else None
    scope = await scope_of(session, asked)
    rows = await newest(session, scope, now=now, limit=asked.limit + 1, after=since)
    shown = told(rows[: asked.limit], locale_of(request))
    return {"items": shown, "next": now.isoformat(), "has_more": len(rows) > asked.limit}
