"""The door of our own people: a password, or the identity provider of their company."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.ui import paths
from api.ui.rendering import page
from api.ui.sign_in.addresses import PROVIDER, TEAM
from api.ui.sign_in.letting_in import SEE_OTHER, let_in, network_of
from api.ui.visitor import Visitor, VisitorDep
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.users import by_password
from tracking_core.users.errors import SignInRefused
from tracking_core.users.oidc.provider import is_configured as has_provider

router = APIRouter(include_in_schema=False)


@router.get(TEAM)
async def show(request: Request, who: VisitorDep, next: Annotated[str, Query(max_length=2_048)] = "") -> Response:  # noqa: A002
    if who.signed_in is not None:
        return RedirectResponse(paths.local(next), SEE_OTHER)
    return _form(request, who, next)


@router.post(TEAM)
async def sign_in(
    request: Request,
    who: VisitorDep,
    email: Annotated[str, Form(max_length=1_024)] = "",
    password: Annotated[str, Form(max_length=1_024)] = "",
    next: Annotated[str, Form(max_length=2_048)] = "",  # noqa: A002
) -> Response:
    """One sentence for every reason not to let somebody in."""
    try:
        begun = await by_password.sign_in(
            email, password, network=network_of(request), now=clock.now(), instead_of=who.signed_in
        )
    except SignInRefused as refused:
        return _form(request, who, next, email=email, error=translate(refused.message, who.locale))
    return let_in(request, begun, next)


def _form(request: Request, who: Visitor, next_path: str, *, email: str = "", error: str = "") -> Response:
    settings = request.app.state.settings
    return page(
        "sign_in/team.html",
        who,
        http_status=SignInRefused.status if error else 200,
        next=paths.local(next_path),
        email=email,
        error=error,
        provider=PROVIDER if has_provider(settings) else "",
        provider_name=settings.oidc_name,
        has_mail=smtp.is_configured(settings) and not has_provider(settings),
    )
