"""A setup live, for the pages: the stream of the API, opened by the cookie."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.session_events import stream
from api.ui import paths
from api.ui.setup.access import setup_of
from api.ui.visitor import SignedInDep, still_in
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.streams.follow import Standing, standing
from tracking_core.tenants.errors import TenantClosed

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)


async def _watched(session_id: UUID, who: SignedInDep, session: SessionDep) -> Standing:
    """Its transaction ends before the stream begins."""
    await setup_of(session, who, session_id)
    found = await standing(session, session_id)
    if found is None:
        raise NotFound(what="setup session")
    return found


@router.get("/{session_id}/events")
async def events(
    session_id: UUID,
    request: Request,
    watched: Annotated[Standing, Depends(_watched)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """``after`` is the number up to which the page was rendered."""
    return stream(request, session_id, watched, last_event_id or after, lambda: _may_watch(request, session_id))


async def _may_watch(request: Request, session_id: UUID) -> bool:
    """Whether whoever opened the stream would still be shown the setup."""
    who = await still_in(request)
    if who is None:
        return False
    try:
        async with transaction() as session:
            await setup_of(session, who, session_id)
    except (NotFound, TenantClosed):
        return False
    return True
