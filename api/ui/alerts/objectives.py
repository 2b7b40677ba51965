"""What is promised and whether it is kept, for the whole hub or one shop: what is open now comes first."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui.alerts import views
from api.ui.alerts.places import OBJECTIVES
from api.ui.alerts.showing import scope_of, show
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.visitor import OperatorDep, person
from tracking_core.alerts import service
from tracking_core.alerts.listing import AlertView
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.models import AlertState
from tracking_core.reporting.pages import Place as At
from tracking_core.reporting.scope import EVERYONE

router = APIRouter(prefix=OBJECTIVES)
SEE_OTHER = 303
HOURS = (1, 4, 24, 168)
_SHOWN = 20


@router.get("")
async def read(
    console: OperatorConsole, session: SessionDep, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Raises NotFound, InvalidRequest."""
    now, locale, scope = clock.now(), console.who.locale, scope_of(console.tenant)
    open_ = await service.open_alerts(session, scope)
    past = await service.list_alerts(
        session, scope, At(service.TABLE, cursor, limit=_SHOWN), state=AlertState.RECOVERED
    )
    return show(
        "objectives",
        console.who,
        tenant=console.tenant,
        cards=[views.alert_card(one, locale, now) for one in open_],
        shops=await _shops(session, console, open_),
        objectives=await service.objectives(session, scope, now),
        past=[views.alert_card(one, locale, now) for one in past.items],
        next=past.next,
        cursor=cursor,
        hours=HOURS,
    )


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(
    alert_id: UUID, who: OperatorDep, session: SessionDep, tenant_id: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Raises NotFound."""
    await service.acknowledge(session, EVERYONE, alert_id, actor=person(who).actor, now=clock.now())
    return _back(alert_id, tenant_id)


@router.post("/alerts/{alert_id}/silence")
async def silence(
    alert_id: UUID,
    who: OperatorDep,
    session: SessionDep,
    request: Request,
    hours: Annotated[int, Form(ge=1, le=max(HOURS))] = HOURS[0],
    reason: Annotated[str, Form(max_length=200, pattern=r"^[^\x00]*$")] = "",
    tenant_id: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Of the alert's objective, for its shop. Raises NotFound; of the hub's own it covers every shop's too."""
    seen, now = await service.alert(session, EVERYONE, alert_id), clock.now()
    await service.silence(
        session,
        tenant_id=seen.tenant_id,
        objective=seen.objective,
        starts_at=now,
        ends_at=now + timedelta(hours=hours),
        reason=reason.strip(),
        actor=person(who).actor,
        now=now,
    )
    return _back(alert_id, tenant_id)


async def _shops(session: AsyncSession, console: Console, open_: list[AlertView]) -> list[tuple[UUID, str]]:
    """Those with something open, and the one that is looked at."""
    everywhere = open_ if console.tenant is None else await service.open_alerts(session, EVERYONE)
    found = {one.tenant_id: one.tenant_name or "" for one in everywhere if one.tenant_id}
    if console.tenant is not None:
        found[console.tenant.id] = console.tenant.name
    return sorted(found.items(), key=lambda one: one[1].casefold())


def _back(alert_id: UUID, tenant_id: str) -> Response:
    try:
        query = f"?tenant_id={UUID(tenant_id)}" if tenant_id else ""
    except ValueError:
        raise NotFound(what="tenant") from None
    return RedirectResponse(f"{OBJECTIVES}{query}#alert-{alert_id}", SEE_OTHER)
