"""An error as a page: the same sentence as in the API, and where to go from here."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from api.ui.cookies import LOCALE, THEME
from api.ui.paths import is_page
from api.ui.rendering import page
from api.ui.visitor import THEMES, NotSignedIn, Visitor
from tracking_core.i18n import LOCALES, negotiate

_SEE_OTHER = 303


def answers(request: Request) -> bool:
    """Whether whoever asks looks at a page."""
    return is_page(request.url.path)


def answer(request: Request, error: Exception, status: int, detail: str, headers: dict[str, str]) -> Response:
    """``detail`` is the sentence, ``headers`` what goes with it in the API."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request, error)
    found = page("error.html", _reader(request), http_status=status, code=status, detail=detail)
    found.headers.update(headers)
    return found


def locale_of(request: Request) -> str:
    chosen = request.cookies.get(LOCALE, "")
    return chosen if chosen in LOCALES else negotiate(request.headers.get("accept-language"))


def _reader(request: Request) -> Visitor:
    """As far as the request itself tells: whatever failed may have been the database."""
    theme = request.cookies.get(THEME)
    return Visitor(locale=locale_of(request), theme=theme if theme in THEMES else None)


def _to_sign_in(request: Request, error: NotSignedIn) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": error.location})
    return RedirectResponse(error.location, _SEE_OTHER)
