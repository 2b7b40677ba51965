"""A setup session, live: Server-Sent Events numbered by the session, resumed with ``Last-Event-ID`` on any replica."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from api.deps import SessionDep, TenantDep, caller
from tracking_core.errors import Forbidden, NotFound, Unauthorized
from tracking_core.streams.follow import Standing, Streams, standing
from tracking_core.tenants.errors import TenantClosed

_RETRY_MS = 2_000
# Those whom a stopping server sends away do not all come back in the same moment.
_RETRY_AFTER_STOP_MS = (500, 3_000)
_GRACE_SECONDS = 2.0
_PATH = "/{session_id}/events"
_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "`state` first, then each event", "content": {"text/event-stream": {}}},
    204: {"description": "The session has ended and nothing came after `Last-Event-ID`: do not connect again"},
}

router = APIRouter(prefix="/api/v1/setup/sessions", tags=["setup"])
log = structlog.get_logger()


class SessionStream(EventSourceResponse):
    """Holds one of the tenant's places, and gives it back on every way out."""

    def __init__(
        self, streams: Streams, tenant_id: UUID, frames: AsyncIterator[ServerSentEvent], *, is_framed: bool = False
    ) -> None:
        super().__init__(
            frames,
            ping=streams.limits.ping_seconds,
            ping_message_factory=lambda: ServerSentEvent(comment="ping"),
            send_timeout=streams.limits.send_seconds,
            shutdown_event=streams.closing,
            shutdown_grace_period=_GRACE_SECONDS,
        )
        self._streams, self._tenant_id, self._is_framed = streams, tenant_id, is_framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.place(self._tenant_id, is_framed=self._is_framed):
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                log.info("stream_dropped", reason="the client takes nothing", tenant_id=str(self._tenant_id))


async def _watched(session_id: UUID, tenant: TenantDep, session: SessionDep) -> Standing:
    """Its transaction ends before the stream begins."""
    found = await standing(session, session_id)
    if found is None:
        raise NotFound(what="setup session")
    if found.tenant_id != tenant.id:
        raise Forbidden
    return found


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, response_class=Response, responses=_DESCRIBED)
async def events(
    session_id: UUID,
    request: Request,
    watched: Annotated[Standing, Depends(_watched)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    asked: Annotated[str | None, Query(alias="last_event_id")] = None,
) -> Response:
    """Every event after ``Last-Event-ID`` (or ``last_event_id``), else a snapshot; then each as it happens."""
    after = asked if last_event_id is None else last_event_id
    return stream(request, session_id, watched, after, lambda: _is_allowed(request, watched.tenant_id))


def stream(
    request: Request, session_id: UUID, watched: Standing, after: str | None, allowed: Callable[[], Awaitable[bool]]
) -> Response:
    """What comes after the number, live; ``allowed`` is asked again and again. Raises RateLimited."""
    number = watched.resume_after(after)
    if watched.ended and number == watched.last:
        return Response(status_code=204)
    streams: Streams = request.app.state.streams
    return SessionStream(streams, watched.tenant_id, _frames(streams, session_id, number, allowed))


async def _frames(
    streams: Streams, session_id: UUID, after: int | None, allowed: Callable[[], Awaitable[bool]]
) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(retry=_RETRY_MS)
    async with aclosing(streams.follow(session_id, after=after, allowed=allowed)) as following:
        async for event in following:
            yield ServerSentEvent(event.data, event=event.type, id=str(event.seq))
    if streams.closing.is_set():
        yield ServerSentEvent(retry=random.randint(*_RETRY_AFTER_STOP_MS))  # noqa: S311


async def _is_allowed(request: Request, tenant_id: UUID) -> bool:
    """Whether the request's key would still open this stream."""
    try:
        return (await caller(request)).tenant_id == tenant_id
    except (Unauthorized, TenantClosed):
        return False
