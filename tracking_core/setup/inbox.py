"""The inbox of a session: typed intents, in order, each taken once. Wizard, chat and scheduler write here alike."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import Conflict, RateLimited
from tracking_core.kit.ids import new_id
from tracking_core.models import IntentState, SetupIntent, SetupSession

_NUMBERED = text("UPDATE setup_sessions SET intent_seq = intent_seq + 1 WHERE id = :id RETURNING intent_seq")
_DUE = text("""
SELECT i.session_id FROM setup_intents i JOIN setup_sessions s ON s.id = i.session_id
WHERE i.state = 'queued' AND coalesce(s.lease_until, :now) <= :now
GROUP BY i.session_id ORDER BY min(i.created_at), i.session_id LIMIT :limit
""")
QUEUED_PER_SESSION = 50
_DUE_LIMIT = 500
_FULL_RETRY_SECONDS = 30
# Stands in an intent's result beside what came of it.
_ASKED = "asked"


class IntentKind(StrEnum):
    """What may be asked of a session. ``decide`` and ``expire`` answer an approval that waits; ``payload`` names it."""

    VALIDATE_GATEWAY = "validate_gateway_credentials"
    VALIDATE_META = "validate_meta_token"
    PROBE_LANDING = "probe_landing_url"
    SET_PREFERENCES = "set_preferences"
    REQUEST_PLAN = "request_plan"
    DECIDE = "decide"
    EXPIRE = "expire"
    PROVE = "prove"
    ROLLBACK = "rollback"


class InboxFull(RateLimited):
    code = "setup_inbox_full"
    message = "Too much is waiting in this setup already. Try again in {retry_after_seconds} s."


class IdempotencyKeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request. Use a new key for each thing you ask for."


async def enqueue(
    session: AsyncSession,
    owner: SetupSession,
    kind: IntentKind,
    payload: dict[str, Any],
    *,
    actor: str,
    client_id: str = "",
    asked: str = "",
) -> tuple[SetupIntent, bool]:
    """The intent, and whether it is new: the same ``client_id`` again gives the one that is there.

    ``asked`` is a keyed digest of what was asked, for ``require_same``.
    """
    made = new_id()
    client_id = client_id or str(made)
    # The numbering locks the session's row: two of the same name come one after the other.
    seq = (await session.execute(_NUMBERED, {"id": owner.id})).scalar_one()
    if (earlier := await known(session, owner.id, client_id)) is not None:
        return earlier, False
    intent = SetupIntent(
        id=made,
        session_id=owner.id,
        tenant_id=owner.tenant_id,
        seq=seq,
        client_id=client_id,
        kind=kind,
        payload=payload,
        actor=actor,
        result={_ASKED: asked} if asked else {},
    )
    session.add(intent)
    await session.flush()
    return intent, True


async def known(session: AsyncSession, session_id: UUID, client_id: str) -> SetupIntent | None:
    query = select(SetupIntent).where(SetupIntent.session_id == session_id, SetupIntent.client_id == client_id)
    return (await session.scalars(query)).first()


def require_same(intent: SetupIntent, asked: str) -> None:
    """Raises IdempotencyKeyReused when the intent was something else than what is asked now."""
    if intent.result.get(_ASKED, "") != asked:
        raise IdempotencyKeyReused


async def require_room(session: AsyncSession, session_id: UUID, limit: int) -> None:
    """Raises InboxFull when more than ``limit`` intents are queued."""
    query = select(func.count()).where(SetupIntent.session_id == session_id, SetupIntent.state == IntentState.QUEUED)
    if (await session.scalar(query) or 0) > limit:
        raise InboxFull(retry_after_seconds=_FULL_RETRY_SECONDS)


async def next_queued(session: AsyncSession, session_id: UUID) -> SetupIntent | None:
    query = select(SetupIntent).where(SetupIntent.session_id == session_id, SetupIntent.state == IntentState.QUEUED)
    return (await session.scalars(query.order_by(col(SetupIntent.seq)).limit(1))).first()


async def finish(
    session: AsyncSession,
    intent_id: UUID,
    state: IntentState,
    now: datetime,
    *,
    code: str | None = None,
    result: dict[str, Any] | None = None,
) -> None:
    """Take the intent off the queue with what came of it; a second time changes nothing."""
    intent = await session.get_one(SetupIntent, intent_id, with_for_update=True)
    if intent.state == IntentState.QUEUED:
        kept = {name: value for name, value in intent.result.items() if name == _ASKED}
        intent.state, intent.code, intent.result, intent.handled_at = state, code, {**kept, **(result or {})}, now


async def count_failure(session: AsyncSession, intent_id: UUID) -> int:
    """How often handling the intent has failed so far, this time included."""
    intent = await session.get_one(SetupIntent, intent_id, with_for_update=True, populate_existing=True)
    failures = int(intent.result.get("failures", 0)) + 1
    intent.result = {**intent.result, "failures": failures}
    return failures


async def due_sessions(session: AsyncSession, now: datetime) -> list[UUID]:
    """Sessions with something queued and nobody at work on it, those that have waited longest."""
    return list((await session.execute(_DUE, {"now": now, "limit": _DUE_LIMIT})).scalars().all())
