"""Go on with a setup on another device: a link that signs the same person in there, once, and leads to the setup; as
text to copy, and as a picture for a camera."""

from typing import Any
from uuid import UUID

import segno
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.rendering import page
from api.ui.setup.access import own_setup, setup_of
from api.ui.visitor import SignedInDep, person
from tracking_core.kit import clock
from tracking_core.models import SetupSession
from tracking_core.tenants import service as tenants
from tracking_core.users import links

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)


@router.get("/{session_id}/device")
async def explain(session_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    setup = await setup_of(session, who, session_id)
    return page("setup/device.html", who, **await _context(session, setup), link="", picture="")


@router.post("/{session_id}/device")
async def make_link(session_id: UUID, who: SignedInDep, session: SessionDep, request: Request) -> Response:
    """A fresh link, shown this once: the answer is the page itself, because nothing keeps the link to show it later.
    Our own people sign in by other ways."""
    setup = await own_setup(session, who, session_id)
    with request.app.state.allowance.action(setup.tenant_id):
        next_path = f"{paths.SETUPS}/{setup.id}"
        token = await links.issue(session, person(who).user, now=clock.now(), next_path=next_path)
    address = f"{request.app.state.settings.base_url}{paths.SIGN_IN}/link/{token}"
    context = await _context(session, setup)
    return page("setup/device.html", who, **context, link=address, picture=_picture(address))


def _picture(link: str) -> Markup:
    """The link as a QR code, drawn by attributes alone: no style of its own, which the page's policy would refuse. Dark
    on light in either theme, with the quiet border that cameras look for."""
    code = segno.make(link, error="m", micro=False)
    drawn = code.svg_inline(dark="#000", light="#fff", border=4, omitsize=True, svgclass="qr", lineclass=None)
    return Markup(drawn)  # noqa: S704 - numbers of ours


async def _context(session: SessionDep, setup: SetupSession) -> dict[str, Any]:
    tenant = await tenants.get(session, setup.tenant_id)
    return {"setup": setup, "tenant": tenant, "minutes": int(links.LIFE.total_seconds() // 60)}
