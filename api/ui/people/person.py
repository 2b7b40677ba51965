"""One person: role, shops, links, and the door shut or opened again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui.people.errors import ShutOut
from api.ui.people.sending import new_link, send_invitation
from api.ui.people.views import PEOPLE, person_page, searched
from api.ui.visitor import OperatorDep, Visitor
from api.ui.visitor import person as signed_in
from tracking_core.errors import Forbidden, HubError, NotFound
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.models import Role, User
from tracking_core.staff import service as staff
from tracking_core.tenants.errors import TenantClosed
from tracking_core.users import service
from tracking_core.users.errors import LastOperator, NameTaken

router = APIRouter(include_in_schema=False)
_SEE_OTHER = 303


@router.get("/{user_id}")
async def show(
    user_id: UUID,
    request: Request,
    who: OperatorDep,
    session: SessionDep,
    done: Annotated[str, Query(max_length=20)] = "",
    said: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    user = await service.get(session, user_id)
    return await person_page(session, request, who, user, done=done, said=searched(said))


@router.post("/{user_id}/role")
async def change_role(
    user_id: UUID, request: Request, who: OperatorDep, session: SessionDep, role: Annotated[Role, Form()]
) -> Response:
    """Raises NotFound, Forbidden."""
    _require_another(who, user_id)
    try:
        if role is not Role.OPERATOR:
            await service.require_other_operator(session, user_id)
        async with session.begin_nested():
            await service.change_role(session, user_id, role, actor=signed_in(who).actor, now=clock.now())
    except (LastOperator, NameTaken) as refused:
        return await _refused(session, request, who, user_id, refused)
    return _to(user_id, "role")


@router.post("/{user_id}/shops")
async def let_in(
    user_id: UUID, request: Request, who: OperatorDep, session: SessionDep, shop: Annotated[UUID, Form()]
) -> Response:
    """Raises NotFound."""
    try:
        await service.let_in(session, await service.get(session, user_id), shop, actor=signed_in(who).actor)
    except TenantClosed as refused:
        return await _refused(session, request, who, user_id, refused)
    return _to(user_id, "shop")


@router.post("/{user_id}/shops/{tenant_id}/remove")
async def let_out(user_id: UUID, tenant_id: UUID, who: OperatorDep, session: SessionDep) -> Response:
    """Raises NotFound."""
    await service.let_out(session, await service.get(session, user_id), tenant_id, actor=signed_in(who).actor)
    return _to(user_id, "shop")


@router.post("/{user_id}/send")
async def send(user_id: UUID, request: Request, who: OperatorDep, session: SessionDep) -> Response:
    """By mail. Raises NotFound, ShutOut."""
    user = await _open(session, user_id)
    if not smtp.is_configured(request.app.state.settings):
        raise NotFound(what="page")
    task = await send_invitation(session, request, user, actor=signed_in(who).actor)
    return RedirectResponse(f"{PEOPLE}/{user_id}?done=sent", _SEE_OTHER, background=task)


@router.post("/{user_id}/link")
async def make_link(user_id: UUID, request: Request, who: OperatorDep, session: SessionDep) -> Response:
    """Shown in the answer itself and nowhere again. Raises NotFound, ShutOut."""
    user = await _open(session, user_id)
    link = await new_link(session, request, user, actor=signed_in(who).actor)
    return await person_page(session, request, who, user, link=link)


@router.post("/{user_id}/shut-out")
async def shut_out(user_id: UUID, request: Request, who: OperatorDep, session: SessionDep) -> Response:
    """Raises NotFound, Forbidden."""
    _require_another(who, user_id)
    try:
        await service.require_other_operator(session, user_id)
    except LastOperator as refused:
        return await _refused(session, request, who, user_id, refused)
    await service.shut_out(session, user_id, actor=signed_in(who).actor, now=clock.now())
    return _to(user_id, "out")


@router.post("/{user_id}/keys/{key_id}/revoke")
async def revoke_key(user_id: UUID, key_id: UUID, who: OperatorDep, session: SessionDep) -> Response:
    """A staff key of their name. Raises NotFound, for another's too."""
    user = await service.get(session, user_id)
    if key_id not in {one.id for one in await staff.in_use(session, user.name)}:
        raise NotFound(what="staff key")
    await staff.revoke(session, key_id, actor=signed_in(who).actor, now=clock.now())
    return _to(user_id, "key")


@router.post("/{user_id}/restore")
async def restore(user_id: UUID, request: Request, who: OperatorDep, session: SessionDep) -> Response:
    """Raises NotFound."""
    try:
        await service.restore(session, user_id, actor=signed_in(who).actor)
    except NameTaken as refused:
        return await _refused(session, request, who, user_id, refused)
    return _to(user_id, "in")


def _require_another(who: Visitor, user_id: UUID) -> None:
    """An operator who shut themselves out by mistake could not take it back. Raises Forbidden."""
    if signed_in(who).user.id == user_id:
        raise Forbidden


async def _open(session: AsyncSession, user_id: UUID) -> User:
    user = await service.get(session, user_id)
    if user.disabled_at is not None:
        raise ShutOut
    return user


async def _refused(session: AsyncSession, request: Request, who: Visitor, user_id: UUID, refused: HubError) -> Response:
    """The page again, with the sentence."""
    user = await service.get(session, user_id)
    await session.refresh(user)
    return await person_page(session, request, who, user, error=translate(refused.message, who.locale))


def _to(user_id: UUID, done: str) -> Response:
    return RedirectResponse(f"{PEOPLE}/{user_id}?done={done}", _SEE_OTHER)
