"""To the identity provider and back."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.ui import paths
from api.ui.cookies import FlowCookie
from api.ui.sign_in.addresses import CALLBACK, PROVIDER
from api.ui.sign_in.letting_in import SEE_OTHER, let_in, network_of
from api.ui.visitor import VisitorDep
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.settings import Settings
from tracking_core.users import throttle
from tracking_core.users.errors import SignInOverdue
from tracking_core.users.oidc import provider as providers
from tracking_core.users.oidc import sign_in as oidc
from tracking_core.users.oidc.flow import Flow, new_flow
from tracking_core.users.oidc.id_token import identity_of
from tracking_core.users.throttle import Attempt

router = APIRouter(include_in_schema=False)
_Text = Annotated[str, Query(max_length=4_096)]


@router.get(PROVIDER)
async def go(request: Request, _who: VisitorDep, next: Annotated[str, Query(max_length=2_048)] = "") -> Response:  # noqa: A002
    """A link and not a form: a form may lead only to ourselves (CSP ``form-action``). Changes nothing here."""
    settings = await _counted(request)
    found = await providers.discover(settings)
    flow = new_flow(paths.local(next))
    response = RedirectResponse(providers.address_to_go(found, settings, flow, _back(settings)), SEE_OTHER)
    FlowCookie(settings).set(response, flow)
    return response


@router.get(CALLBACK)
async def come_back(
    request: Request, who: VisitorDep, code: _Text = "", state: _Text = "", iss: _Text = "", error: _Text = ""
) -> Response:
    """What the provider said in ``error`` is not repeated: anybody can write a link with it."""
    settings = await _counted(request)
    flow = _flow_of(request, state)
    found = await providers.discover(settings)
    if (iss or found.names_itself) and iss != found.issuer:
        raise providers.refused("callback", "other_issuer")
    if error or not code:
        raise providers.refused("callback", "not_granted")
    now = clock.now()
    identity = await identity_of(found, settings, flow, code, back=_back(settings), now=now)
    begun = await oidc.sign_in(identity, now=now, instead_of=who.signed_in)
    return let_in(request, begun, flow.next_path)


def _flow_of(request: Request, state: str) -> Flow:
    """Of this very browser. Raises SignInOverdue."""
    flow = FlowCookie(request.app.state.settings).read(request)
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode(errors="replace")):
        raise SignInOverdue
    return flow


async def _counted(request: Request) -> Settings:
    """Raises NotFound where there is no provider, TooManySignIns: each time the provider is asked by us."""
    settings: Settings = request.app.state.settings
    if not providers.is_configured(settings):
        raise NotFound(what="page")
    await throttle.require(Attempt.PROVIDER, network=network_of(request), now=clock.now())
    return settings


def _back(settings: Settings) -> str:
    return f"{settings.base_url}{CALLBACK}"
