"""Ask a session for something and wait for what comes of it: in the inbox and committed, then the bell, then the wait.

No transaction is open while waiting: a slow provider must not keep a connection of the pool.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Request
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.db.engine import after_commit, transaction
from tracking_core.models import IntentState, SetupIntent, SetupSession
from tracking_core.setup import sessions
from tracking_core.setup.inbox import IntentKind, enqueue, known
from tracking_core.worker.doorbell import Bell

_FIRST_LOOK, _LAST_LOOK = 0.02, 0.25
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]*$")]
Payload = Callable[[AsyncSession, SetupSession], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, from the key they sent."""

    tenant_id: UUID
    actor: str


async def ask(
    request: Request, caller: Caller, session_id: UUID, kind: IntentKind, payload: Payload, *, client_id: str = ""
) -> SetupIntent:
    """The intent, handled or, when that takes longer than the hub lets a caller wait, still queued.

    ``payload`` may put credentials into the vault; it is not called when the same ``client_id`` was asked before.
    """
    async with transaction() as session:
        owner = await sessions.get(session, session_id, caller=caller.tenant_id)
        intent = await known(session, session_id, client_id) if client_id else None
        if intent is None:
            wanted = await payload(session, owner)
            intent, _ = await enqueue(session, owner, kind, wanted, actor=caller.actor, client_id=client_id)
        after_commit(session, request.app.state.doorbell.after_commit(Bell.SETUP, str(session_id)))
    return await handled(intent.id, request.app.state.settings.setup_action_wait_seconds)


async def handled(intent_id: UUID, seconds: float) -> SetupIntent:
    """The intent once it is off the queue, or as it stands when the time is over."""
    deadline, pause = time.monotonic() + seconds, _FIRST_LOOK
    while True:
        async with transaction() as session:
            intent = (await session.scalars(select(SetupIntent).where(SetupIntent.id == intent_id))).one()
        if intent.state != IntentState.QUEUED or time.monotonic() > deadline:
            return intent
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LAST_LOOK)
