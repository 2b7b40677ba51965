"""Who looks at a page, and how they like to read it."""

import re
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from api.ui.cookies import LOCALE, THEME, SessionCookie
from api.ui.paths import HOME, SIGN_IN
from api.ui.security import CSRF_FIELD, CSRF_HEADER, csrf_token, require_csrf, require_own_page
from tracking_core.db.engine import transaction
from tracking_core.errors import Forbidden, Unauthorized
from tracking_core.i18n import LOCALES, negotiate
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.users import web_sessions
from tracking_core.users.web_sessions import SignedIn

THEMES = ("light", "dark")
_SAFE = frozenset({"GET", "HEAD"})
# What a page asks for by itself while nobody need be there: streams, what is fetched anew when one tells of a change,
# and what asks again every few seconds, by its own address or by the element that does.
_BY_ITSELF = re.compile(r"/(?:events|status/live|fragments/\w+|chat/messages|progress|presence)/?$")
ASKING = frozenset({"queue", "live", "presence", "replay-progress", "privacy-progress"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotSignedIn(Unauthorized):
    """The page sends them to sign in, and back."""

    message = "Sign in to see this page."

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.location = f"{SIGN_IN}?next={quote(here(request), safe='')}" if request.method in _SAFE else SIGN_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """``theme`` None follows the system; ``here`` is the page, to come back to."""

    locale: str
    theme: str | None
    signed_in: SignedIn | None = None
    csrf: str = field(default="", repr=False)
    here: str = HOME


async def visitor(request: Request) -> Visitor:
    """Whoever it is. A form they send must come from a page of ours. Raises FormRefused."""
    if request.method not in _SAFE:
        require_own_page(request)
    theme = request.cookies.get(THEME)
    kept = theme if theme in THEMES else None
    token = SessionCookie(request.app.state.settings).read(request)
    known = await _known(token, touch=not is_by_itself(request))
    if known is None or token is None:
        return Visitor(locale=_locale(request, None), theme=kept, here=here(request))
    if request.method not in _SAFE:
        require_csrf(await _sent(request), token)
    locale = _locale(request, known)
    return Visitor(locale=locale, theme=kept, signed_in=known, csrf=csrf_token(token), here=here(request))


VisitorDep = Annotated[Visitor, Depends(visitor)]


async def _signed_in(request: Request, who: VisitorDep) -> Visitor:
    if who.signed_in is None:
        raise NotSignedIn(request)
    return who


SignedInDep = Annotated[Visitor, Depends(_signed_in)]


async def _support(who: SignedInDep) -> Visitor:
    """Support or operator."""
    if person(who).role is Role.SELLER:
        raise Forbidden
    return who


async def _operator(who: SignedInDep) -> Visitor:
    if person(who).role is not Role.OPERATOR:
        raise Forbidden
    return who


SupportDep = Annotated[Visitor, Depends(_support)]
OperatorDep = Annotated[Visitor, Depends(_operator)]


def here(request: Request) -> str:
    """The page with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def person(who: Visitor) -> SignedIn:
    """Of a page that only signed-in people reach."""
    assert who.signed_in is not None
    return who.signed_in


async def still_in(request: Request) -> Visitor | None:
    """Who opened a stream, as they are now; None for who would not be let in any more. An open stream is no sign that
    somebody is there."""
    known = await _known(SessionCookie(request.app.state.settings).read(request), touch=False)
    return Visitor(locale=_locale(request, known), theme=None, signed_in=known) if known else None


async def is_still_in(request: Request) -> bool:
    """Whether the browser that opened a stream would still be let in."""
    return await still_in(request) is not None


def is_by_itself(request: Request) -> bool:
    """Whether the page asks, and nobody pressed anything."""
    return bool(_BY_ITSELF.search(request.url.path)) or request.headers.get("hx-trigger") in ASKING


async def _known(token: str | None, *, touch: bool) -> SignedIn | None:
    """In a transaction of its own: that somebody was seen must not lock their session for as long as a page takes."""
    if token is None:
        return None
    async with transaction() as session:
        return await web_sessions.current(session, token, now=clock.now(), touch=touch)


def _locale(request: Request, known: SignedIn | None) -> str:
    chosen = request.cookies.get(LOCALE)
    if chosen in LOCALES:
        return chosen
    return known.user.locale if known else negotiate(request.headers.get("accept-language"))


async def _sent(request: Request) -> str:
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        return ""
    # Kept by the request: who reads the form after this reads it from there.
    return str((await request.form()).get(CSRF_FIELD, ""))
