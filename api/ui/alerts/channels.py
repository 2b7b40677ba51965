"""Channels added, tested, changed and removed, wherever that is: the same forms at every place."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui.alerts.places import Place, PlaceDep
from api.ui.alerts.showing import show_place
from tracking_core.alerts.channels import proving, service
from tracking_core.alerts.channels.errors import ChannelKnown, ChannelsFull, TargetRefused
from tracking_core.alerts.channels.service import Added
from tracking_core.errors import HubError
from tracking_core.i18n import translate
from tracking_core.models import ChannelKind, Severity
from tracking_core.users.errors import EmailMalformed

router = APIRouter(prefix="/channels")
_SEE_OTHER = 303


@router.post("")
async def add(
    place: PlaceDep,
    session: SessionDep,
    request: Request,
    kind: Annotated[ChannelKind, Form()],
    target: Annotated[str, Form(max_length=2_048)] = "",
    min_severity: Annotated[Severity, Form()] = Severity.TICKET,
) -> Response:
    """Read there in the language of whoever adds it. A webhook's secret is in this answer and nowhere again."""
    try:
        async with session.begin_nested():
            added = await _added(session, place, request, kind, target, min_severity)
    except (EmailMalformed, TargetRefused, ChannelKnown, ChannelsFull) as refused:
        return await _refused(session, place, refused, kind, target, min_severity)
    if added.secret:
        return await show_place(session, place, added=str(added.channel.id), secret=added.secret)
    return _to(place, added.channel.id, "added")


@router.post("/{channel_id}/test")
async def prove(channel_id: UUID, place: PlaceDep, request: Request) -> Response:
    """Raises NotFound, TooManyTests."""
    settings = request.app.state.settings
    await proving.prove(place.tenant_id, channel_id, actor=place.actor, settings=settings)
    return _to(place, channel_id, "tested")


@router.post("/{channel_id}/change")
async def change(
    channel_id: UUID,
    place: PlaceDep,
    session: SessionDep,
    min_severity: Annotated[Severity | None, Form()] = None,
    enabled: Annotated[bool | None, Form()] = None,
) -> Response:
    """Raises NotFound."""
    await service.change(
        session, place.tenant_id, channel_id, min_severity=min_severity, enabled=enabled, actor=place.actor
    )
    return _to(place, channel_id, "saved")


@router.post("/{channel_id}/remove")
async def remove(channel_id: UUID, place: PlaceDep, session: SessionDep) -> Response:
    """Raises NotFound."""
    await service.remove(session, place.tenant_id, channel_id, actor=place.actor)
    return RedirectResponse(place.to(saved="removed") + "#channels", _SEE_OTHER)


async def _added(
    session: AsyncSession, place: Place, request: Request, kind: ChannelKind, target: str, severity: Severity
) -> Added:
    return await service.add(
        session,
        place.tenant_id,
        kind,
        target.strip(),
        min_severity=severity,
        locale=place.who.locale,
        trusted_origins=request.app.state.settings.probe_trusted_origins,
        actor=place.actor,
    )


async def _refused(
    session: AsyncSession, place: Place, refused: HubError, kind: ChannelKind, target: str, severity: Severity
) -> Response:
    """The form as it was sent; of a URL, which is a secret, nothing is shown again."""
    message = translate(refused.message, place.who.locale).format(**refused.params)
    given = {"kind": kind.value, "min_severity": severity.value, "target": target if kind is ChannelKind.EMAIL else ""}
    return await show_place(session, place, http_status=refused.status, wrong={"target": message}, given=given)


def _to(place: Place, channel_id: UUID, what: str) -> Response:
    return RedirectResponse(place.to(**{what: channel_id}) + f"#channel-{channel_id}", _SEE_OTHER)
