"""Alerts and objectives: a tenant's own by its key; any tenant's, or the whole hub's, by our own people."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import SessionDep, TenantDep
from api.operators import OperatorDep
from api.routes.operations_queries import ScopeQuery, TableQuery, Word
from api.staff import StaffDep
from tracking_core.alerts import service as alerts
from tracking_core.alerts.service import Code, ObjectiveChange
from tracking_core.delivery.replay_selection import Moment
from tracking_core.i18n import negotiate, translate
from tracking_core.kit import clock
from tracking_core.models import AlertState
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import told
from tracking_core.tenants import service as tenants

router = APIRouter(prefix="/api/v1", tags=["alerts"])
operations = APIRouter(prefix="/api/v1/operations", tags=["operations"])
_ACTOR, _OURS = "tenant_api", "support"
MAINTENANCE = "Our team is working on something."
Whose = Annotated[UUID | None, Query(description="Of this tenant; the hub's own without it.")]


class AlertsQuery(TableQuery):
    """``state`` open or recovered; both without it."""

    state: AlertState | None = None
    objective: Code | None = None


class NewSilence(BaseModel):
    """From now without ``starts_at``; of every objective without ``objective``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    objective: Code | None = None
    starts_at: Moment | None = None
    ends_at: Moment
    reason: Word = Field(min_length=1)


class OperatorSilence(NewSilence):
    """Of everything without ``tenant_id``."""

    tenant_id: UUID | None = None


@router.get("/alerts")
async def list_alerts(
    asked: Annotated[AlertsQuery, Query()], tenant: TenantDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Newest first. ``evaluated_at`` is when they were last looked at: long ago, no scheduler runs."""
    return _to_tenant(await _listed(session, Scope(tenant.id), asked, request), request)


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge_alert(alert_id: UUID, tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Somebody is on it: no reminder follows. Who was first stays."""
    return _to_tenant(await _acknowledged(session, Scope(tenant.id), alert_id, _ACTOR, request), request)


@router.get("/alert-silences")
async def list_silences(tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Those that last or are to come, also the hub's own of everything."""
    return _to_tenant(await _silences(session, Scope(tenant.id), request), request)


@router.post("/alert-silences", status_code=201)
async def silence_alerts(
    wanted: NewSilence, tenant: TenantDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Tell nobody of what opens meanwhile; it is recorded, and told at the end if it is still open."""
    return await _silenced(session, tenant.id, wanted, _ACTOR, request)


@router.delete("/alert-silences/{silence_id}")
async def end_silence(silence_id: UUID, tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """End it at once."""
    return _to_tenant(await _ended(session, Scope(tenant.id), silence_id, _ACTOR, request), request)


@router.get("/objectives")
async def list_objectives(tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Each with its numbers and their bounds, its error budget where it has one, and its open alerts."""
    return _to_tenant(await _objectives(session, Scope(tenant.id), request), request)


@router.put("/objectives/{code}")
async def change_objective(
    code: str, wanted: ObjectiveChange, tenant: TenantDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Set what is named; a number that is null goes back to the default."""
    return _to_tenant(await _changed(session, tenant.id, code, wanted, _ACTOR, request), request)


@operations.get("/alerts")
async def list_all_alerts(
    asked: Annotated[AlertsQuery, Query()], _staff: StaffDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Of one tenant; without ``tenant_id`` of all tenants and of the hub itself."""
    return await _listed(session, await _scope(session, asked), asked, request)


@operations.post("/alerts/{alert_id}/acknowledge")
async def acknowledge_any_alert(
    alert_id: UUID, staff: StaffDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """The same, of any."""
    return await _acknowledged(session, EVERYONE, alert_id, f"staff:{staff.name}", request)


@operations.get("/alert-silences")
async def list_all_silences(_staff: StaffDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """All that last or are to come."""
    return await _silences(session, EVERYONE, request)


@operations.post("/alert-silences", status_code=201)
async def silence_any_alerts(
    wanted: OperatorSilence, operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Of one tenant, or without ``tenant_id`` of everything."""
    return await _silenced(session, wanted.tenant_id, wanted, f"staff:{operator.name}", request)


@operations.delete("/alert-silences/{silence_id}")
async def end_any_silence(
    silence_id: UUID, operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """End it at once."""
    return await _ended(session, EVERYONE, silence_id, f"staff:{operator.name}", request)


@operations.get("/objectives")
async def list_any_objectives(
    asked: Annotated[ScopeQuery, Query()], _staff: StaffDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Of one tenant; without ``tenant_id`` the hub's own, measured over all tenants."""
    return await _objectives(session, await _scope(session, asked), request)


@operations.put("/objectives/{code}")
async def change_any_objective(
    code: str,
    wanted: ObjectiveChange,
    operator: OperatorDep,
    session: SessionDep,
    request: Request,
    tenant_id: Whose = None,
) -> dict[str, Any]:
    """The same for any tenant, or for the hub's own."""
    return await _changed(session, tenant_id, code, wanted, f"staff:{operator.name}", request)


async def _scope(session: AsyncSession, asked: ScopeQuery) -> Scope:
    return EVERYONE if asked.tenant_id is None else Scope((await tenants.get(session, asked.tenant_id)).id)


async def _listed(session: AsyncSession, scope: Scope, asked: AlertsQuery, request: Request) -> dict[str, Any]:
    place = asked.place(alerts.TABLE)
    page = await alerts.list_alerts(session, scope, place, state=asked.state, objective=asked.objective)
    evaluated_at: datetime | None = await alerts.evaluated_at(session)
    return {"items": told(page.items, _locale(request)), "next": page.next, "evaluated_at": evaluated_at}


async def _acknowledged(
    session: AsyncSession, scope: Scope, alert_id: UUID, actor: str, request: Request
) -> dict[str, Any]:
    return _said(await alerts.acknowledge(session, scope, alert_id, actor=actor, now=clock.now()), request)


async def _silences(session: AsyncSession, scope: Scope, request: Request) -> dict[str, Any]:
    return {"items": told(await alerts.silences(session, scope, clock.now()), _locale(request))}


async def _silenced(
    session: AsyncSession, tenant_id: UUID | None, wanted: NewSilence, actor: str, request: Request
) -> dict[str, Any]:
    now = clock.now()
    made = await alerts.silence(
        session,
        tenant_id=tenant_id,
        objective=wanted.objective,
        starts_at=wanted.starts_at or now,
        ends_at=wanted.ends_at,
        reason=wanted.reason,
        actor=actor,
        now=now,
    )
    return _said(made, request)


async def _ended(session: AsyncSession, scope: Scope, silence_id: UUID, actor: str, request: Request) -> dict[str, Any]:
    return _said(await alerts.end_silence(session, scope, silence_id, actor=actor, now=clock.now()), request)


async def _objectives(session: AsyncSession, scope: Scope, request: Request) -> dict[str, Any]:
    return {"items": told(await alerts.objectives(session, scope, clock.now()), _locale(request))}


async def _changed(
    session: AsyncSession, tenant_id: UUID | None, code: str, wanted: ObjectiveChange, actor: str, request: Request
) -> dict[str, Any]:
    made = await alerts.set_objective(session, tenant_id, code, wanted, actor=actor, now=clock.now())
    return _said(made, request)


def _to_tenant(said: dict[str, Any], request: Request) -> dict[str, Any]:
    """Who of our people it was, and what they wrote for each other, is nothing for a tenant."""
    shown: dict[str, Any] = _without_names(said, translate(MAINTENANCE, _locale(request)))
    return shown


def _without_names(said: Any, reason: str) -> Any:
    if isinstance(said, list):
        return [_without_names(one, reason) for one in said]
    if not isinstance(said, dict):
        return said
    shown = {name: _without_names(one, reason) for name, one in said.items()}
    for name in ("created_by", "acknowledged_by"):
        if shown.get(name) not in (None, _ACTOR):
            shown[name] = _OURS
    return {**shown, "reason": reason} if shown.get("created_by") == _OURS else shown


def _said(made: object, request: Request) -> dict[str, Any]:
    said: dict[str, Any] = told(made, _locale(request))
    return said


def _locale(request: Request) -> str:
    return negotiate(request.headers.get("accept-language"))
