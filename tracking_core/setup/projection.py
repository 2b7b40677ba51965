"""What the status shows of a session: stages and facts, written by whoever runs the graph, under its fence."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.kit import clock
from tracking_core.models import SessionState, SetupSession
from tracking_core.setup import lease
from tracking_core.setup.outcome import Stage
from tracking_core.streams.append import EventType, append


class StageStatus(StrEnum):
    """``action_required`` waits for the seller, ``waiting`` for a provider or for us."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    VERIFIED = "verified"
    ACTION_REQUIRED = "action_required"
    WAITING = "waiting"


def initial_stages() -> dict[str, Any]:
    return {stage.value: {"status": StageStatus.NOT_STARTED.value} for stage in Stage}


async def stage(
    session: AsyncSession, session_id: UUID, fence: int, which: Stage, status: StageStatus, **details: Any
) -> None:
    """Set one stage and tell whoever watches. ``details`` are codes, ids and small values, never secrets."""
    await lease.require(session, session_id, fence)
    row = await session.get_one(SetupSession, session_id, populate_existing=True)
    entry = {"status": status.value, "at": clock.now().isoformat(), **details}
    row.stages = {**row.stages, which.value: entry}
    row.updated_at = clock.now()
    await append(session, session_id, EventType.STEP_STATUS, {"stage": which.value, **entry})


async def move(session: AsyncSession, session_id: UUID, fence: int, state: SessionState) -> None:
    """Set the session's state; an unchanged one is no event."""
    await lease.require(session, session_id, fence)
    row = await session.get_one(SetupSession, session_id, populate_existing=True)
    if row.state != state:
        row.state, row.updated_at = state, clock.now()
        await append(session, session_id, EventType.STATE, {"state": state.value})


async def facts(session: AsyncSession, session_id: UUID, fence: int, known: Mapping[str, Any]) -> None:
    """The facts the graph holds now; secrets stand in them by reference."""
    await lease.require(session, session_id, fence)
    row = await session.get_one(SetupSession, session_id, populate_existing=True)
    row.facts = dict(known)
