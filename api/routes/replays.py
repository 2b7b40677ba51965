"""Dead letters once more: see what would happen, ask for it, watch it. A tenant its own, an operator everybody's."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import DoorbellDep, SessionDep, TenantDep
from api.operators import OperatorDep
from tracking_core.db.engine import after_commit
from tracking_core.delivery import replay_progress
from tracking_core.delivery.replay import Replayed, replay
from tracking_core.delivery.replay_preview import Preview, preview
from tracking_core.delivery.replay_selection import Moment, ReplayFilter, Selection
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import Replay
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell, Doorbell

router = APIRouter(prefix="/api/v1", tags=["replays"])
operations = APIRouter(prefix="/api/v1/operations/replays", tags=["operations"])
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[Moment | None, Query()]
_SHOWN = {"seen_until", "found", "replayed", "too_late", "undone", "created_at", "finished_at"}


class ReplayRequest(ReplayFilter):
    """``seen_until`` of a preview leaves out what died after it; its ``digest`` refuses what is no longer just that."""

    seen_until: Moment | None = None
    digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    def filter(self) -> ReplayFilter:
        return ReplayFilter.model_validate(self.model_dump(include=set(ReplayFilter.model_fields)))


class OperatorFilter(ReplayFilter):
    """Of one tenant, or of all."""

    tenant_id: UUID | None = None


class OperatorRequest(ReplayRequest):
    """Of one tenant, or of all."""

    tenant_id: UUID | None = None


@router.post("/dead-letters/replay/preview")
async def preview_replay(wanted: ReplayFilter, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """What the replay with this filter would do now, in numbers and reasons. Nothing is changed."""
    return _previewed(await _preview(session, tenant.id, wanted))


@router.post("/dead-letters/replay")
async def replay_dead_letters(
    wanted: ReplayRequest, tenant: TenantDep, session: SessionDep, doorbell: DoorbellDep
) -> dict[str, Any]:
    """Send them again, one (``ids``), by filter or by range. Of very many the first are due when the answer leaves, and
    ``state`` is ``running`` until the rest are."""
    done = await replay(
        session,
        tenant.id,
        wanted.filter(),
        actor="tenant_api",
        now=clock.now(),
        seen_until=wanted.seen_until,
        digest=wanted.digest,
    )
    return _asked(session, doorbell, done)


@router.get("/replays")
async def list_replays(
    tenant: TenantDep, session: SessionDep, before: Before = None, limit: Limit = 50
) -> dict[str, Any]:
    """Those of this tenant, newest first; ``before`` is the ``created_at`` of the last one of the previous page."""
    rows = await replay_progress.list_replays(session, tenant_id=tenant.id, before=before, limit=limit)
    return {"items": [_listed(row) for row in rows]}


@router.get("/replays/{replay_id}")
async def read_replay(replay_id: UUID, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """One of this tenant's, with where each of its letters stands now."""
    row = await replay_progress.find_replay(session, replay_id, tenant_id=tenant.id)
    return {**_listed(row), **await _progress(session, replay_id)}


@operations.post("/preview")
async def preview_operation(wanted: OperatorFilter, _operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """The same over all tenants, or the one that is named."""
    known = ReplayFilter.model_validate(wanted.model_dump(exclude={"tenant_id"}))
    return _previewed(await _preview(session, await _known(session, wanted.tenant_id), known))


@operations.post("", status_code=201)
async def replay_operation(
    wanted: OperatorRequest, operator: OperatorDep, session: SessionDep, doorbell: DoorbellDep
) -> dict[str, Any]:
    """The same over all tenants, or the one that is named."""
    done = await replay(
        session,
        await _known(session, wanted.tenant_id),
        wanted.filter(),
        actor=f"staff:{operator.name}",
        now=clock.now(),
        is_operator=True,
        seen_until=wanted.seen_until,
        digest=wanted.digest,
    )
    return _asked(session, doorbell, done)


@operations.get("")
async def list_operations(
    _operator: OperatorDep,
    session: SessionDep,
    tenant_id: UUID | None = None,
    before: Before = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Everybody's, newest first."""
    rows = await replay_progress.list_replays(session, tenant_id=tenant_id, before=before, limit=limit)
    return {"items": [{**_listed(row), **_to_operators(row)} for row in rows]}


@operations.get("/{replay_id}")
async def read_operation(replay_id: UUID, _operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """Anybody's, with where each of its letters stands now."""
    row = await replay_progress.find_replay(session, replay_id)
    return {**_listed(row), **_to_operators(row), **await _progress(session, replay_id)}


async def _known(session: AsyncSession, tenant_id: UUID | None) -> UUID | None:
    return None if tenant_id is None else (await tenants.get(session, tenant_id)).id


async def _preview(session: AsyncSession, tenant_id: UUID | None, wanted: ReplayFilter) -> Preview:
    now = clock.now()
    return await preview(session, Selection(tenant_id=tenant_id, wanted=wanted, seen_until=now), now)


def _asked(session: AsyncSession, doorbell: Doorbell, done: Replayed) -> dict[str, Any]:
    """The answer. What is due is rung for after the commit, and so is the rest of the replay."""
    for connection_id in done.connections:
        after_commit(session, doorbell.after_commit(Bell.DELIVER, str(connection_id)))
    if not done.is_finished:
        after_commit(session, doorbell.after_commit(Bell.REPLAY, str(done.replay_id)))
    return {
        "replay_id": done.replay_id,
        "state": _state(done.is_finished),
        "found": done.found,
        "replayed": done.replayed,
        "too_late": done.too_late,
        "undone": done.undone,
    }


def _previewed(shown: Preview) -> dict[str, Any]:
    return {
        "seen_until": shown.seen_until,
        "digest": shown.digest,
        "found": shown.found,
        "replayable": shown.replayable,
        "too_late": shown.too_late,
        "undone": shown.undone,
        "oldest": shown.oldest,
        "newest": shown.newest,
        "left_out": [
            {"why": one.why, "letters": one.letters, "explanation": _told(one.explanation)} for one in shown.left_out
        ],
        "reasons": [
            {
                "reason": one.reason,
                "found": one.found,
                "replayable": one.replayable,
                "explanation": _told(one.explanation),
            }
            for one in shown.reasons
        ],
        "connections": list(shown.connections),
    }


def _listed(row: Replay) -> dict[str, Any]:
    """Which person of ours it was is not for tenants; of letters named by id the number says enough."""
    named = len(row.filter.get("ids", ()))
    return {
        "replay_id": row.id,
        "state": _state(row.finished_at is not None),
        "by": "operator" if row.is_operator else "tenant",
        "filter": {name: value for name, value in row.filter.items() if name != "ids"},
        "named": named or None,
        **row.model_dump(include=_SHOWN),
    }


def _to_operators(row: Replay) -> dict[str, Any]:
    return {"tenant_id": row.tenant_id, "actor": row.actor}


async def _progress(session: AsyncSession, replay_id: UUID) -> dict[str, Any]:
    said = await replay_progress.progress(session, replay_id)
    reasons = [
        {"state": one.standing, "reason": one.reason, "letters": one.letters, "explanation": _told(one.explanation)}
        for one in said.reasons
    ]
    return {"replayed": said.replayed, "progress": {**said.standings, "moved_on": said.moved_on}, "reasons": reasons}


def _state(is_finished: bool) -> str:
    return "done" if is_finished else "running"


def _told(sentence: str) -> dict[str, str]:
    return {"pt-BR": translate(sentence), "en": sentence}
