"""The first page of each of us, and how we like to read."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.cookies import LOCALE, THEME, prefer
from api.ui.home.views import shops_of, untouched
from api.ui.rendering import page
from api.ui.setup import times
from api.ui.setup.access import begun, shop_of
from api.ui.visitor import THEMES, SignedInDep, VisitorDep, person
from tracking_core.i18n import LOCALES
from tracking_core.models import Role
from tracking_core.users import service as users

router = APIRouter(include_in_schema=False)
SEE_OTHER = 303
_FIRST = {Role.SELLER: paths.APP, Role.SUPPORT: paths.DESK, Role.OPERATOR: paths.OPERATIONS}


@router.get(paths.HOME)
async def home(who: VisitorDep) -> Response:
    """On to where their work is."""
    return RedirectResponse(_FIRST[who.signed_in.role] if who.signed_in else paths.SIGN_IN, SEE_OTHER)


@router.post(paths.PREFERENCES)
async def choose(
    _who: VisitorDep,
    locale: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    back: Annotated[str, Form(max_length=2_048)] = "",
) -> Response:
    """A language or a theme, in a cookie."""
    response = RedirectResponse(paths.local(back), SEE_OTHER)
    if locale in LOCALES:
        prefer(response, LOCALE, locale)
    if theme in (*THEMES, "system"):
        prefer(response, THEME, theme)
    return response


@router.get(paths.APP)
async def setups(who: SignedInDep, session: SessionDep) -> Response:
    """A seller's shops, each with its setups."""
    user = person(who).user
    shops, closed = await shops_of(session, user), await users.closed_of(session, user)
    return page("home/setups.html", who, shops=shops, closed=closed, when=partial(times.told, locale=who.locale))


@router.post(paths.SETUPS)
async def begin(
    who: SignedInDep, session: SessionDep, request: Request, tenant_id: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """A new setup of one of their shops. Pressed twice, it is the one that was begun and not touched yet."""
    tenant = await shop_of(session, who, tenant_id)
    made = await untouched(session, tenant.id) or await begun(session, who, tenant_id)
    await request.app.state.allowance.require_new_session(session, tenant.id)
    return RedirectResponse(f"{paths.SETUPS}/{made.id}", SEE_OTHER)
