"""What every way to sign in ends with, and where the visitor comes from."""

from fastapi import Request
from starlette.responses import RedirectResponse

from api.ui import paths
from api.ui.cookies import LOCALE, FlowCookie, SessionCookie, prefer
from tracking_core.collector.client_ip import client_ip
from tracking_core.i18n import LOCALES
from tracking_core.models import Role
from tracking_core.users.web_sessions import LIFE, Begun

SEE_OTHER = 303


def let_in(request: Request, begun: Begun, next_path: str | None) -> RedirectResponse:
    """On to ``next_path``, if it is one of ours, with the cookie of the new session."""
    settings, user = request.app.state.settings, begun.user
    response = RedirectResponse(paths.local(next_path), SEE_OTHER)
    SessionCookie(settings).set(response, begun.token, LIFE[Role(user.role)])
    FlowCookie(settings).clear(response)
    if request.cookies.get(LOCALE) not in LOCALES:
        prefer(response, LOCALE, user.locale)
    return response


def network_of(request: Request) -> str:
    """The visitor's address: a proxy's word counts only when the settings trust it."""
    peer = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return client_ip(peer, forwarded, tuple(request.app.state.settings.trusted_proxies)) or "unknown"
