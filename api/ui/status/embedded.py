"""``/embed/status/{token}``: the same in a frame of somebody else's page. Nobody is signed in there: stages and times
are told, and nothing that is secret or somebody's."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.session_events import SessionStream
from api.ui import paths
from api.ui.rendering import page
from api.ui.status.tokens import EmbedExpired, is_good, session_id_of, setup_of_token
from api.ui.status.views import status_of
from api.ui.visitor import VisitorDep
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
Frames = AsyncGenerator[ServerSentEvent, None]


async def _watched(token: str, session: SessionDep) -> Standing:
    """Its transaction ends before the stream begins."""
    found = await standing(session, (await setup_of_token(session, token)).id)
    if found is None:
        raise EmbedExpired
    return found


@router.get("/{token}")
async def show(token: str, who: VisitorDep, session: SessionDep) -> Response:
    try:
        setup = await setup_of_token(session, token)
    except EmbedExpired as expired:
        return page("status/expired.html", who, http_status=expired.status)
    return page("status/embedded.html", who, token=token, **await status_of(session, setup, who.locale))


@router.get("/{token}/live")
async def live(token: str, who: VisitorDep, session: SessionDep) -> Response:
    """The part that changes."""
    setup = await setup_of_token(session, token)
    return page("status/embedded_live.html", who, **await status_of(session, setup, who.locale))


@router.get("/{token}/events")
async def events(
    token: str,
    request: Request,
    watched: Annotated[Standing, Depends(_watched)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """That something changed, and nothing of what. Once the token is good no more, ``end`` says so and why."""
    number = watched.resume_after(last_event_id or after)
    if watched.ended and number == watched.last:
        return Response(status_code=204)
    streams: Streams = request.app.state.streams
    frames = _frames(streams, token, session_id_of(token), number)
    return SessionStream(streams, watched.tenant_id, frames, is_framed=True)


async def _frames(streams: Streams, token: str, session_id: UUID, after: int | None) -> Frames:
    allowed = partial(is_good, token)
    yield ServerSentEvent(retry=_RETRY_MS)
    async with aclosing(streams.follow(session_id, after=after, allowed=allowed)) as following:
        async for event in following:
            if event.type in _TOLD:
                yield ServerSentEvent("{}", event=event.type, id=str(event.seq))
    if not await allowed():
        yield ServerSentEvent('{"reason": "expired"}', event=EventType.END)
