"""``/api/v1/operations/people``: who signs in to the pages. Invited, given a role and shops, shut out, let back in; for
an operator with a staff key."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import SessionDep
from api.operators import OperatorDep
from api.routes.operations_queries import Word
from api.staff import StaffCaller
from api.ui.people.errors import ShutOut
from api.ui.people.sending import new_link, send_invitation
from tracking_core.i18n import DEFAULT_LOCALE, LOCALES
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.models import Role, User
from tracking_core.users import directory, links, service, web_sessions

router = APIRouter(prefix="/api/v1/operations/people", tags=["operations"])
_CONFLICTS: dict[int | str, dict[str, Any]] = {
    409: {"description": "`last_operator`, `user_name_taken`, `email_taken` or `user_shut_out`"}
}
Locale = Annotated[str, StringConstraints(pattern=f"^({'|'.join(LOCALES)})$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Invitation(_Body):
    """``tenant_ids`` are the shops of a seller."""

    email: str = Field(max_length=1_024, repr=False)
    name: str = Field(max_length=1_024, repr=False)
    role: Role = Role.SELLER
    tenant_ids: list[UUID] = Field(default=[], max_length=100)
    locale: Locale = DEFAULT_LOCALE
    send_mail: bool = True


class RoleChange(_Body):
    role: Role


@router.get("")
async def list_people(
    _operator: OperatorDep,
    session: SessionDep,
    said: Annotated[Word, Query()] = "",
    role: Role | None = None,
    before: UUID | None = None,
) -> dict[str, Any]:
    """The newest first; ``said`` is a part of the name or of the e-mail, ``before`` the ``next`` of the page before."""
    rows = await directory.people(session, said=said, role=role, before=before)
    shown = rows[: directory.PAGE]
    items = [{**_told(row.user), "shops": row.shops, "seen_at": row.seen_at} for row in shown]
    return {"items": items, "next": shown[-1].user.id if len(rows) > len(shown) else None}


@router.post("", status_code=201, responses=_CONFLICTS)
async def invite(
    wanted: Invitation, operator: OperatorDep, session: SessionDep, request: Request, background: BackgroundTasks
) -> dict[str, Any]:
    """A new person, who gets their link by mail where one can be sent (``is_mailed``); else make one. 422:
    `email_malformed`, `name_malformed`."""
    who = _actor(operator)
    tenants = wanted.tenant_ids if wanted.role is Role.SELLER else ()
    user = await service.invite(
        session, wanted.email, wanted.name, wanted.role, actor=who, tenants=tenants, locale=wanted.locale
    )
    is_mailed = wanted.send_mail and smtp.is_configured(request.app.state.settings)
    if is_mailed:
        background.add_task(await send_invitation(session, request, user, actor=who))
    await session.refresh(user)
    return {**await _whole(session, user), "is_mailed": is_mailed}


@router.get("/{user_id}")
async def read_person(user_id: UUID, _operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """With their shops and the browsers that are signed in."""
    return await _whole(session, await service.get(session, user_id))


@router.put("/{user_id}/role", responses=_CONFLICTS)
async def change_role(user_id: UUID, wanted: RoleChange, operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """Another role signs them out everywhere."""
    if wanted.role is not Role.OPERATOR:
        await _require_not_the_last(session, user_id)
    await service.change_role(session, user_id, wanted.role, actor=_actor(operator), now=clock.now())
    return await _whole(session, await service.get(session, user_id))


@router.put("/{user_id}/shops/{tenant_id}")
async def let_in(user_id: UUID, tenant_id: UUID, operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """The shop is theirs to see."""
    user = await service.get(session, user_id)
    await service.let_in(session, user, tenant_id, actor=_actor(operator))
    return await _whole(session, user)


@router.delete("/{user_id}/shops/{tenant_id}")
async def let_out(user_id: UUID, tenant_id: UUID, operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """The shop is theirs no more."""
    user = await service.get(session, user_id)
    await service.let_out(session, user, tenant_id, actor=_actor(operator))
    return await _whole(session, user)


@router.post("/{user_id}/link", status_code=201, responses=_CONFLICTS)
async def make_link(
    user_id: UUID, operator: OperatorDep, session: SessionDep, request: Request, response: Response
) -> dict[str, Any]:
    """A link that signs them in once, told only here; those made before open nothing any more."""
    user = await service.get(session, user_id)
    if user.disabled_at is not None:
        raise ShutOut
    link = await new_link(session, request, user, actor=_actor(operator))
    response.headers["Cache-Control"] = "no-store"
    return {"link": link, "expires_at": clock.now() + links.INVITATION_LIFE}


@router.post("/{user_id}/shut-out", responses=_CONFLICTS)
async def shut_out(user_id: UUID, operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """Nothing of theirs opens anything any more."""
    await _require_not_the_last(session, user_id)
    return await _whole(session, await service.shut_out(session, user_id, actor=_actor(operator), now=clock.now()))


@router.post("/{user_id}/restore", responses=_CONFLICTS)
async def restore(user_id: UUID, operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """They may come in again, with a new link or their password."""
    return await _whole(session, await service.restore(session, user_id, actor=_actor(operator)))


async def _require_not_the_last(session: AsyncSession, user_id: UUID) -> None:
    """Raises NotFound, LastOperator."""
    if (await service.get(session, user_id)).role == Role.OPERATOR:
        await service.require_other_operator(session, user_id)


def _actor(operator: StaffCaller) -> str:
    return f"staff:{operator.name}"


async def _whole(session: AsyncSession, user: User) -> dict[str, Any]:
    shops = await service.tenants_of(session, user) if user.role == Role.SELLER else []
    browsers = await web_sessions.of_user(session, user, now=clock.now())
    return {
        **_told(user),
        "signs_in_by": [way for way, has in (("password", user.password_hash), ("provider", user.oidc_subject)) if has],
        "tenants": [{"id": one.id, "name": one.name} for one in shops],
        "browsers": [{"seen_at": one.seen_at, "expires_at": one.expires_at} for one in browsers],
    }


def _told(user: User) -> dict[str, Any]:
    known: dict[str, str | UUID | datetime | None] = {
        name: getattr(user, name) for name in ("id", "email", "name", "role", "locale", "created_at", "disabled_at")
    }
    return known
