"""``/embed/status/{token}``: the same in a frame of somebody else's page. Nobody is signed in there: stages and times
are told, and nothing that is secret or somebody's."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.session_events import SessionStream
from api.ui import paths
from api.ui.rendering import page
from api.ui.status.tokens import EmbedExpired, session_of
from api.ui.status.views import status_of
from api.ui.visitor import VisitorDep
from tracking_core.models import SetupSession
from tracking_core.streams.append import EventType
from tracking_core.streams.follow import Standing, Streams, standing

router = APIRouter(prefix=f"{paths.EMBED}/status", include_in_schema=False)
_TOLD = frozenset(
    {
        EventType.STATE,
        EventType.STEP_STATUS,
        EventType.HANDOFF_CREATED,
        EventType.HANDOFF_UPDATED,
        EventType.END,
    }
)
_RETRY_MS = 2_000


async def _setup(token: str, session: SessionDep) -> SetupSession:
    found = await session.get(SetupSession, session_of(token))
    if found is None:
        raise EmbedExpired
    return found


async def _watched(token: str, session: SessionDep) -> Standing:
    """Its transaction ends before the stream begins."""
    found = await standing(session, session_of(token))
    if found is None:
        raise EmbedExpired
    return found


@router.get("/{token}")
async def show(token: str, who: VisitorDep, session: SessionDep) -> Response:
    try:
        setup = await _setup(token, session)
    except EmbedExpired as expired:
        return page("status/expired.html", who, http_status=expired.status)
    return page("status/embedded.html", who, token=token, **await status_of(session, setup, who.locale))


@router.get("/{token}/live")
async def live(token: str, who: VisitorDep, session: SessionDep) -> Response:
    """The part that changes."""
    setup = await _setup(token, session)
    return page("status/embedded_live.html", who, **await status_of(session, setup, who.locale))


@router.get("/{token}/events")
async def events(
    token: str,
    request: Request,
    watched: Annotated[Standing, Depends(_watched)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """That something changed, and nothing of what."""
    number = watched.resume_after(last_event_id or after)
    if watched.ended and number == watched.last:
        return Response(status_code=204)
    streams: Streams = request.app.state.streams
    return SessionStream(streams, watched.tenant_id, _frames(streams, token, number))


async def _frames(streams: Streams, token: str, after: int | None) -> AsyncIterator[ServerSentEvent]:
    async def allowed() -> bool:
        return _is_good(token)

    yield ServerSentEvent(retry=_RETRY_MS)
    async with aclosing(streams.follow(session_of(token), after=after, allowed=allowed)) as following:
        async for event in following:
            if event.type in _TOLD:
                yield ServerSentEvent("{}", event=event.type, id=str(event.seq))


def _is_good(token: str) -> bool:
    try:
        session_of(token)
    except EmbedExpired:
        return False
    return True
