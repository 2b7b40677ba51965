"""Turns: all messages that wait are answered together, once, by the worker that holds the chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.chat.lease import LEASE
from tracking_core.db import bulk
from tracking_core.kit.ids import new_id
from tracking_core.models import ChatMode, MessageRole, SetupChat, SetupMessage, SetupTurn, TurnState
from tracking_core.streams.append import EventType, append

_DUE_LIMIT = 500
_DUE = text("""
SELECT w.session_id FROM (
    SELECT session_id, created_at AS at FROM setup_messages WHERE role = 'seller' AND turn_id IS NULL
    UNION ALL SELECT session_id, started_at FROM setup_turns WHERE state = 'running'
) w LEFT JOIN setup_chats c ON c.session_id = w.session_id
WHERE coalesce(c.lease_until, :now) <= :now
GROUP BY w.session_id ORDER BY min(w.at), w.session_id LIMIT :limit
""")
_PRUNE = text(
    "DELETE FROM session_events WHERE session_id = :session_id AND type = :type AND data ->> 'turn_id' = :turn_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a turn came to. Without ``text`` nothing is said: what happened speaks for itself. ``code`` names a sentence
    of ours. ``prompt`` and ``model`` say what wrote it."""

    text: str = ""
    code: str | None = None
    mode: ChatMode | None = None
    fallback: str | None = None
    model: str | None = None
    prompt: str | None = None
    state: TurnState = TurnState.DONE


async def running(session: AsyncSession, session_id: UUID) -> SetupTurn | None:
    query = select(SetupTurn).where(SetupTurn.session_id == session_id, SetupTurn.state == TurnState.RUNNING)
    return (await session.scalars(query)).first()


async def unanswered(session: AsyncSession, session_id: UUID) -> list[SetupMessage]:
    """The seller's messages that wait, oldest first."""
    query = select(SetupMessage).where(
        SetupMessage.session_id == session_id,
        SetupMessage.role == MessageRole.SELLER,
        col(SetupMessage.turn_id).is_(None),
    )
    return list((await session.scalars(query.order_by(col(SetupMessage.created_at), col(SetupMessage.id)))).all())


async def begin(
    session: AsyncSession, chat: SetupChat, fence: int, messages: list[SetupMessage], now: datetime
) -> SetupTurn:
    """A turn over these messages. Raises StaleFence."""
    await LEASE.require(session, chat.session_id, fence)
    turn = SetupTurn(id=new_id(), session_id=chat.session_id, tenant_id=chat.tenant_id, started_at=now)
    session.add(turn)
    await session.flush()
    await assign(session, messages, turn.id)
    return turn


async def assign(session: AsyncSession, messages: list[SetupMessage], answered_by: UUID) -> None:
    """Say who answers: a turn, or the person whose handoff it is."""
    chosen = (col(SetupMessage.id).in_([one.id for one in messages]), col(SetupMessage.turn_id).is_(None))
    await session.execute(update(SetupMessage).where(*chosen).values(turn_id=answered_by))


async def messages_of(session: AsyncSession, turn_id: UUID) -> list[SetupMessage]:
    query = select(SetupMessage).where(SetupMessage.turn_id == turn_id, SetupMessage.role == MessageRole.SELLER)
    return list((await session.scalars(query.order_by(col(SetupMessage.created_at), col(SetupMessage.id)))).all())


async def spend(session: AsyncSession, turn_id: UUID, *, calls: int, input_tokens: int, output_tokens: int) -> None:
    """Added as it is spent: what a worker that dies has cost is not forgotten."""
    await session.execute(
        update(SetupTurn)
        .where(col(SetupTurn.id) == turn_id)
        .values(
            calls=col(SetupTurn.calls) + calls,
            input_tokens=col(SetupTurn.input_tokens) + input_tokens,
            output_tokens=col(SetupTurn.output_tokens) + output_tokens,
        )
    )


async def tokens_of(session: AsyncSession, session_id: UUID) -> int:
    """What the session's model has cost so far."""
    total = func.coalesce(func.sum(col(SetupTurn.input_tokens) + col(SetupTurn.output_tokens)), 0)
    return int(await session.scalar(select(total).where(SetupTurn.session_id == session_id)) or 0)


async def count_failure(session: AsyncSession, turn_id: UUID, fence: int) -> int:
    """How often answering has failed so far, this time included. Raises StaleFence."""
    turn = await session.get_one(SetupTurn, turn_id, with_for_update=True, populate_existing=True)
    await LEASE.require(session, turn.session_id, fence)
    turn.failures += 1
    return turn.failures


async def finish(session: AsyncSession, turn_id: UUID, fence: int, answer: Answer, now: datetime) -> None:
    """The answer, its event and the end of the turn, together; a second time changes nothing. Raises StaleFence."""
    turn = await session.get_one(SetupTurn, turn_id, with_for_update=True, populate_existing=True)
    await LEASE.require(session, turn.session_id, fence)
    if turn.state != TurnState.RUNNING:
        return
    values = {"session_id": turn.session_id, "type": EventType.MESSAGE_DELTA, "turn_id": str(turn.id)}
    await session.execute(_PRUNE, values)
    if answer.text:
        await _say(session, turn, answer, now)
    turn.state, turn.mode, turn.fallback, turn.finished_at = answer.state, answer.mode, answer.fallback, now
    turn.model, turn.prompt = answer.model, answer.prompt
    chat = await session.get_one(SetupChat, turn.session_id)
    chat.mode, chat.prompt = answer.mode or chat.mode, answer.prompt or chat.prompt


async def discard(session: AsyncSession, turn_id: UUID, fence: int, now: datetime) -> None:
    """End the turn unsaid: its messages wait again, and what was told of an answer is taken back. Raises StaleFence."""
    turn = await session.get_one(SetupTurn, turn_id, with_for_update=True, populate_existing=True)
    await LEASE.require(session, turn.session_id, fence)
    if turn.state != TurnState.RUNNING:
        return
    turn.state, turn.finished_at = TurnState.DISCARDED, now
    mine = col(SetupMessage.turn_id) == turn.id
    await session.execute(update(SetupMessage).where(mine).values(turn_id=None))
    told = {"turn_id": str(turn.id)}
    await session.execute(_PRUNE, {"session_id": turn.session_id, "type": EventType.MESSAGE_DELTA, **told})
    await append(session, turn.session_id, EventType.MESSAGE_DISCARDED, told)


async def _say(session: AsyncSession, turn: SetupTurn, answer: Answer, now: datetime) -> None:
    row = {
        "id": new_id(),
        "session_id": turn.session_id,
        "tenant_id": turn.tenant_id,
        "client_id": f"turn:{turn.id}",
        "role": MessageRole.ASSISTANT,
        "text": answer.text,
        "code": answer.code,
        "turn_id": turn.id,
        "mode": answer.mode,
        "prompt": answer.prompt,
        "attachments": [],
        "secrets": [],
        "created_at": now,
    }
    if await bulk.insert(session, SetupMessage, [row], returning="id"):
        await append(session, turn.session_id, EventType.MESSAGE_COMPLETED, told(row))


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A message as the stream tells it."""
    turn = {"turn_id": str(row["turn_id"])} if row.get("turn_id") else {}
    kept = {name: row[name] for name in ("role", "code", "text", "mode", "attachments", "secrets") if row.get(name)}
    return {"message_id": str(row["id"]), **turn, **kept}


async def due_chats(session: AsyncSession, now: datetime) -> list[UUID]:
    """Sessions in which something waits for an answer and nobody is at it, those that have waited longest."""
    return list((await session.execute(_DUE, {"now": now, "limit": _DUE_LIMIT})).scalars().all())
