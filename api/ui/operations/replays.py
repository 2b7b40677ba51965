"""Dead letters once more: what would happen, the asking, and how far it is."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.deps import DoorbellDep, SessionDep
from api.problems import invalid
from api.routes.replays import ReplayRequest
from api.ui.operations.deliveries import LettersQuery
from api.ui.operations.faces import Console, ConsoleDep
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.db.engine import after_commit
from tracking_core.delivery import replay_progress
from tracking_core.delivery.replay import DeadLettersChanged, replay
from tracking_core.delivery.replay_preview import preview
from tracking_core.delivery.replay_progress import Progress, Standing
from tracking_core.delivery.replay_selection import Moment, ReplayFilter, Selection
from tracking_core.kit import clock
from tracking_core.models import Replay
from tracking_core.worker.doorbell import Bell

router = APIRouter(prefix="/replays")
_SEE_OTHER, _CONFLICT = 303, 409
_SHOWN = 50
_UNDER_WAY = (Standing.WAITING, Standing.RETRYING)
_STUCK = (Standing.ON_HOLD, Standing.DISABLED)


@dataclass(frozen=True, slots=True)
class Followed:
    """``moving`` are still to be sent by themselves, ``stuck`` wait for a person; the ``settled`` have an end."""

    row: Replay
    progress: Progress
    moving: int
    stuck: int

    @property
    def settled(self) -> int:
        return self.progress.replayed - self.moving - self.stuck

    @property
    def is_over(self) -> bool:
        """Whether to look again changes anything by itself."""
        return self.row.finished_at is not None and not self.moving


class _Before(LettersQuery):
    before: Moment | None = None


@router.get("")
async def list_replays(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    """Newest first."""
    form, rows = Form(dict(request.query_params), console.who.locale), None
    with form.checked():
        before = form.read(_Before).before
        rows = await replay_progress.list_replays(
            session, tenant_id=console.scope.tenant_id, before=before, limit=_SHOWN + 1
        )
    return show("replays", console, form=form, rows=rows and rows[:_SHOWN], has_more=bool(rows and rows[_SHOWN:]))


@router.post("/preview")
async def preview_replay(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    """What would be sent again, what would not, and why. Nothing is changed."""
    wanted = _wanted(await request.form(), console.who.locale)
    return await _previewed(session, console, wanted)


@router.post("")
async def begin_replay(console: ConsoleDep, session: SessionDep, doorbell: DoorbellDep, request: Request) -> Response:
    """Just what was shown. If that is no longer so, what is so now is shown instead."""
    said = await request.form()
    wanted = _wanted(said, console.who.locale)
    seen = _checked({**wanted.model_dump(), "seen_until": said.get("seen_until"), "digest": said.get("digest")})
    try:
        done = await replay(
            session,
            console.scope.tenant_id,
            wanted,
            actor=console.actor,
            now=clock.now(),
            is_operator=console.face.is_operator,
            seen_until=seen.seen_until,
            digest=seen.digest,
        )
    except DeadLettersChanged as changed:
        return await _previewed(session, console, wanted, changed=changed)
    for connection_id in done.connections:
        after_commit(session, doorbell.after_commit(Bell.DELIVER, str(connection_id)))
    if not done.is_finished:
        after_commit(session, doorbell.after_commit(Bell.REPLAY, str(done.replay_id)))
    return RedirectResponse(console.to(f"replays/{done.replay_id}"), _SEE_OTHER)


@router.get("/{replay_id:uuid}")
async def read_replay(replay_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    return show("replay", console, followed=await _followed(session, console, replay_id), is_part=False)


@router.get("/{replay_id:uuid}/progress")
async def read_progress(replay_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    """The part of the page that changes."""
    return show("replay_progress", console, followed=await _followed(session, console, replay_id), is_part=True)


async def _previewed(
    session: AsyncSession, console: Console, wanted: ReplayFilter, *, changed: DeadLettersChanged | None = None
) -> Response:
    now = clock.now()
    shown = await preview(session, Selection(tenant_id=console.scope.tenant_id, wanted=wanted, seen_until=now), now)
    status = _CONFLICT if changed else None
    return show("replay_preview", console, shown=shown, wanted=wanted, changed=changed, http_status=status)


async def _followed(session: AsyncSession, console: Console, replay_id: UUID) -> Followed:
    """Raises NotFound, for another tenant's too."""
    row = await replay_progress.find_replay(session, replay_id, tenant_id=console.scope.tenant_id)
    said = await replay_progress.progress(session, replay_id)
    moving, stuck = (sum(said.standings[one] for one in group) for group in (_UNDER_WAY, _STUCK))
    return Followed(row, said, moving, stuck)


def _wanted(said: FormData, locale: str) -> ReplayFilter:
    """One letter (``one``), those that were ticked (``ids``), or all that the filter finds (``all``). Raises
    InvalidRequest."""
    fields = {name: value for name, value in said.items() if isinstance(value, str)}
    named = [fields["one"]] if "one" in fields else [one for one in said.getlist("ids") if isinstance(one, str)]
    if named or "all" not in fields:
        return _checked({"ids": named}).filter()
    try:
        return Form(fields, locale).read(LettersQuery).filter
    except ValidationError as wrong:
        raise invalid(wrong) from None


def _checked(asked: dict[str, Any]) -> ReplayRequest:
    try:
        return ReplayRequest.model_validate(asked)
    except ValidationError as wrong:
        raise invalid(wrong) from None
