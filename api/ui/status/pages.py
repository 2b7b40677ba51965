"""``/app/setups/{id}/status``: how far the setup is, for who has no wish to change anything."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.rendering import page
from api.ui.setup.access import setup_of
from api.ui.status.tokens import LIFE, token_of
from api.ui.status.views import status_of
from api.ui.visitor import SignedInDep
from tracking_core.models import SetupSession

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)


@router.get("/{session_id}/status")
async def show(session_id: UUID, who: SignedInDep, session: SessionDep, request: Request) -> Response:
    setup = await setup_of(session, who, session_id)
    embedded = _embedded(request, setup)
    return page("status/status.html", who, **await status_of(session, setup, who.locale), **embedded)


@router.get("/{session_id}/status/live")
async def live(session_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    """The part that changes."""
    setup = await setup_of(session, who, session_id)
    return page("status/live.html", who, **await status_of(session, setup, who.locale))


def _embedded(request: Request, setup: SetupSession) -> dict[str, Any]:
    settings = request.app.state.settings
    address = f"{settings.base_url}{paths.EMBED}/status/{token_of(setup.id)}"
    return {"embed_address": address, "embed_origins": settings.embed_origins, "embed_days": LIFE.days}
