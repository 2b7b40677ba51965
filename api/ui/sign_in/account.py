"""One's own account: the browsers that are signed in, the language, the password."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.cookies import LOCALE, SessionCookie, prefer
from api.ui.rendering import Lenient, page
from api.ui.setup import times
from api.ui.sign_in.addresses import ACCOUNT, PASSWORD, TEAM
from api.ui.sign_in.letting_in import SEE_OTHER, let_in, network_of
from api.ui.visitor import SignedInDep, Visitor, person
from tracking_core.db.engine import transaction
from tracking_core.i18n import LOCALES, translate
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.models import Role
from tracking_core.users import by_password, mail, passwords, service, web_sessions
from tracking_core.users.errors import FieldMalformed, SignInRefused
from tracking_core.users.mail import LinkMail, Purpose

router = APIRouter(include_in_schema=False)
_UNPROCESSABLE = 422
_NOT_SAME = "The two do not match. Write the new password twice."
_WRONG = "This is not your password."
SENTENCES = (_NOT_SAME, _WRONG)
_ADDRESSES: dict[str, Any] = {"account": ACCOUNT, "password": PASSWORD}
_Secret = Annotated[str, Form(max_length=1_024)]


@router.get(ACCOUNT)
async def show(who: SignedInDep, session: SessionDep) -> Response:
    me = person(who)
    browsers = await web_sessions.of_user(session, me.user, now=clock.now())
    has_password = me.role is not Role.SELLER and me.user.password_hash is not None
    return page(
        "sign_in/account.html",
        who,
        me=me,
        browsers=browsers,
        has_password=has_password,
        at=partial(times.told, locale=who.locale),
        **_ADDRESSES,
    )


@router.post(f"{ACCOUNT}/language")
async def speak(who: SignedInDep, session: SessionDep, locale: Annotated[str, Form(max_length=8)] = "") -> Response:
    """Of the pages in this browser, and of what is written to them."""
    response = RedirectResponse(ACCOUNT, SEE_OTHER)
    if locale in LOCALES:
        await service.speak(session, person(who).user.id, locale)
        prefer(response, LOCALE, locale)
    return response


@router.post(f"{ACCOUNT}/browsers/end")
async def end_all(request: Request, who: SignedInDep, session: SessionDep) -> Response:
    """Signed out everywhere, here too."""
    me = person(who)
    await web_sessions.end_all(session, me.user.id, actor=me.actor, now=clock.now())
    return _signed_out(request)


@router.post(f"{ACCOUNT}/browsers/{{web_session_id}}/end")
async def end_one(web_session_id: UUID, request: Request, who: SignedInDep, session: SessionDep) -> Response:
    await web_sessions.end_own(session, person(who), web_session_id, now=clock.now())
    if web_session_id == person(who).web_session_id:
        return _signed_out(request)
    return RedirectResponse(ACCOUNT, SEE_OTHER)


@router.get(PASSWORD)
async def show_password(who: SignedInDep) -> Response:
    """Raises PasswordNotTheirs."""
    return await _password_form(who)


@router.post(PASSWORD)
async def set_password(
    request: Request, who: SignedInDep, current: _Secret = "", password: _Secret = "", again: _Secret = ""
) -> Response:
    """Signed out everywhere else, and told so by mail. Raises PasswordNotTheirs, TooManySignIns."""
    if password != again:
        return await _password_form(who, again=translate(_NOT_SAME, who.locale))
    try:
        begun = await by_password.change(
            person(who), password, current=current, network=network_of(request), now=clock.now()
        )
    except SignInRefused:
        return await _password_form(who, current=translate(_WRONG, who.locale))
    except FieldMalformed as malformed:
        message = translate(malformed.message, who.locale)
        return await _password_form(who, password=message.format(**malformed.params))
    response = let_in(request, begun, None)
    settings = request.app.state.settings
    if smtp.is_configured(settings):
        told = LinkMail(begun.user, Purpose.CHANGED, f"{settings.base_url}{TEAM}", None)
        response.background = BackgroundTask(mail.send, told, settings)
    return response


async def _password_form(who: Visitor, **errors: str) -> Response:
    async with transaction() as session:
        is_asked = await by_password.needs_current(session, person(who), now=clock.now())
    return page(
        "sign_in/password.html",
        who,
        http_status=_UNPROCESSABLE if errors else 200,
        me=person(who),
        is_asked=is_asked,
        errors=Lenient(errors),
        shortest=passwords.SHORTEST,
        **_ADDRESSES,
    )


def _signed_out(request: Request) -> Response:
    response = RedirectResponse(paths.SIGN_IN, SEE_OTHER)
    SessionCookie(request.app.state.settings).clear(response)
    return response
