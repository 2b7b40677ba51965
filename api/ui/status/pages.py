"""``/app/setups/{id}/status``: how far the setup is, for who has no wish to change anything."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.rendering import page
from api.ui.setup.access import own_setup, setup_of
from api.ui.status.tokens import LIFE, token_of, withdraw
from api.ui.status.views import status_of
from api.ui.visitor import SignedInDep, person
from tracking_core.audit.service import record
from tracking_core.models import Role, SetupSession

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)
_SEE_OTHER = 303


@router.get("/{session_id}/status")
async def show(session_id: UUID, who: SignedInDep, session: SessionDep, request: Request) -> Response:
    setup = await setup_of(session, who, session_id)
    embedded = {**_embedded(request, setup), "is_withdrawn": "withdrawn" in request.query_params}
    embedded["may_withdraw"] = person(who).role is Role.SELLER
    return page("status/status.html", who, **await status_of(session, setup, who.locale), **embedded)


@router.get("/{session_id}/status/live")
async def live(session_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    """The part that changes."""
    setup = await setup_of(session, who, session_id)
    return page("status/live.html", who, **await status_of(session, setup, who.locale))


@router.post("/{session_id}/status/withdraw")
async def withdraw_frames(session_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    """What was copied so far shows nothing any more."""
    setup = await own_setup(session, who, session_id)
    withdraw(setup)
    record(
        session,
        actor=person(who).actor,
        action="setup.frames_withdrawn",
        subject=str(setup.id),
        tenant_id=setup.tenant_id,
    )
    return RedirectResponse(f"{paths.SETUPS}/{session_id}/status?withdrawn=1", _SEE_OTHER)


def _embedded(request: Request, setup: SetupSession) -> dict[str, Any]:
    settings = request.app.state.settings
    address = f"{settings.base_url}{paths.EMBED}/status/{token_of(setup)}"
    return {"embed_address": address, "embed_origins": settings.embed_origins, "embed_days": LIFE.days}
