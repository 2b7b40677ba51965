"""Signing in by a link, and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.cookies import SessionCookie
from api.ui.rendering import page
from api.ui.sign_in import account, asked, provider, team
from api.ui.sign_in.addresses import LINK, SENT, TEAM
from api.ui.sign_in.letting_in import SEE_OTHER, let_in, network_of
from api.ui.visitor import Visitor, VisitorDep
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.users import links, throttle, web_sessions
from tracking_core.users.errors import EmailMalformed, SignInLinkInvalid
from tracking_core.users.fields import email_of
from tracking_core.users.throttle import Attempt
from tracking_core.users.web_sessions import How

router = APIRouter(include_in_schema=False)
for other in (team, provider, account):
    router.include_router(other.router)
_UNPROCESSABLE = 422


@router.get(paths.SIGN_IN)
async def sign_in(
    request: Request,
    who: VisitorDep,
    next: Annotated[str, Query(max_length=2_048)] = "",  # noqa: A002
) -> Response:
    if who.signed_in is not None:
        return RedirectResponse(paths.local(next), SEE_OTHER)
    return _form(request, who, next)


@router.post(paths.SIGN_IN)
async def ask_for_link(
    request: Request,
    who: VisitorDep,
    email: Annotated[str, Form(max_length=1_024)] = "",
    next: Annotated[str, Form(max_length=2_048)] = "",  # noqa: A002
) -> Response:
    """The same answer, as fast, for everybody: who it is is looked up after it has left."""
    if not smtp.is_configured(request.app.state.settings):
        return _form(request, who, next)
    try:
        address = email_of(email)
    except EmailMalformed as malformed:
        return _form(request, who, next, email=email, error=translate(malformed.message, who.locale))
    await throttle.require(Attempt.LINK, network=network_of(request), email=address, now=clock.now())
    task = BackgroundTask(asked.mail_link, request.app.state.settings, address, paths.local(next))
    return RedirectResponse(SENT, SEE_OTHER, background=task)


@router.get(SENT)
async def sent(who: VisitorDep) -> Response:
    return page("sign_in/sent.html", who, minutes=round(links.LIFE.total_seconds() / 60))


@router.get(f"{LINK}/{{token}}")
async def show_link(token: str, who: VisitorDep, session: SessionDep) -> Response:
    """Only asks: what looks at the links of an e-mail must not use them up. It says whose account this is: a link that
    somebody else sent may be theirs, and what is typed there would be seen by them."""
    owner = await links.owner_of(session, token, now=clock.now())
    if owner is None:
        return _over(who)
    now_in = who.signed_in.user if who.signed_in else None
    other = now_in if now_in is not None and now_in.id != owner.id else None
    return page("sign_in/link.html", who, token=token, link=LINK, owner=owner, other=other)


@router.post(f"{LINK}/{{token}}")
async def use_link(token: str, request: Request, who: VisitorDep, session: SessionDep) -> Response:
    now = clock.now()
    try:
        redeemed = await links.redeem(session, token, now=now)
    except SignInLinkInvalid:
        return _over(who)
    begun = await web_sessions.begin(session, redeemed.user, How.LINK, now=now, instead_of=who.signed_in)
    return let_in(request, begun, redeemed.next_path)


@router.post(paths.SIGN_OUT)
async def sign_out(request: Request, who: VisitorDep, session: SessionDep) -> Response:
    if who.signed_in is not None:
        await web_sessions.end(session, who.signed_in.web_session_id, actor=who.signed_in.actor, now=clock.now())
    response = RedirectResponse(paths.SIGN_IN, SEE_OTHER)
    SessionCookie(request.app.state.settings).clear(response)
    return response


def _form(request: Request, who: Visitor, next_path: str, *, email: str = "", error: str = "") -> Response:
    return page(
        "sign_in/sign_in.html",
        who,
        http_status=_UNPROCESSABLE if error else 200,
        next=paths.local(next_path),
        has_mail=smtp.is_configured(request.app.state.settings),
        team=TEAM,
        email=email,
        error=error,
    )


def _over(who: Visitor) -> Response:
    return page("sign_in/over.html", who, http_status=SignInLinkInvalid.status, detail=SignInLinkInvalid.message)
