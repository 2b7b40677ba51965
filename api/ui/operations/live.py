"""What happens now, and goes on happening: a page with the newest, and the stream that it grows by."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request
from pydantic import TypeAdapter, ValidationError
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from api.deps import SessionDep
from api.routes.session_events import SessionStream
from api.ui.operations.faces import Console, OperatorConsole
from api.ui.operations.sayings import Sayings
from api.ui.operations.showing import show
from api.ui.rendering import rendered
from api.ui.visitor import is_still_in
from tracking_core.delivery.replay_selection import Moment
from tracking_core.kit import clock
from tracking_core.reporting.live import newest
from tracking_core.reporting.live_feed import SHOWN, Batch, Feed
from tracking_core.streams.follow import Streams

router = APIRouter(prefix="/live")
# Operators share the places that a tenant has.
_OPERATORS: Final = UUID(int=0)
_RETRY_MS = 2_000
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@router.get("")
async def watch(console: OperatorConsole, session: SessionDep) -> Response:
    now = clock.now()
    rows = await newest(session, console.scope, now=now, limit=SHOWN)
    return show("live", console, live=Batch(0, rows, now), shown=SHOWN)


@router.get("/events")
async def events(
    console: OperatorConsole,
    request: Request,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """``after`` is the time up to which the page was rendered; an event's id is the time up to which all is told.
    Raises RateLimited."""
    streams: Streams = request.app.state.streams
    followed = _Followed(request, console, streams, _moment(last_event_id) or _moment(after))
    return SessionStream(streams, _OPERATORS, followed.frames())


@dataclass(frozen=True, slots=True)
class _Followed:
    request: Request
    console: Console
    streams: Streams
    after: datetime | None

    async def frames(self) -> AsyncIterator[ServerSentEvent]:
        """Rows as the page shows them. Whoever is not let in any more is told that this was all."""
        feed: Feed = self.request.app.state.live
        is_over = self.streams.closing.is_set
        yield ServerSentEvent(retry=_RETRY_MS)
        following = feed.follow(self.console.scope, after=self.after, is_over=is_over, allowed=self._is_in)
        async with aclosing(following):
            async for batch in following:
                yield ServerSentEvent(self._data(batch), event="rows", id=batch.until.isoformat())
        if not is_over():
            yield ServerSentEvent("{}", event="end")

    async def _is_in(self) -> bool:
        return await is_still_in(self.request)

    def _data(self, batch: Batch) -> str:
        who = self.console.who
        html = rendered("operations/live_items.html", who, console=self.console, say=Sayings(who.locale), live=batch)
        return orjson.dumps({"html": html}).decode()


def _moment(said: str | None) -> datetime | None:
    """None for what is no moment: the stream begins afresh then."""
    try:
        return _MOMENT.validate_python(said)
    except ValidationError:
        return None
