"""Where the hub stands, and what needs somebody first."""

from collections.abc import Mapping, Sequence
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
from tracking_core.reporting.connections import ConnectionRow, Trouble
from tracking_core.reporting.deliveries import DeliverySearch, ReasonCount
from tracking_core.reporting.directory import tenants_named
from tracking_core.reporting.in_time import UNCOUNTED, in_time
from tracking_core.reporting.pages import Place
from tracking_core.reporting.sales import SaleSearch
from tracking_core.reporting.scope import Period

router = APIRouter()
LATELY = timedelta(days=30)
_TENANTS, _TOLD, _CASES = 25, 5, 100


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for a person. ``connections`` is how many are in which trouble, ``held`` and ``tripped`` the newest of
    them; ``reasons`` are of the dead that may still be sent again, ``late`` the cases nobody answered in time."""

    connections: Mapping[Trouble, int]
    held: Sequence[ConnectionRow]
    tripped: Sequence[ConnectionRow]
    reasons: Sequence[ReasonCount]
    late: Sequence[dict[str, Any]]

    @property
    def dead(self) -> int:
        return sum(one.deliveries for one in self.reasons)

    @property
    def is_needed(self) -> bool:
        return bool(self.held or self.tripped or self.reasons or self.late)


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
    lately = SaleSearch(period=Period(since))
    totals = await in_time(session, lambda: sales.totals(session, console.scope, lately))
    place = (after, after_id) if after_id else None
    rows = await tenants_named(session, q, since=since, limit=_TENANTS + 1, after=place)
    context: dict[str, Any] = {"q": q, "tenants": rows[:_TENANTS], "has_more": len(rows) > _TENANTS}
    attention = await _attention(session, console, request)
    context |= {"totals": totals, "uncounted": UNCOUNTED, "since": since}
    return show("overview", console, attention=attention, **context)


async def _attention(session: AsyncSession, console: Console, request: Request) -> Attention:
    scope, slots = console.scope, request.app.state.settings.delivery_slots
    place = Place(connections.TABLE, limit=_TOLD)
    held, tripped = [
        (await connections.health(session, scope, place, slots=slots, trouble=one)).items
        for one in (Trouble.HELD, Trouble.TRIPPED)
    ]
    cases = await queue(session, tenant_id=scope.tenant_id, limit=_CASES, after=None, now=clock.now())
    dead = DeliverySearch(state=DeliveryState.DEAD, can_replay=True)
    return Attention(
        connections=await connections.in_trouble(session, scope),
        held=held,
        tripped=tripped,
        reasons=await deliveries.by_reason(session, scope, dead),
        late=[one for one in cases if one["seconds_left"] is not None and one["seconds_left"] < 0],
    )
