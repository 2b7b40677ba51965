"""Where the hub stands, and what needs somebody first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.operations_queries import Word
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.operations.showing import show
from tracking_core.handoff.queue import queue
from tracking_core.kit import clock
from tracking_core.models import DeliveryState
from tracking_core.reporting import connections, deliveries, sales
from tracking_core.reporting.connections import Breaker, Condition, ConnectionRow
from tracking_core.reporting.deliveries import DeliverySearch, ReasonCount
from tracking_core.reporting.directory import tenants_named
from tracking_core.reporting.pages import Place
from tracking_core.reporting.sales import SaleSearch
from tracking_core.reporting.scope import Period

router = APIRouter()
LATELY = timedelta(days=30)
_TENANTS, _TROUBLED, _CASES = 25, 50, 100


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for a person. ``reasons`` are of the dead, ``late`` the cases nobody answered in time."""

    held: Sequence[ConnectionRow]
    broken: Sequence[ConnectionRow]
    reasons: Sequence[ReasonCount]
    late: Sequence[dict[str, Any]]

    @property
    def dead(self) -> int:
        return sum(one.deliveries for one in self.reasons)

    @property
    def is_needed(self) -> bool:
        return bool(self.held or self.broken or self.reasons or self.late)


@router.get("")
async def overview(
    console: OperatorConsole,
    session: SessionDep,
    request: Request,
    q: Annotated[Word, Query()] = "",
    after: Annotated[Word, Query()] = "",
    after_id: UUID | None = None,
) -> Response:
    since = clock.now() - LATELY
    totals = await sales.totals(session, console.scope, SaleSearch(period=Period(since)))
    place = (after, after_id) if after_id else None
    rows = await tenants_named(session, q, since=since, limit=_TENANTS + 1, after=place)
    context: dict[str, Any] = {"q": q, "tenants": rows[:_TENANTS], "has_more": len(rows) > _TENANTS}
    attention = await _attention(session, console, request)
    return show("overview", console, totals=totals, attention=attention, since=since, **context)


async def _attention(session: AsyncSession, console: Console, request: Request) -> Attention:
    scope, slots = console.scope, request.app.state.settings.delivery_slots
    place = Place(connections.TABLE, limit=_TROUBLED)
    rows = (await connections.health(session, scope, place, slots=slots, only_troubled=True)).items
    cases = await queue(session, limit=_CASES, after=None, now=clock.now())
    return Attention(
        held=[row for row in rows if row.condition is Condition.ON_HOLD],
        broken=[row for row in rows if row.breaker in (Breaker.OPEN, Breaker.HALF_OPEN)],
        reasons=await deliveries.by_reason(session, scope, DeliverySearch(state=DeliveryState.DEAD)),
        late=[one for one in cases if one["seconds_left"] is not None and one["seconds_left"] < 0],
    )
