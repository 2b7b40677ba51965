"""Keep a seller's message, and mend the one before it when a credential had begun there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from tracking_core.chat.turns import told
from tracking_core.db import bulk
from tracking_core.errors import RateLimited
from tracking_core.kit.ids import new_id
from tracking_core.logging import mask_text
from tracking_core.models import MessageRole, SetupMessage, SetupSession
from tracking_core.streams.append import EventType, append

UNANSWERED_MAX = 20
_RETRY_SECONDS = 15
_EARLIER = 2
# What was told of a message before is told as it stands now, also to who reads the stream from its beginning.
_RETELL = text(
    "UPDATE session_events SET data = jsonb_set(data, '{text}', to_jsonb(CAST(:text AS text)))"
    " WHERE session_id = :session_id AND type = :type AND data ->> 'message_id' = :message_id"
)


class ChatFull(RateLimited):
    code = "chat_full"
    message = "Many of your messages wait for an answer already. Wait {retry_after_seconds} s and write again."


async def known(session: AsyncSession, session_id: UUID, client_id: str) -> SetupMessage | None:
    query = select(SetupMessage).where(SetupMessage.session_id == session_id, SetupMessage.client_id == client_id)
    return (await session.scalars(query)).first()


async def before(session: AsyncSession, session_id: UUID) -> list[SetupMessage]:
    """The seller's newest messages, oldest first: where a credential may have begun."""
    mine = _newest(session_id).where(SetupMessage.role == MessageRole.SELLER).limit(_EARLIER)
    return list(reversed((await session.scalars(mine)).all()))


async def asked_last(session: AsyncSession, session_id: UUID) -> str:
    """What the assistant said last; empty when the seller has written since."""
    spoken = col(SetupMessage.role).in_([MessageRole.ASSISTANT, MessageRole.SELLER])
    last = (await session.scalars(_newest(session_id).where(spoken).limit(1))).first()
    return last.text if last and last.role == MessageRole.ASSISTANT else ""


async def require_room(session: AsyncSession, session_id: UUID) -> None:
    """Raises ChatFull when too much waits for an answer."""
    waiting = select(func.count()).where(
        SetupMessage.session_id == session_id,
        SetupMessage.role == MessageRole.SELLER,
        col(SetupMessage.turn_id).is_(None),
    )
    if (await session.scalar(waiting) or 0) >= UNANSWERED_MAX:
        raise ChatFull(retry_after_seconds=_RETRY_SECONDS)


async def keep(
    session: AsyncSession,
    owner: SetupSession,
    *,
    text: str,
    client_id: str,
    attachments: Sequence[UUID],
    secrets: Sequence[Mapping[str, str]],
    now: datetime,
) -> tuple[SetupMessage, bool]:
    """The message and whether it is new. ``text`` was scanned before."""
    row: dict[str, Any] = {
        "id": new_id(),
        "session_id": owner.id,
        "tenant_id": owner.tenant_id,
        "client_id": client_id,
        "role": MessageRole.SELLER.value,
        "text": text,
        "attachments": [str(one) for one in attachments],
        "secrets": [dict(one) for one in secrets],
        "created_at": now,
    }
    is_new = bool(await bulk.insert(session, SetupMessage, [row], returning="id"))
    if is_new:
        await append(session, owner.id, EventType.MESSAGE_COMPLETED, told(row))
    kept = await known(session, owner.id, client_id)
    assert kept is not None
    return kept, is_new


async def mend(session: AsyncSession, message: SetupMessage, text: str) -> None:
    """Say it without the piece that has turned out to be secret, wherever it was told."""
    row = await session.get_one(SetupMessage, message.id, with_for_update=True, populate_existing=True)
    row.text = text
    values = {"session_id": row.session_id, "type": EventType.MESSAGE_COMPLETED, "message_id": str(row.id)}
    await session.execute(_RETELL, {**values, "text": mask_text(text)})
    await append(session, row.session_id, EventType.MESSAGE_COMPLETED, told(row.model_dump()))


def _newest(session_id: UUID) -> SelectOfScalar[SetupMessage]:
    query = select(SetupMessage).where(SetupMessage.session_id == session_id)
    return query.order_by(col(SetupMessage.created_at).desc(), col(SetupMessage.id).desc())
