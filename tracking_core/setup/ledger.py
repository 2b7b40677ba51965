"""The ledger's entries for checks, which change nothing outside: one row for each intent, opened before the provider
is asked and closed with the outcome. Entries with effects are written by ``tracking_core.configuration``."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.kit import clock
from tracking_core.models import ActionState, SetupActionLog
from tracking_core.setup import lease
from tracking_core.setup.outcome import REASON_LIMIT, Outcome
from tracking_core.streams.append import EventType, append


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Which check, for whom. ``id`` is the intent's: asked again, it is the same entry."""

    id: UUID
    session_id: UUID
    tenant_id: UUID
    action: str
    actor: str
    fence: int


async def open_check(session: AsyncSession, check: Check, masked_input: dict[str, Any]) -> SetupActionLog:
    """The entry, new or found; found closed, its outcome stands. Raises StaleFence."""
    await lease.require(session, check.session_id, check.fence)
    entry = await session.get(SetupActionLog, check.id)
    if entry is not None:
        return entry
    entry = SetupActionLog(
        id=check.id,
        session_id=check.session_id,
        tenant_id=check.tenant_id,
        intent_id=check.id,
        action=check.action,
        idem=f"check:{check.id}",
        actor=check.actor,
        fence=check.fence,
        input=masked_input,
        started_at=clock.now(),
    )
    session.add(entry)
    await append(
        session, check.session_id, EventType.TOOL_STARTED, {"action": check.action, "action_id": str(check.id)}
    )
    return entry


async def close_check(session: AsyncSession, check: Check, outcome: Outcome) -> SetupActionLog:
    """Write the outcome down and tell whoever watches. Raises StaleFence."""
    await lease.require(session, check.session_id, check.fence)
    entry = await session.get_one(SetupActionLog, check.id, with_for_update=True, populate_existing=True)
    if entry.state == ActionState.IN_FLIGHT:
        await _close(session, check, entry, outcome)
    return entry


async def close_open_check(session: AsyncSession, check: Check, outcome: Outcome) -> None:
    """Close the entry if there is one that stands open. Raises StaleFence."""
    await lease.require(session, check.session_id, check.fence)
    entry = await session.get(SetupActionLog, check.id, with_for_update=True, populate_existing=True)
    if entry is not None and entry.state == ActionState.IN_FLIGHT:
        await _close(session, check, entry, outcome)


async def keep_hop(session: AsyncSession, check: Check, outcome: Outcome) -> None:
    """A hop of a proof, its last word only: run again after a crash, it is the same entry. Raises StaleFence."""
    entry = await session.get(SetupActionLog, check.id, with_for_update=True, populate_existing=True)
    if entry is None:
        entry = await open_check(session, check, {})
    await _close(session, check, entry, outcome)


async def _close(session: AsyncSession, check: Check, entry: SetupActionLog, outcome: Outcome) -> None:
    entry.state = ActionState.SUCCESS if outcome.is_success else ActionState.FAILED
    entry.code, entry.reason = outcome.code, outcome.reason[:REASON_LIMIT]
    entry.return_code, entry.latency_ms = outcome.return_code, outcome.latency_ms
    entry.output = {
        "facts": dict(outcome.facts),
        "warnings": list(outcome.warnings),
        "params": dict(outcome.params),
        "retry_after_seconds": outcome.retry_after_seconds,
    }
    entry.finished_at = clock.now()
    finished = {"action": check.action, "action_id": str(check.id), "status": entry.state, "code": entry.code}
    await append(session, check.session_id, EventType.TOOL_FINISHED, finished)
