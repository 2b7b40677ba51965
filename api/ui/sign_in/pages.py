"""Signing in by a link, and out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.cookies import SessionCookie
from api.ui.rendering import page
from api.ui.visitor import VisitorDep
from tracking_core.kit import clock
from tracking_core.users import links, web_sessions
from tracking_core.users.web_sessions import How

router = APIRouter(include_in_schema=False)
_SEE_OTHER = 303
_LINK = f"{paths.SIGN_IN}/link/{{token}}"


@router.get(paths.SIGN_IN)
async def sign_in(who: VisitorDep, next: Annotated[str, Query(max_length=2_048)] = "") -> Response:  # noqa: A002
    if who.signed_in is not None:
        return RedirectResponse(paths.local(next), _SEE_OTHER)
    return page("sign_in/sign_in.html", who, next=paths.local(next))


@router.get(_LINK)
async def show_link(token: str, who: VisitorDep) -> Response:
    """Only asks: what looks at the links of an e-mail must not use them up."""
    return page("sign_in/link.html", who, token=token)


@router.post(_LINK)
async def use_link(token: str, request: Request, who: VisitorDep, session: SessionDep) -> Response:
    redeemed = await links.redeem(session, token, now=clock.now())
    if who.signed_in is not None:
        await web_sessions.end(session, who.signed_in.web_session_id, actor=who.signed_in.actor, now=clock.now())
    begun = await web_sessions.begin(session, redeemed.user, How.LINK, now=clock.now())
    response = RedirectResponse(paths.local(redeemed.next_path), _SEE_OTHER)
    SessionCookie(request.app.state.settings).set(response, begun)
    return response


@router.post(paths.SIGN_OUT)
async def sign_out(request: Request, who: VisitorDep, session: SessionDep) -> Response:
    if who.signed_in is not None:
        await web_sessions.end(session, who.signed_in.web_session_id, actor=who.signed_in.actor, now=clock.now())
    response = RedirectResponse(paths.SIGN_IN, _SEE_OTHER)
    SessionCookie(request.app.state.settings).clear(response)
    return response
