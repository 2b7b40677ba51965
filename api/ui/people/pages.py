"""An operator's page of people: who there is, and who is invited."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui.people import person
from api.ui.people.sending import send_invitation
from api.ui.people.views import PEOPLE, invitation_page, list_page, searched
from api.ui.visitor import OperatorDep
from api.ui.visitor import person as signed_in
from tracking_core.errors import NotFound
from tracking_core.i18n import DEFAULT_LOCALE, LOCALES, translate
from tracking_core.mail import smtp
from tracking_core.models import Role
from tracking_core.tenants.errors import TenantClosed
from tracking_core.users import service
from tracking_core.users.errors import EmailMalformed, EmailTaken, NameMalformed, NameTaken

router = APIRouter(prefix=PEOPLE, include_in_schema=False)
_SEE_OTHER = 303
_FIELDS = {
    EmailMalformed: "email",
    EmailTaken: "email",
    NameMalformed: "name",
    NameTaken: "name",
    TenantClosed: "shop",
}


@router.get("")
async def show(
    who: OperatorDep,
    session: SessionDep,
    said: Annotated[str, Query(max_length=100)] = "",
    role: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    chosen = Role(role) if role in set(Role) else None
    return await list_page(session, who, said=searched(said), role=chosen, before=before)


@router.get("/invite")
async def show_invitation(request: Request, who: OperatorDep, session: SessionDep) -> Response:
    return await invitation_page(session, request, who, {"role": Role.SELLER.value, "locale": DEFAULT_LOCALE})


@router.post("/invite")
async def invite(
    request: Request,
    who: OperatorDep,
    session: SessionDep,
    email: Annotated[str, Form(max_length=1_024)] = "",
    name: Annotated[str, Form(max_length=1_024)] = "",
    role: Annotated[Role, Form()] = Role.SELLER,
    locale: Annotated[str, Form(max_length=8)] = "",
    shop: Annotated[str, Form(max_length=64)] = "",
    said: Annotated[str, Form(max_length=100)] = "",
    find: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """With a mail, or without one with the link on the page that follows. With ``find`` the form comes back as it is,
    with the shops whose name holds ``said``, and nobody is invited."""
    typed = {"email": email, "name": name, "role": role.value, "locale": locale, "shop": shop, "said": said}
    if find:
        return await invitation_page(session, request, who, typed)
    asked: dict[str, Any] = {
        "actor": signed_in(who).actor,
        "tenants": _shops(shop) if role is Role.SELLER else (),
        "locale": locale if locale in LOCALES else DEFAULT_LOCALE,
    }
    try:
        async with session.begin_nested():
            user = await service.invite(session, email, name, role, **asked)
    except tuple(_FIELDS) as error:
        errors = {_FIELDS[type(error)]: translate(error.message, who.locale)}
        return await invitation_page(session, request, who, typed, errors)
    if not smtp.is_configured(request.app.state.settings):
        return RedirectResponse(f"{PEOPLE}/{user.id}?done=known", _SEE_OTHER)
    task = await send_invitation(session, request, user, actor=signed_in(who).actor)
    return RedirectResponse(f"{PEOPLE}/{user.id}?done=invited", _SEE_OTHER, background=task)


def _shops(said: str) -> tuple[UUID, ...]:
    """Raises NotFound for what is no shop's id."""
    try:
        return (UUID(said),) if said else ()
    except ValueError:
        raise NotFound(what="tenant") from None


router.include_router(person.router)
