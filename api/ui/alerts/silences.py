"""Maintenance: what is known to break is told to nobody for a while."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.field_errors import localised
from api.ui.alerts.places import SILENCES
from api.ui.alerts.showing import scope_of, show
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.visitor import person
from tracking_core.alerts import service
from tracking_core.alerts.registry import Code
from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest
from tracking_core.handoff.sla import ZONE
from tracking_core.kit import clock
from tracking_core.models import Tenant
from tracking_core.reporting.scope import EVERYONE
from tracking_core.tenants import service as tenants

router = APIRouter(prefix=SILENCES)
NO_MOMENT = "Enter a day and a time."
NO_REASON = "Say in a few words why."
SENTENCES = (NO_MOMENT, NO_REASON)
_SEE_OTHER, _UNPROCESSABLE = 303, 422


@router.get("")
async def read(console: OperatorConsole, session: SessionDep) -> Response:
    """Raises NotFound."""
    return await _page(session, console, {}, {})


@router.post("")
async def add(
    console: OperatorConsole,
    session: SessionDep,
    objective: Annotated[str, Form(max_length=40)] = "",
    starts_at: Annotated[str, Form(max_length=40)] = "",
    ends_at: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=200, pattern=r"^[^\x00]*$")] = "",
) -> Response:
    """Of the shop that is named, or of everything. Times are those of São Paulo. Raises NotFound."""
    said = {"objective": objective, "starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    try:
        await _silence(session, console, said)
    except InvalidRequest as wrong:
        errors = {one["field"]: localised(one, console.who.locale)["message"] for one in wrong.errors}
        return await _page(session, console, said, errors)
    return RedirectResponse(_to(console.tenant), _SEE_OTHER)


@router.post("/{silence_id}/end")
async def end(silence_id: UUID, console: OperatorConsole, session: SessionDep) -> Response:
    """Raises NotFound."""
    await service.end_silence(session, EVERYONE, silence_id, actor=console.actor, now=clock.now())
    return RedirectResponse(_to(console.tenant), _SEE_OTHER)


async def _silence(session: AsyncSession, console: Console, said: dict[str, str]) -> None:
    now, reason = clock.now(), " ".join(said["reason"].split())
    starts_at, ends_at = (_moment(said[name]) for name in ("starts_at", "ends_at"))
    problems = [] if ends_at else [problem("ends_at", NO_MOMENT)]
    problems += [problem("starts_at", NO_MOMENT)] if said["starts_at"] and starts_at is None else []
    problems += [] if reason else [problem("reason", NO_REASON)]
    if problems or ends_at is None:
        raise InvalidRequest(problems)
    await service.silence(
        session,
        tenant_id=console.tenant.id if console.tenant else None,
        objective=Code(said["objective"]) if said["objective"] in set(Code) else None,
        starts_at=starts_at or now,
        ends_at=ends_at,
        reason=reason,
        actor=person(console.who).actor,
        now=now,
    )


async def _page(session: AsyncSession, console: Console, said: dict[str, str], errors: dict[str, str]) -> Response:
    rows = await service.silences(session, scope_of(console.tenant), clock.now())
    named = {one.tenant_id: (await tenants.get(session, one.tenant_id)).name for one in rows if one.tenant_id}
    status = _UNPROCESSABLE if errors else 200
    context = {"silences": rows, "named": named, "said": said, "errors": errors}
    return show("silences", console.who, tenant=console.tenant, http_status=status, **context)


def _moment(said: str) -> datetime | None:
    """As a field for a day and a time sends it."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=ZONE)
    except ValueError:
        return None


def _to(tenant: Tenant | None) -> str:
    return f"{SILENCES}?tenant_id={tenant.id}" if tenant else SILENCES
